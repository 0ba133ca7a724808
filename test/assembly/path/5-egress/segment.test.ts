/** Super-frames on their way to ports that take none: byte for byte what an obvious segmenter makes of them.
 *
 *      port 0  takes everything (the sender)        port 1  takes nothing                                                 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as reason from "../../../../assembly/abi/drop-reason.ts";
import { MAX_SEGMENTS, SLOT_RESERVE, WORKER_SLOTS } from "../../../../assembly/abi/limits.ts";
import * as port from "../../../../assembly/abi/port.ts";
import { scale } from "../../../scale.ts";
import type { Output, TestEngine } from "../../../support/engine.ts";
import { checksum, ramp, u16 } from "../../../support/packet/bytes.ts";
import { BROADCAST, TYPE_EXPERIMENT, TYPE_IPV4, ethernet, station, tagged } from "../../../support/packet/ethernet.ts";
import { GRE, UDP, ipv4, pseudoHeader } from "../../../support/packet/ip.ts";
import { NEEDS_CHECKSUM, PLAIN, TSO4, TSO6, offload } from "../../../support/packet/offload.ts";
import { random } from "../../../support/packet/random.ts";
import { CWR, type SuperFrame, segmentsOf, superFrame } from "../../../support/packet/super-frame.ts";
import { FIN, PSH } from "../../../support/packet/transport.ts";
import { seedOf } from "../../../support/seed.ts";
import { expectDrop, hexOf, only, tell } from "../../../support/story.ts";

const TAKES_ALL = port.FLAG_CHECKSUM | port.FLAG_TSO | port.FLAG_USO;
const [A, B] = [station(1), station(2)];
const four = { source: "10.0.0.1", destination: "10.0.0.2" };
const six = { source: "fd00::1", destination: "fd00::2" };
const whole: SuperFrame = { from: A, to: B, ends: four, payload: ramp(10_000), segmentBytes: 1428 };
const OPTIONS = Uint8Array.from([1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8]);

function pair(engine: TestEngine, mtu = 1500): void {
  const network = engine.network();
  engine.port({ network, mtu, flags: TAKES_ALL });
  engine.port({ network, mtu });
}

function send(engine: TestEngine, sent: SuperFrame): Output[] {
  const { frame, offload: header } = superFrame(sent);
  return engine.send(0, frame, header);
}

/** Exactly these segments leave port 1, in their order, plain. */
function expectSegments(engine: TestEngine, sent: SuperFrame): void {
  const before = engine.totals();
  const outputs = send(engine, sent);
  const expected = segmentsOf(sent);
  assert.equal(
    outputs.map((output) => output.port),
    expected.map(() => 1),
  );
  for (const [index, output] of outputs.entries()) {
    assert.is(hexOf(output.frame), hexOf(expected[index]!), `segment ${index} of ${expected.length}`);
    assert.equal(output.offload, PLAIN);
  }
  assert.is(engine.totals().segments, before.segments + expected.length - 1);
}

const kinds: Record<string, SuperFrame> = {
  "TCP over IPv4": whole,
  "TCP over IPv6": { ...whole, ends: six },
  "UDP over IPv4": { ...whole, isUdp: true },
  "UDP over IPv6": { ...whole, ends: six, isUdp: true },
  "TCP with options": { ...whole, tcpOptions: OPTIONS },
  "TCP over IPv4 with options": { ...whole, ipOptions: [1, 1, 1, 0] },
  "TCP behind an IPv6 extension header": { ...whole, ends: six, hasExtension: true },
  "UDP behind an IPv6 extension header": { ...whole, ends: six, hasExtension: true, isUdp: true },
  "TCP within a tenant's tag": { ...whole, tags: [7] },
  "TCP within two tags": { ...whole, ends: six, tags: [7, 8] },
  "a packet with bytes behind it": { ...whole, padding: [1, 2, 3, 4, 5, 6] },
};
for (const [name, sent] of Object.entries(kinds)) {
  tell(`${name} is segmented as its sender would have done it, at every odd size`, (engine) => {
    pair(engine);
    for (const segmentBytes of [1, 7, 100, 536, 1399]) {
      for (const length of [0, 1, segmentBytes - 1, segmentBytes, segmentBytes + 1, 3 * segmentBytes, 5 * segmentBytes + 3]) {
        expectSegments(engine, { ...sent, segmentBytes, payload: ramp(length) });
      }
    }
    expectSegments(engine, { ...sent, segmentBytes: 1399, payload: ramp(60_000) });
  });
}

tell("FIN and PSH stay on the last segment, the other flags on all", (engine) => {
  pair(engine);
  for (const flags of [0, 0x10, 0x10 | FIN, 0x10 | PSH, 0x10 | FIN | PSH, 0x7f]) expectSegments(engine, { ...whole, flags });
});

