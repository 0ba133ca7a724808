/** The maximum segment size of TCP connections through a port whose MTU is smaller than its network's: byte for byte what
 *  a segment is that was made with the lower one from the start.
 *
 *      port 0  MTU 1500 or 9000, as the network            port 1  MTU 1280                                              */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as reason from "../../../../assembly/abi/drop-reason.ts";
import { WORKER_SLOTS } from "../../../../assembly/abi/limits.ts";
import * as port from "../../../../assembly/abi/port.ts";
import { scale } from "../../../scale.ts";
import type { TestEngine } from "../../../support/engine.ts";
import { checksum, u16, u32 } from "../../../support/packet/bytes.ts";
import { BROADCAST, TYPE_IPV4, TYPE_IPV6, ethernet, station, tagged } from "../../../support/packet/ethernet.ts";
import { type Ends, TCP, UDP, extension, ipv4, ipv6, pseudoHeader } from "../../../support/packet/ip.ts";
import { fragmentHeader } from "../../../support/packet/neighbour.ts";
import { DATA_VALID, offload, partial } from "../../../support/packet/offload.ts";
import { random } from "../../../support/packet/random.ts";
import { ACK, SYN, tcp } from "../../../support/packet/transport.ts";
import { seedOf } from "../../../support/seed.ts";
import { byNumber, expectDrop, expectOutputs, hexOf, only, portsOf, tell } from "../../../support/story.ts";

const [A, B] = [station(1), station(2)];
const four: Ends = { source: "10.0.0.1", destination: "10.0.0.2" };
const six: Ends = { source: "fd00::1", destination: "fd00::2" };
const MTU = 1280;
const LIMITS = new Map([
  [four, MTU - 40],
  [six, MTU - 60],
]);
const MSS = 2;
const AUTHENTICATION = 29;

function pair(engine: TestEngine, flags = 0): number {
  const network = engine.network({ mtu: 9000 });
  engine.port({ network, mtu: 9000, flags });
  engine.port({ network, mtu: MTU, flags: flags | port.FLAG_CLAMP });
  return network;
}

interface Shape {
  ends?: Ends;
  flags?: number;
  to?: string;
  payload?: number[];
  /** What stands between the IPv6 header and TCP. */
  hasExtension?: boolean;
}

function packetOf(ends: Ends, l4: Uint8Array, hasExtension: boolean): Uint8Array {
  if (!ends.source.includes(":")) return ipv4({ ...ends, protocol: TCP }, l4);
  return hasExtension ? ipv6({ ...ends, next: 60 }, extension(TCP, 1, 4, 0, 0, 0, 0), l4) : ipv6({ ...ends, next: TCP }, l4);
}

/** A frame with these TCP options, whose length is a multiple of four. */
function frameWith(
  options: ArrayLike<number>,
  { ends = four, flags = SYN, to = B, payload = [], hasExtension = false }: Shape = {},
): Uint8Array {
  const l4 = tcp(ends, { sourcePort: 40_000, targetPort: 80, sequence: 7, flags, options }, payload);
  return ethernet(to, A, ends === four ? TYPE_IPV4 : TYPE_IPV6, packetOf(ends, l4, hasExtension));
}

const mss = (value: number): number[] => [MSS, 4, ...u16(value)];

/** The obvious way over the options: each that is whole, until the end or a broken one. */
function optionsOf(options: readonly number[]): { kind: number; at: number; length: number }[] {
  const found: { kind: number; at: number; length: number }[] = [];
  for (let at = 0; at < options.length; ) {
    const kind = options[at]!;
    if (kind === 0) return found;
    const length = kind === 1 ? 1 : (options[at + 1] ?? 0);
    if (kind !== 1 && (length < 2 || at + length > options.length)) return found;
    found.push({ kind, at, length });
    at += length;
  }
  return found;
}

function lowered(options: readonly number[], limit: number): number[] {
  const found = optionsOf(options);
  const result = [...options];
  if (found.some(({ kind }) => kind === AUTHENTICATION)) return result;
  for (const { kind, at, length } of found) {
    const value = options[at + 2]! * 256 + options[at + 3]!;
    if (kind === MSS && length === 4 && value > limit) result.splice(at + 2, 2, ...u16(limit));
  }
  return result;
}

