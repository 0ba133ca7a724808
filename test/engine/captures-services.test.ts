/** Every whole TCP and UDP packet of the captures to a station, through a service on the address and port that it goes to: the busiest server of its
 *  file, and all others:
 *
 *      captured packet ──▶ in ═ engine ═ out ──▶ the same, to the backend, and from there with its ends exchanged
 *      the same with its ends exchanged ◀── in ═ engine ═ out ◀──┘
 *
 *  A checksum that was right is right afterwards, one that was wrong is wrong by as much, by an implementation of its own; a UDP checksum of 0 stays
 *  0; what comes back is the original, byte by byte. The client of a TCP segment opens a connection first. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { MAX_MTU } from "../../assembly/abi/limits.ts";
import { addressText } from "../../bindings/config/ip-address.ts";
import type { ServiceConfig } from "../../bindings/config/types.ts";
import { Engine, parseConfig } from "../../bindings/index.ts";
import { scale } from "../scale.ts";
import { captureFolder, ethernetFrames, ownCaptureFolder } from "../support/captures.ts";
import { conserved } from "../support/conservation.ts";
import { ipv4Address, ipv6Address } from "../support/packet/address.ts";
import { bytes, hex } from "../support/packet/bytes.ts";
import { ethernet, station, TYPE_IPV4, TYPE_IPV6 } from "../support/packet/ethernet.ts";
import { ipv4, ipv6, TCP } from "../support/packet/ip.ts";
import * as segments from "../support/packet/segment.ts";
import type { Segment } from "../support/packet/segment.ts";
import { SYN, tcp } from "../support/packet/transport.ts";
import { hexOf } from "../support/story.ts";
import { BUILDS } from "../support/wasm.ts";

const NETWORK = "captures";
const [CLIENT, BACKEND] = [station(1), station(2)];
/** Of documentation (RFC 5737, RFC 3849): no packet goes there. */
const BACKENDS = { 4: "192.0.2.253", 6: "2001:db8:fdfd::fd" };
const BACKEND_PORT = 48_123;
const ETHERNET_BYTES = 14;

interface Packet {
  bytes: Uint8Array;
  segment: Segment;
  source: string;
  destination: string;
  sourcePort: number;
  targetPort: number;
  where: string;
}

/** Whole packets of TCP and UDP between two stations. */
function packetsOf(file: string, frames: readonly { bytes: Uint8Array; originalBytes: number }[]): Packet[] {
  return frames.flatMap(({ bytes: frame, originalBytes }, index) => {
    const found = frame.length === originalBytes ? segments.packetOf(frame) : null;
    const segment = found === null ? null : segments.segmentOf(found);
    if (found === null || segment === null || found.length > MAX_MTU) return [];
    const addresses = segments.addressesOf(found, segment);
    const [source, destination] = [0, 1].map((end) =>
      addressText(addresses.slice((end * addresses.length) / 2, ((end + 1) * addresses.length) / 2)),
    );
    const ports = { sourcePort: segments.word(found, segment.at), targetPort: segments.word(found, segment.at + 2) };
    return [{ bytes: found, segment, source: source!, destination: destination!, ...ports, where: `${file}, frame ${index + 1}` }];
  });
}

const isStation = (address: string): boolean =>
  address.includes(":")
    ? address !== "::" && !address.startsWith("ff")
    : Number.parseInt(address, 10) > 0 && Number.parseInt(address, 10) < 224;

const serverOf = ({ segment: { protocol }, destination, targetPort }: Packet): string => `${protocol} ${destination} ${targetPort}`;

/** Packets to each server of a file, those of the busiest first. */
function byServer(packets: readonly Packet[]): Packet[][] {
  const servers = new Map<string, Packet[]>();
  for (const packet of packets) {
    if (!isStation(packet.destination) || packet.targetPort === 0 || packet.source === packet.destination) continue;
    servers.set(serverOf(packet), [...(servers.get(serverOf(packet)) ?? []), packet]);
  }
  return [...servers.values()].sort((a, b) => b.length - a.length);
}

/** An engine with a client at one port, a backend at another, and a service for one file at a time. */
class Way {
  readonly engine: Engine;
  readonly #left: { port: string; frame: Uint8Array }[] = [];