tell("CWR stays on the first segment alone where ECN is said, and on all where it is not", (engine) => {
  pair(engine);
  expectSegments(engine, { ...whole, flags: 0x10 | CWR, ecn: true });
  expectSegments(engine, { ...whole, flags: 0x10 | CWR | FIN | PSH, ecn: true, ends: six });
  expectSegments(engine, { ...whole, flags: 0x10 | CWR });
});

tell("sequence numbers and identifications go round", (engine) => {
  pair(engine);
  expectSegments(engine, { ...whole, sequence: 0xffff_fa00, id: 0xfffe });
});

tell("a checksum that comes to 0 is sent as UDP and TCP want it", (engine) => {
  pair(engine);
  for (const isUdp of [true, false]) {
    const payload = ramp(100);
    payload.set([0, 0]);
    const [frame] = segmentsOf({ ...whole, isUdp, payload });
    // the complement of everything else, put where the payload begins, makes the sum all ones
    const l4 = frame!.slice(34);
    payload.set(u16(l4[isUdp ? 6 : 16]! * 256 + l4[isUdp ? 7 : 17]!));
    const [made] = segmentsOf({ ...whole, isUdp, payload });
    assert.equal(made!.slice(isUdp ? 40 : 50).subarray(0, 2), Uint8Array.from(isUdp ? [255, 255] : [0, 0]));
    assert.is(checksum(pseudoHeader(four, isUdp ? UDP : 6, made!.length - 34), made!.subarray(34)), 0);
    expectSegments(engine, { ...whole, isUdp, payload, segmentBytes: 100 });
  }
});

const seed = seedOf("segments");
tell("random super-frames of all kinds", (engine) => {
  pair(engine);
  const { below, pick, bytes } = random(seed);
  for (let count = 0; count < scale.superFrames; count++) {
    const sent = {
      ...pick(Object.values(kinds)),
      segmentBytes: 1 + below(1380),
      id: below(65536),
      sequence: below(2 ** 32),
      flags: below(256),
    };
    const segments = 1 + below(Math.min(MAX_SEGMENTS, Math.floor(60_000 / sent.segmentBytes)));
    const payload = bytes((segments - 1) * sent.segmentBytes + below(sent.segmentBytes + 1));
    expectSegments(engine, { ...sent, payload, ecn: sent.isUdp !== true && below(2) === 0 });
  }
});

// ---------------------------------------------------------------- limits
tell(`${MAX_SEGMENTS} segments are made, one more is too many`, (engine) => {
  pair(engine);
  expectSegments(engine, { ...whole, segmentBytes: 100, payload: ramp(100 * MAX_SEGMENTS) });
  const { frame, offload: header } = superFrame({ ...whole, segmentBytes: 100, payload: ramp(100 * MAX_SEGMENTS + 1) });
  expectDrop(engine, 0, frame, reason.TOO_MANY_SEGMENTS, { at: 1, offload: header });
});

tell("segments that are longer than the port's MTU are too big", (engine) => {
  pair(engine, 1400);
  const most = 1400 + 14 + 4 - 54;
  expectSegments(engine, { ...whole, segmentBytes: most });
  const { frame, offload: header } = superFrame({ ...whole, segmentBytes: most + 1 });
  expectDrop(engine, 0, frame, reason.TOO_BIG, { at: 1, offload: header });
});

tell("a super-frame of one short segment fits although its segment size does not", (engine) => {
  pair(engine, 1400);
  expectSegments(engine, { ...whole, segmentBytes: 9000, payload: ramp(1000) });
});

tell("where slots run out, the segments that have none are drops, and no slot is lost", (engine) => {
  const network = engine.network();
  engine.port({ network, flags: TAKES_ALL });
  engine.accessPorts(network, 3);
  const sent = { ...whole, to: BROADCAST, segmentBytes: 100, payload: ramp(100 * MAX_SEGMENTS) };
  const { frame, offload: header } = superFrame(sent);
  engine.worker.enqueue(0, frame, header);
  const rest = WORKER_SLOTS - SLOT_RESERVE - 1;
  for (let index = 0; index < rest; index++) engine.worker.enqueue(1, ethernet(A, B, TYPE_EXPERIMENT, ramp(60)));
  engine.worker.run();
  const left = engine.takeOutputs().filter((output) => output.port !== 0).length;
  const dropped = [1, 2, 3].map((index) => engine.drops(index, reason.POOL_EMPTY));
  assert.is(left, SLOT_RESERVE);
  assert.equal(dropped, [0, 2 * MAX_SEGMENTS - SLOT_RESERVE, MAX_SEGMENTS]);
});

