/** A drop is called the same wherever it is told: by `show drops`, in the summary of a replay, in the comment beside the frame in
 *  drops.pcapng, and by an explanation. Here are the reasons that a captured frame can come to; which kernel or which other
 *  frames bring about the rest, test/assembly/pipeline-drop-reason.test.ts tells of each.                                   */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readCapture, writePcap } from "../../bindings/capture/index.ts";
import { parseConfig } from "../../bindings/config/parse.ts";
import { Engine } from "../../bindings/engine.ts";
import { ramp, u16, u32 } from "../support/packet/bytes.ts";
import { BROADCAST, ethernet, station, tagged, TYPE_EXPERIMENT } from "../support/packet/ethernet.ts";
import * as nd from "../support/packet/neighbour.ts";
import { superFrame } from "../support/packet/super-frame.ts";
import { portyard } from "./support/capture.ts";

const test = suite("names of drops");
const folder = mkdtempSync(join(tmpdir(), "portyard-drops-"));
test.after(() => rmSync(folder, { recursive: true }));

const [A, B, C, D] = [1, 2, 3, 4].map(station) as [string, string, string, string];
const memory = {};
const CONFIG = {
  networks: [{ name: "blue", subnet: ["10.77.0.0/24", "fd77::/64"] }, { name: "green" }, { name: "lone" }, { name: "short", mtu: 576 }],
  ports: [
    { name: "a", network: "blue", memory, mac: A, addresses: ["10.77.0.1", "fd77::1"] },
    { name: "b", network: "blue", memory, staticMacs: [B, C] },
    { name: "small", network: "blue", memory, mtu: 1280, staticMacs: [D] },
    { name: "trunk", trunk: { blue: 10 }, memory },
    { name: "g", network: "green", memory },
    { name: "native", trunk: { blue: 10 }, native: "green", memory },
    { name: "z", network: "lone", memory },
    ...["s0", "s1", "s2", "s3", "s4", "s5"].map((name) => ({ name, network: "short", memory })),
  ],
};

const plain = (to: string, from: string, bytes = 60) => ethernet(to, from, TYPE_EXPERIMENT, ramp(bytes - 14));
const advertisement = nd.discovery({ from: A, to: B }, { source: "fd77::1", destination: "ff02::1" }, nd.ROUTER_ADVERTISEMENT, [
  64,
  0,
  u16(9),
  u32(0),
  u32(0),
]);
const offer = nd.udp4({ from: A, to: BROADCAST }, { source: "10.77.0.1", destination: "255.255.255.255" }, 67, 68);

/** To everybody of short, as a capture in a container has it: segments of 576 bytes, but for the headers.
 *  @param optionBytes of TCP: what is left of each is less, and they are more. */
function captured(payloadBytes: number, optionBytes = 0): Uint8Array {
  const ends = { source: "10.78.0.1", destination: "10.78.0.2" };
  const tcpOptions = new Uint8Array(optionBytes).fill(1);
  return superFrame({ from: A, to: BROADCAST, ends, payload: ramp(payloadBytes), segmentBytes: 536 - optionBytes, tcpOptions }).frame;
}

/** What enters where, and the port at fault where that is another one. */
interface Case {
  port: string;
  bytes: Uint8Array;
  originalBytes?: number;
  at?: string;
  /** How often, if not once: for each segment that ends. */
  count?: number;
  /** No port of memory takes such a frame; what a device's does is in pipeline-drop-reason.test.ts. */
  isDevices?: true;
}