  private constructor(engine: Engine) {
    this.engine = engine;
    for (const port of ["client", "backend"]) {
      engine.memoryPort(port).onFrame((frame) => void this.#left.push({ port, frame: frame.slice() }));
    }
  }

  static async create(build: (typeof BUILDS)[number]): Promise<Way> {
    const port = (name: string, extra = {}) => ({ name, network: NETWORK, memory: {}, sourceCheck: false, ...extra });
    const ports = [port("client"), port("backend", { mac: BACKEND, addresses: Object.values(BACKENDS) })];
    const parsed = parseConfig({ tables: { flows: 16_384 }, networks: [{ name: NETWORK, mtu: MAX_MTU }], ports });
    return new Way(await Engine.create(parsed, { isolation: "inline", build, hashSeed: 7n }));
  }

  /** A service on the destination of `packet`, with one backend. */
  async serve({ destination, targetPort, segment }: Packet): Promise<void> {
    const address = BACKENDS[segment.isIpv4 ? 4 : 6];
    const protocol = segment.protocol === TCP ? "tcp" : "udp";
    const service: ServiceConfig = {
      name: "server",
      network: NETWORK,
      addresses: [destination],
      ports: [{ protocol, port: targetPort, lastPort: targetPort, targetPort: BACKEND_PORT }],
      algorithm: "round-robin",
      backends: [{ name: "backend", address, port: null, weight: 1, maxFlows: null }],
      slowStartSeconds: 0,
      ejection: null,
      panicShare: 0,
      affinitySeconds: 0,
    };
    await this.engine.addService(service);
  }

  async unserve(): Promise<void> {
    await this.engine.removeService("server");
  }

  /** What becomes of an IP packet in a frame to `to`: one frame that leaves the other port. */
  send(from: "client" | "backend", to: string, packet: Uint8Array, where: string): { macs: Uint8Array; packet: Uint8Array } {
    const type = packet[0]! >> 4 === 4 ? TYPE_IPV4 : TYPE_IPV6;
    const own = from === "client" ? CLIENT : BACKEND;
    this.engine.memoryPort(from).send(ethernet(to, own, type, packet));
    const left = this.#left.splice(0);
    const other = from === "client" ? "backend" : "client";
    const drops = this.engine.drops().map(({ reason, count }) => `${count} ${reason}`);
    assert.equal(
      left.map(({ port }) => port),
      [other],
      `${where}, into ${from}: leaves by the other; drops ever: ${drops}`,
    );
    const { frame } = left[0]!;
    assert.is(frame.length, ETHERNET_BYTES + packet.length, where);
    return { macs: frame.subarray(0, 12), packet: frame.subarray(ETHERNET_BYTES) };
  }

  /** Opens the client's connection, if it is not open. */
  open({ source, destination, sourcePort, targetPort, segment, where }: Packet): void {
    if (segment.protocol !== TCP) return;
    const ends = { source, destination };
    const syn = tcp(ends, { sourcePort, targetPort, sequence: 0, flags: SYN });
    this.send("client", BACKEND, segment.isIpv4 ? ipv4({ ...ends, protocol: TCP }, syn) : ipv6({ ...ends, next: TCP }, syn), where);
  }
}

/** There and back. */
function check(way: Way, packet: Packet): void {
  const { bytes: original, segment, where } = packet;
  const before = segments.residualsOf(original, segment);
  way.open(packet);
  const { macs, packet: there } = way.send("client", BACKEND, original, where);
  assert.is(hexOf(macs.subarray(0, 6)), hexOf(hex(BACKEND)), `${where}: to the backend's station`);
  checkEnds(there, packet);
  checkSums(there, packet, before);
  way.open(packet);
  const virtual = `02:00:00:00:00:${CLIENT.slice(-2)}`;
  const { macs: backMacs, packet: back } = way.send("backend", virtual, segments.turned(there, segment), where);
  assert.equal([hexOf(backMacs.subarray(0, 6)), hexOf(backMacs.subarray(6))], [hexOf(hex(CLIENT)), hexOf(macs.subarray(6))], where);
  const again = segments.turned(back, segment);
  checkSums(again, packet, before);
  const [found, wanted] = [again, original].map((each) => hexOf(segments.withPlainChecksums(each, segment)));
  assert.is(found, wanted, `${where}: what it was`);
}

/** To the backend, and otherwise as it was. */
function checkEnds(there: Uint8Array, { bytes: original, segment }: Packet): void {
  const { isIpv4, at } = segment;
  const wanted = original.slice();
  wanted.set(isIpv4 ? ipv4Address(BACKENDS[4]) : ipv6Address(BACKENDS[6]), isIpv4 ? 16 : 24);
  wanted.set([BACKEND_PORT >> 8, BACKEND_PORT & 255], at + 2);
  const sums = [...(isIpv4 ? [10] : []), segments.checksumAt(segment)];
  for (const place of sums) wanted.set(there.subarray(place, place + 2), place);
  assert.is(hexOf(there), hexOf(wanted));
}

function checkSums(packet: Uint8Array, { bytes: original, segment, where }: Packet, before: segments.Residuals): void {
  const after = segments.residualsOf(packet, segment);
  assert.is(after.header, before.header, `${where}: header checksum`);
  assert.is(segments.hasChecksum(packet, segment), segments.hasChecksum(original, segment), `${where}: none stays none`);
  if (segments.hasChecksum(original, segment)) assert.is(after.l4, before.l4, `${where}: checksum`);
}

/** Of all files, as many as are wanted, evenly spread. */
function sample<Item>(all: readonly Item[], count: number): Item[] {
  const step = Math.max(1, all.length / count);
  return Array.from({ length: Math.min(all.length, count) }, (_, index) => all[Math.floor(index * step)] as Item);
}

const folders = [...new Set([captureFolder(), ownCaptureFolder])];
const files = folders.flatMap((folder) => [...ethernetFrames(folder)].map(({ file, frames }) => byServer(packetsOf(file, frames))));
const busiest = files.flatMap(([first]) => (first === undefined ? [] : [first]));
const served = [
  ...sample(busiest, scale.servedCaptures),
  ...sample(
    files.flatMap((servers) => servers.slice(1)),
    scale.servedCaptures,
  ),
];
const known = { wrong: 0, none: 0, tcp: 0, udp: 0, ipv6: 0 };

test("the implementation of its own knows a right checksum from a wrong one", () => {
  const ends = { source: "10.0.0.1", destination: "10.0.0.2" };
  const packet = ipv4({ ...ends, protocol: TCP }, tcp(ends, { sourcePort: 1, targetPort: 2, sequence: 3, flags: SYN }, "odd"));
  const segment = segments.segmentOf(packet)!;
  assert.equal(segments.residualsOf(packet, segment), { header: 0, l4: 0 });
  const off = packet.slice();
  off[39] = off[39]! ^ 1;
  assert.is.not(segments.residualsOf(off, segment).l4, 0);
  const other = bytes(packet);
  other[8] = other[8]! ^ 1;
  assert.is.not(segments.residualsOf(other, segment).header, 0);
});

for (const build of BUILDS) {
  test(`packets to servers of the captures, there and back (${build})`, async () => {
    const way = await Way.create(build);
    let packets = 0;
    for (const each of served) {
      await way.serve(each[0] as Packet);
      for (const packet of each) {
        check(way, packet);
        note(packet);
      }
      packets += each.length;
      await way.unserve();
      assert.equal(way.engine.flows().flows, [], "no flow outlives its service");
    }
    for (const worker of way.engine.workers()) conserved(worker);
    assert.equal(way.engine.drops(), []);
    await way.engine.close();
    assert.ok(packets >= 50, `${packets} packets`);
    console.log(`# ${packets} packets to ${served.length} servers`);
  });
}

function note({ bytes: packet, segment }: Packet): void {
  known[segment.protocol === TCP ? "tcp" : "udp"]++;
  if (!segment.isIpv4) known.ipv6++;
  if (!segments.hasChecksum(packet, segment)) known.none++;
  else if (segments.residualsOf(packet, segment).l4 !== 0) known.wrong++;
}

test("right and wrong checksums were among them, and none at all, both protocols and both versions", () => {
  console.log(`# of all builds: ${JSON.stringify(known)}`);
  if (captureFolder() === ownCaptureFolder) return;
  for (const [kind, count] of Object.entries(known)) assert.ok(count > 0, kind);
});

test.run();