// ---------------------------------------------------------------- what cannot be segmented
const udpFrame = superFrame({ ...whole, isUdp: true, payload: ramp(3000) }).frame;
const tcpFrame = superFrame({ ...whole, payload: ramp(3000) }).frame;
const tcp6Frame = superFrame({ ...whole, ends: six, payload: ramp(3000) }).frame;
const shortHeader = tcpFrame.slice();
shortHeader[46] = 0x40;
const longHeader = superFrame({ ...whole, payload: ramp(30) }).frame;
longHeader[46] = 0xf0;
const fragment = ethernet(B, A, TYPE_IPV4, ipv4({ ...four, protocol: 6, more: true }, tcpFrame.subarray(34)));
const gre = ethernet(B, A, TYPE_IPV4, ipv4({ ...four, protocol: GRE }, tcpFrame.subarray(34)));
const tso4 = { flags: NEEDS_CHECKSUM, type: TSO4, segmentBytes: 1000, start: 34, offset: 16 };
const bad: [string, Uint8Array, Parameters<typeof offload>[0]][] = [
  ["IPv6 that says it is TCP over IPv4", tcp6Frame, { ...tso4, start: 54 }],
  ["IPv4 that says it is TCP over IPv6", tcpFrame, { ...tso4, type: TSO6 }],
  ["what is not TCP", gre, tso4],
  ["TCP with a header of 16 bytes", shortHeader, tso4],
  ["TCP whose header is longer than the packet", longHeader, tso4],
  ["a fragment", fragment, tso4],
];
for (const [name, frame, header] of bad) {
  tell(`a super-frame that cannot be segmented is a drop of the port that wanted segments: ${name}`, (engine) => {
    pair(engine);
    expectDrop(engine, 0, frame, reason.BAD_SUPER_FRAME, { at: 1, offload: offload(header) });
  });
}

tell("a UDP datagram that says it is TCP is refused at once", (engine) => {
  pair(engine);
  expectDrop(engine, 0, udpFrame, reason.BAD_OFFLOAD_HEADER, { offload: offload(tso4) });
});

// ---------------------------------------------------------------- ports that take super-frames as they are
for (const [name, sent] of Object.entries(kinds)) {
  tell(`a port takes a super-frame whose segments fit its MTU, and none whose segments do not: ${name}`, (engine) => {
    const network = engine.network();
    engine.accessPorts(network, 2, { flags: TAKES_ALL, mtu: 1400 });
    const headers = segmentsOf({ ...sent, payload: ramp(0) })[0]!.length;
    const most = 1400 + 14 + 4 - headers;
    const fits = superFrame({ ...sent, segmentBytes: most });
    assert.is(hexOf(only(engine.send(0, fits.frame, fits.offload), 1).frame), hexOf(fits.frame));
    const { frame, offload: header } = superFrame({ ...sent, segmentBytes: most + 1 });
    expectDrop(engine, 0, frame, reason.TOO_BIG, { at: 1, offload: header });
    const short = superFrame({ ...sent, segmentBytes: 9000, payload: ramp(most) });
    assert.is(hexOf(only(engine.send(0, short.frame, short.offload), 1).frame), hexOf(short.frame));
  });
}

tell("what nobody here can segment is for the port that takes it to judge", (engine) => {
  const network = engine.network();
  engine.accessPorts(network, 2, { flags: TAKES_ALL, mtu: 576 });
  const header = offload(tso4);
  for (const frame of [gre, shortHeader, fragment]) assert.is(hexOf(only(engine.send(0, frame, header), 1).frame), hexOf(frame));
});

// ---------------------------------------------------------------- a mix of ports
tell("a super-frame floods whole to the ports that take it, in segments to the rest, tagged on trunks", (engine) => {
  const network = engine.network();
  const { frame, offload: header } = superFrame({ ...whole, to: BROADCAST });
  const segments = segmentsOf({ ...whole, to: BROADCAST });
  const shifted = offload({ flags: NEEDS_CHECKSUM, type: TSO4, headerBytes: 58, segmentBytes: whole.segmentBytes, start: 38, offset: 16 });
  engine.port({ network, flags: TAKES_ALL });
  engine.port({ network });
  engine.port({ vlans: { 20: network } });
  engine.port({ vlans: { 30: network }, flags: TAKES_ALL });
  engine.port({ network, flags: port.FLAG_CHECKSUM | port.FLAG_TSO });
  engine.port({ network, flags: port.FLAG_CHECKSUM | port.FLAG_USO });
  engine.port({ vlans: { 40: network }, native: engine.network() });
  const outputs = engine.send(0, frame, header);
  const of = (index: number) => outputs.filter((output) => output.port === index);
  const texts = (index: number) => of(index).map((output) => hexOf(output.frame));
  const withTag = (id: number) => segments.map((segment) => hexOf(tagged(segment, { id })));
  assert.equal([texts(1), texts(5)], [segments.map(hexOf), segments.map(hexOf)]);
  assert.equal([texts(2), texts(6)], [withTag(20), withTag(40)]);
  assert.equal([texts(3), of(3)[0]?.offload], [[hexOf(tagged(frame, { id: 30 }))], shifted]);
  assert.equal([texts(4), of(4)[0]?.offload], [[hexOf(frame)], header]);
});

test.run();