const CASES: Record<string, Case> = {
  runt: { port: "b", bytes: plain(BROADCAST, B).subarray(0, 13) },
  oversize: { port: "b", bytes: plain(BROADCAST, B), originalBytes: 65_569, isDevices: true },
  "multicast-source": { port: "b", bytes: plain(A, BROADCAST) },
  "zero-source": { port: "b", bytes: plain(A, "00:00:00:00:00:00") },
  "reserved-group": { port: "b", bytes: plain("01:80:c2:00:00:0e", B) },
  "vlan-unknown": { port: "trunk", bytes: tagged(plain(A, station(9)), { id: 11 }) },
  "vlan-untagged": { port: "trunk", bytes: plain(A, station(9)) },
  "spoofed-source": { port: "a", bytes: plain(B, C) },
  "rogue-router": { port: "a", bytes: advertisement },
  "rogue-dhcp": { port: "a", bytes: offer },
  "snapped-short": { port: "a", bytes: offer.subarray(0, 20), originalBytes: offer.length },
  "same-port": { port: "b", bytes: plain(C, B) },
  "no-other-port": { port: "z", bytes: plain(BROADCAST, station(8)) },
  "too-big": { port: "b", bytes: plain(D, B, 1400), at: "small" },
  "vlan-hop": { port: "g", bytes: tagged(plain(BROADCAST, station(7)), { id: 30 }), at: "native" },
  // 496 bytes of payload in each of 129
  "too-many-segments": { port: "s0", bytes: captured(128 * 496 + 1, 40), at: "s1 s2 s3 s4 s5", isDevices: true },
  // a worker has 512 slots (assembly/abi/limits.ts), and the frame is in one: of 5 times 120 segments 511 find another
  "pool-empty": { port: "s0", bytes: captured(120 * 536), at: "s5", count: 5 * 120 - 511, isDevices: true },
};

/** What is told of a case: its reason and port, again for each drop. */
function toldOf([reason, { port, at = port, count = 1 }]: [string, Case]): string[] {
  return at.split(" ").flatMap((name) => Array<string>(count).fill(`${reason} at ${name}`));
}

const told = Object.entries(CASES).map(toldOf);

const captureOf = ({ bytes, originalBytes = bytes.length }: Case) => ({ bytes, originalBytes, timeNs: 0n });

function files(): { config: string; captures: string[] } {
  const config = join(folder, "network.yaml");
  writeFileSync(config, JSON.stringify(CONFIG));
  const captures = Object.entries(CASES).map(([reason, each]) => {
    const path = join(folder, `${reason}.pcap`);
    writeFileSync(path, writePcap([captureOf(each)]));
    return path;
  });
  return { config, captures };
}

test("in a replay's summary and beside the frames in drops.pcapng", async () => {
  const { config, captures } = files();
  const inputs = Object.values(CASES).flatMap(({ port }, index) => ["--in", `${port}=${captures[index]}`]);
  const { status, stdout } = await portyard("replay", "--config", config, ...inputs, "--out", join(folder, "out"), "--json");
  assert.is(status, 0);
  assert.equal(JSON.parse(stdout).drops, Object.fromEntries(Object.keys(CASES).map((reason, index) => [reason, told[index]?.length])));
  const { frames } = readCapture(readFileSync(join(folder, "out/drops.pcapng")));
  assert.equal(
    frames.map(({ comment }) => comment?.split("\n")),
    told,
  );
});

test("by an explanation", async () => {
  const { config, captures } = files();
  const said: string[][] = [];
  for (const [index, { port }] of Object.values(CASES).entries()) {
    const { status, stdout } = await portyard("explain", "--config", config, "--port", port, "--pcap", captures[index] ?? "", "--json");
    assert.is(status, 0);
    said.push(JSON.parse(stdout).drops.map((drop: { reason: string; port: string }) => `${drop.reason} at ${drop.port}`));
  }
  assert.equal(said, told);
});

test("in the engine's own list, which `show drops` prints", async () => {
  const engine = await Engine.create(parseConfig(CONFIG), { isolation: "inline" });
  const sent = Object.entries(CASES).filter(([, { isDevices }]) => isDevices === undefined);
  for (const [, { port, bytes, originalBytes = bytes.length }] of sent) engine.memoryPort(port).sendCut(bytes, originalBytes);
  const listed = engine.drops().map(({ reason, port, count }) => `${count} ${reason} at ${port}`);
  assert.equal(
    listed.sort(),
    sent
      .flatMap(toldOf)
      .map((drop) => `1 ${drop}`)
      .sort(),
  );
  await engine.close();
});

test.run();
