/** Every capture that the project makes, with its name: the frames are ours from the first byte, nothing is copied. */
import { gzipSync } from "node:zlib";
import { type FrameToWrite, writePcap, writePcapng } from "../../bindings/capture/index.ts";
import { blocks, records } from "../../test/support/capture-blocks.ts";
import { random } from "../../test/support/packet/random.ts";
import { snapped, timed } from "./clock.ts";
import { mutants, noise } from "./garbage.ts";
import * as internet from "./internet.ts";
import * as link from "./link.ts";
import * as size from "./size.ts";
import { tunnels } from "./tunnel.ts";
import { twoContainers } from "./two-containers.ts";

export interface MadeFile {
  /** Path from the project's root. */
  path: string;
  bytes: Uint8Array;
}

const SEED = 20260101;
const NOISE = 100;
const MUTANTS = 300;
const SNAP_LENGTH = 60;

/** All files, the same at every call. Every byte order, resolution and kind of file occurs. */
export function madeFiles(): MadeFile[] {
  const source = random(SEED);
  const good = [link.tags(), link.arps(), internet.ipv4(), internet.ipv6(), internet.neighbours(), tunnels()].flat();
  return [
    { path: "examples/two-containers.pcap", bytes: writePcap(twoContainers()) },
    test("arp.pcap", writePcap(timed(link.arps()), { resolution: "micro" })),
    test("tags.pcap", writePcap(timed(link.tags(), 1001n))),
    test("groups.pcap", writePcap(timed(link.groups()), { byteOrder: "big", resolution: "micro" })),
    test("sources.pcap", writePcap(timed(link.sources()), { byteOrder: "big" })),
    test("ipv4.pcapng", writePcapng(timed(internet.ipv4()))),
    test("ipv6.pcapng", writePcapng(timed(internet.ipv6()), { byteOrder: "big", resolution: "micro" })),
    test("neighbours.pcap", writePcap(timed(internet.neighbours()))),
    test("tunnels.pcapng", writePcapng(commented(timed(tunnels())), { interfaces: [{ name: "eth0" }, { name: "eth1" }] })),
    test("sizes.pcap", writePcap(timed([...size.short(), ...size.long()]))),
    test("longest.pcapng.gz", gzipSync(writePcapng(timed(size.longest())), { level: 9 })),
    test("snapped.pcap", writePcap(snapped(timed(good), SNAP_LENGTH), { snapLength: SNAP_LENGTH })),
    test("noise.pcap", writePcap(timed(noise(source, NOISE)))),
    test("mutants.pcapng", writePcapng(timed(mutants(source, good, MUTANTS)))),
    test("blocks.pcapng", everyBlock()),
    test("swapped-lengths.pcap", swappedLengths()),
    test("cut.pcap", writePcap(timed(link.arps())).subarray(0, 300)),
    test("damaged.pcapng", damaged()),
    test("radio.pcap", writePcap(timed([Uint8Array.of(0, 0, 8, 0, 0, 0, 0, 0)]), { linkType: 127 })),
  ];
}

function test(name: string, bytes: Uint8Array): MadeFile {
  return { path: `test/captures/${name}`, bytes };
}

function commented(frames: FrameToWrite[]): FrameToWrite[] {
  return frames.map((frame, index) => ({ ...frame, interface: index % 2, comment: `tunnel ${index}` }));
}

/** Two sections of different byte order, several interfaces, every kind of packet block and one that nobody knows. */
function everyBlock(): Uint8Array {
  const parts = [true, false].flatMap((little) => {
    const { section, description, enhanced, old, simple, block, option } = blocks(little);
    return [
      section(option(4, Buffer.from("portyard"))),
      description(1, 0, [...option(2, Buffer.from("eth0")), ...option(9, [9])]),
      description(113, 0, option(9, [0x80 | 20])),
      simple(link.datagram(10)),
      enhanced(0, 1_767_225_600_000_000_000n, link.datagram(11)),
      block(0x0000_4bad, [1, 2, 3]),
      old(0, 1_767_225_600_000_001_000n, link.datagram(12)),
      enhanced(1, 1n << 50n, [0, 0, 0, 1, 0, 6]),
      enhanced(0, 1_767_225_600_000_002_000n, link.datagram(13), 500, option(1, Buffer.from("cut when captured"))),
    ];
  });
  return Uint8Array.from(parts.flat());
}

/** Good until a block says two different lengths. */
function damaged(): Uint8Array {
  const { section, description, enhanced } = blocks(true);
  const packet = enhanced(0, 0n, link.datagram(20));
  return Uint8Array.from([section(), description(), packet, packet, packet.with(-4, 1), packet].flat());
}

/** Before version 2.3 the two lengths of a record stood the other way round. */
function swappedLengths(): Uint8Array {
  const { head, record } = records(true);
  const frame = [...link.datagram(20)];
  return Uint8Array.from([...head(undefined, 1, 2, 2), ...record(1, 2, frame, frame.length, 1500)]);
}