/** Both ways through the small port, the segment comes out as one that was made with `lowered` options. */
function expectLowered(engine: TestEngine, options: readonly number[], shape: Shape = {}): void {
  const frame = frameWith(options, shape);
  const expected = frameWith(lowered(options, LIMITS.get(shape.ends ?? four)!), shape);
  for (const from of [0, 1]) expectOutputs(engine, from, frame, { [1 - from]: expected }, `options ${options} from port ${from}`);
}

function expectUntouched(engine: TestEngine, frame: Uint8Array): void {
  for (const from of [0, 1]) expectOutputs(engine, from, frame, [1 - from]);
}

const names = new Map([
  [four, "IPv4"],
  [six, "IPv6"],
]);
for (const [ends, limit] of LIMITS) {
  tell(`over ${names.get(ends)} nothing above ${limit} is announced either way, and nothing is raised`, (engine) => {
    pair(engine);
    for (const value of [0, 1, 536, 1220, limit - 1, limit, limit + 1, 1440, 1460, 8960, 32_768, 65_535]) {
      for (const flags of [SYN, SYN | ACK, SYN | 0xc0]) expectLowered(engine, mss(value), { ends, flags });
    }
  });

  tell(`over ${names.get(ends)} the option is found wherever it stands, at even and odd places`, (engine) => {
    pair(engine);
    const others = [
      [4, 2],
      [3, 3, 7],
      [8, 10, ...u32(1), ...u32(2)],
      [34, 6, 1, 2, 3, 4],
      [254, 3, 0],
      [MSS, 3, 255],
      [MSS, 5, 255, 255, 1],
    ];
    for (let before = 0; before <= 36; before++) {
      const options = [...new Array<number>(before).fill(1), ...mss(8960)];
      expectLowered(engine, [...options, ...new Array<number>(40 - options.length).fill(0)], { ends });
    }
    for (const other of others) {
      for (const order of [
        [...other, ...mss(1460)],
        [...mss(1460), ...other],
        [1, ...other, ...mss(1460)],
        [...mss(1460), ...other, ...mss(9000)],
      ]) {
        expectLowered(engine, [...order, ...new Array<number>(-order.length & 3).fill(0)], { ends, flags: SYN | ACK });
      }
    }
  });
}

tell("a list that ends, or is broken, is followed no further", (engine) => {
  pair(engine);
  for (const options of [
    [0, ...mss(1460), 0, 0, 0],
    [3, 0, ...mss(1460), 0, 0],
    [3, 1, ...mss(1460), 0, 0],
    [3, 41, ...mss(1460), 0, 0],
    [1, 1, 1, MSS],
    [1, 1, MSS, 4],
    [1, MSS, 4, 255],
    [MSS, 2, 1, 1],
    [MSS, 255, 255, 255],
    [MSS, 0, 255, 255],
  ]) {
    assert.equal(lowered(options, 0), options, "the model follows it no further");
    expectLowered(engine, options);
  }
});

tell("a segment that is signed with its options is left alone, wherever the signature stands", (engine) => {
  pair(engine);
  const signature = [AUTHENTICATION, 8, 1, 1, 9, 9, 9, 9];
  for (const options of [
    [...mss(1460), ...signature],
    [...signature, ...mss(1460)],
  ])
    expectUntouched(engine, frameWith(options));
});

tell("a SYN without the option stays without", (engine) => {
  pair(engine);
  for (const ends of [four, six]) for (const options of [[], [1, 1, 4, 2]]) expectUntouched(engine, frameWith(options, { ends }));
});

tell("what is no SYN is left alone", (engine) => {
  pair(engine);
  for (let flags = 0; flags < 256; flags++) if ((flags & SYN) === 0) expectUntouched(engine, frameWith(mss(1460), { flags }));
});

tell("what looks like an option behind the header is payload", (engine) => {
  pair(engine);
  expectUntouched(engine, frameWith([], { payload: mss(1460) }));
  expectLowered(engine, mss(1460), { payload: mss(1460) });
});

tell("it is found behind IPv6 extension headers", (engine) => {
  pair(engine);
  expectLowered(engine, mss(1460), { ends: six, hasExtension: true });
});

tell("it is found within a tenant's tags", (engine) => {
  pair(engine);
  for (const tags of [[{ id: 5 }], [{ id: 5 }, { id: 6 }]]) {
    const [frame, expected] = [frameWith(mss(1460)), frameWith(mss(1240))].map((plain) => tagged(plain, ...tags));
    expectOutputs(engine, 0, frame!, { 1: expected! });
  }
});

tell("fragments, and what is not TCP, are not looked into", (engine) => {
  pair(engine);
  const l4 = tcp(four, { sourcePort: 1, targetPort: 2, sequence: 3, flags: SYN, options: mss(1460) });
  expectUntouched(engine, ethernet(B, A, TYPE_IPV4, ipv4({ ...four, protocol: TCP, more: true }, l4)));
  expectUntouched(engine, ethernet(B, A, TYPE_IPV4, ipv4({ ...four, protocol: UDP }, l4)));
  expectUntouched(engine, ethernet(B, A, TYPE_IPV6, ipv6({ ...six, next: 44 }, fragmentHeader(TCP, 0, false), l4)));
});

tell("a frame that is cut anywhere leaves as it came", (engine) => {
  pair(engine);
  for (const shape of [{}, { ends: six }, { ends: six, hasExtension: true }]) {
    const whole = frameWith([1, 1, 1, ...mss(1460), 0], shape);
    for (let length = 14; length < whole.length; length++) expectUntouched(engine, whole.subarray(0, length));
  }
});

tell("a header whose length is none is left alone, at every value of its field", (engine) => {
  pair(engine);
  const whole = frameWith(mss(1460));
  for (let words = 0; words < 16; words++) {
    const frame = whole.slice();
    frame[46] = words << 4;
    if (words < 5 || words > 6) expectUntouched(engine, frame);
  }
});

tell("a checksum that was wrong stays exactly as wrong", (engine) => {
  pair(engine);
  for (const before of [0, 1]) {
    const options = [...new Array<number>(before).fill(1), ...mss(1460), ...new Array<number>(-(before + 4) & 3).fill(0)];
    const frame = frameWith(options);
    const wrong = (frame[50]! * 256 + frame[51]! + 0x1234) % 0xffff;
    frame.set(u16(wrong), 50);
    const left = only(engine.send(0, frame), 1).frame;
    const error = (l4: Uint8Array) => checksum(pseudoHeader(four, TCP, l4.length), l4);
    assert.is(error(left.subarray(34)), error(frame.subarray(34)));
    assert.is.not(error(left.subarray(34)), 0);
  }
});

/** The frame as a device hands it over that leaves checksums to others. */
function unfinished(frame: Uint8Array, ends: Ends): { frame: Uint8Array; offload: Uint8Array } {
  const start = ends === four ? 34 : 54;
  const begun = frame.slice();
  begun.set(u16(checksum(pseudoHeader(ends, TCP, frame.length - start)) ^ 0xffff), start + 16);
  return { frame: begun, offload: partial(start, 16) };
}

for (const [ends, limit] of LIMITS) {
  tell(`a partial checksum stays, and is right when it is completed, over ${names.get(ends)}`, (engine) => {
    pair(engine, port.FLAG_CHECKSUM);
    const sent = unfinished(frameWith([1, ...mss(8960), 1, 1, 1], { ends }), ends);
    const whole = frameWith([1, ...mss(limit), 1, 1, 1], { ends });
    for (const from of [0, 1]) {
      const output = only(engine.send(from, sent.frame, sent.offload), 1 - from);
      assert.is(hexOf(output.frame), hexOf(unfinished(whole, ends).frame));
      assert.equal(output.offload, sent.offload);
    }
    const plain = engine.port({ network: 1, mtu: MTU, flags: port.FLAG_CLAMP });
    const completed = only(engine.send(0, sent.frame, sent.offload), plain);
    assert.is(hexOf(completed.frame), hexOf(whole));
    assert.equal(completed.offload, offload({ flags: DATA_VALID }));
  });
}

const seed = seedOf("options");
tell("random options are treated as the obvious walk treats them", (engine) => {
  pair(engine);
  const { below, bytes: chance, pick } = random(seed);
  const pieces: (() => ArrayLike<number>)[] = [
    () => mss(below(65_536)),
    () => [1],
    () => [below(256), below(12)],
    () => [3, 3, below(15)],
    () => chance(below(6)),
    () => [AUTHENTICATION, 4, 0, 0],
    () => [0],
  ];
  for (let count = 0; count < scale.clampedSegments; count++) {
    const options = Array.from({ length: 1 + below(6) }, () => Array.from(pick(below(9) === 0 ? pieces : pieces.slice(0, 4))())).flat();
    const length = Math.min(40, options.length + (-options.length & 3));
    const padded = [...options, 0, 0, 0].slice(0, length);
    expectLowered(engine, padded, { ends: pick([four, six]), flags: SYN | below(256), payload: Array.from(chance(below(3))) });
  }
});

// ---------------------------------------------------------------- which ports
tell("ports whose MTU is their network's announce what they like", (engine) => {
  engine.accessPorts(engine.network(), 2, { mtu: MTU });
  expectUntouched(engine, frameWith(mss(8960)));
});

tell("in a flood each port gets what fits it, and the others the frame as it was, whatever the order", (engine) => {
  const network = engine.network({ mtu: 9000 });
  const mtus = [9000, 1280, 9000, 1400, 1280, 9000, 576];
  for (const mtu of mtus) engine.port({ network, mtu, flags: mtu < 9000 ? port.FLAG_CLAMP : 0 });
  const expected = mtus.slice(1).map((mtu, index) => [index + 1, frameWith(mss(Math.min(8960, mtu - 40)), { to: BROADCAST })]);
  expectOutputs(engine, 0, frameWith(mss(8960), { to: BROADCAST }), Object.fromEntries(expected));
});

tell("on the way between two small ports the smaller one counts", (engine) => {
  const network = engine.network({ mtu: 9000 });
  for (const mtu of [1400, 1280]) engine.port({ network, mtu, flags: port.FLAG_CLAMP });
  for (const from of [0, 1]) expectOutputs(engine, from, frameWith(mss(8960)), { [1 - from]: frameWith(mss(1240)) });
});

tell("a trunk with a small MTU gets it lowered and tagged", (engine) => {
  const network = engine.network({ mtu: 9000 });
  engine.port({ network, mtu: 9000 });
  engine.port({ vlans: { 7: network }, mtu: MTU, flags: port.FLAG_CLAMP });
  engine.port({ network, mtu: 9000 });
  const tag = { id: 7 };
  const [frame, expected] = [frameWith(mss(8960), { to: BROADCAST }), frameWith(mss(1240), { to: BROADCAST })];
  expectOutputs(engine, 0, frame, { 1: tagged(expected, tag), 2: frame });
  expectOutputs(engine, 1, tagged(frame, tag), { 0: expected, 2: expected });
});

tell("a sender that is checked is checked all the same", (engine) => {
  const network = engine.network();
  engine.port({ network, mtu: MTU, mac: A, flags: port.FLAG_CLAMP | port.FLAG_SOURCE_CHECK });
  engine.port({ network });
  engine.bind(network, 0, "10.0.0.1", A);
  expectOutputs(engine, 0, frameWith(mss(1460)), { 1: frameWith(mss(1240)) });
  const spoofed = frameWith(mss(1460), { ends: six });
  expectDrop(engine, 0, spoofed, reason.SPOOFED_SOURCE);
});

tell("when no slot is free for the copy, that output is a drop", (engine) => {
  const network = engine.network({ mtu: 9000 });
  const small = Array.from({ length: WORKER_SLOTS + 100 }, (_, index) => index + 1);
  engine.port({ network, mtu: 9000 });
  for (const index of small) engine.port({ network, mtu: MTU, flags: port.FLAG_CLAMP }, index, false);
  engine.apply();
  const left = portsOf(engine.send(0, frameWith(mss(8960), { to: BROADCAST })));
  const dropped = small.filter((index) => engine.drops(index, reason.POOL_EMPTY) === 1);
  assert.equal([...left, ...dropped].sort(byNumber), small);
  assert.is(left.length, WORKER_SLOTS, "all slots, the last of them the frame itself");
});

test.run();
