/** Captures through configurations, without any kernel. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MAX_FRAME_BYTES } from "../../../assembly/abi/limits.ts";
import { CaptureStream, writePcap, writePcapng } from "../../../bindings/capture/index.ts";
import { hostPortOf } from "../../../bindings/config/host-port.ts";
import { parseConfig } from "../../../bindings/config/parse.ts";
import type { PortConfig } from "../../../bindings/config/types.ts";
import { PortyardError } from "../../../bindings/error.ts";
import { replay } from "../../../bindings/replay/replay.ts";
import type { ReplayedDrop, ReplayOptions, ReplaySummary } from "../../../bindings/replay/types.ts";
import type { FrameToWrite } from "../../../bindings/capture/index.ts";
import { blocks } from "../../support/capture-blocks.ts";
import { ramp } from "../../support/packet/bytes.ts";
import { arp, BROADCAST, ethernet, station, TYPE_ARP, TYPE_EXPERIMENT, TYPE_IPV4 } from "../../support/packet/ethernet.ts";
import { ipv4, UDP } from "../../support/packet/ip.ts";
import { type SuperFrame, segmentsOf, superFrame } from "../../support/packet/super-frame.ts";
import { udp } from "../../support/packet/transport.ts";

const test = suite("replay");
const SECOND = 1_000_000_000n;
const [A, B] = [station(1), station(2)];

const memory = (name: string, extra: object = {}) => ({ name, network: "blue", memory: {}, ...extra });
const blue = (ports: object[], network: object = {}) => parseConfig({ networks: [{ name: "blue", ...network }], ports });
const two = blue([memory("a"), memory("b")]);
const from = (mac: string, to = BROADCAST, bytes = 60) => ethernet(to, mac, TYPE_EXPERIMENT, ramp(bytes - 14));

function capture(frames: readonly (Uint8Array | FrameToWrite)[], write = writePcapng): CaptureStream {
  return captureOf(write(frames.map((frame, index) => ("timeNs" in frame ? frame : { bytes: frame, timeNs: BigInt(index) * SECOND }))));
}

function captureOf(file: Uint8Array): CaptureStream {
  return new CaptureStream(
    (async function* () {
      yield file;
    })(),
  );
}

interface Told {
  summary: ReplaySummary;
  left: string[];
  drops: string[];
}

async function tell(options: ReplayOptions): Promise<Told> {
  const [left, drops]: [string[], string[]] = [[], []];
  const summary = await replay({
    ...options,
    onOutput: ({ port, bytes, originalBytes, timeNs }) => left.push(`${port} ${bytes.length}/${originalBytes} at ${timeNs / SECOND}`),
    onFrame: ({ number, port }, list) => {
      for (const drop of list) drops.push(`${number} from ${port}: ${drop.reason} at ${drop.port}`);
    },
  });
  return { summary, left, drops };
}

async function codeOf(options: ReplayOptions): Promise<string> {
  const failure = await replay(options).then(
    () => "none",
    (error: unknown) => error,
  );
  return failure instanceof PortyardError ? failure.code : String(failure);
}

test("one capture into one port: what leaves, what is dropped and why", async () => {
  const frames = [from(A), from("01:00:00:00:00:01"), from(A, B, 1600)];
  const { summary, left, drops } = await tell({ config: two, inputs: [{ port: "a", capture: capture(frames) }] });
  assert.equal(left, ["b 60/60 at 0"]);
  assert.equal(drops, ["1 from a: multicast-source at a", "2 from a: too-big at b"]);
  assert.equal(summary, {
    frames: 3,
    bytes: 60 + 60 + 1600,
    snapped: 0,
    superFrames: 0,
    ports: { a: { received: 3, sent: 0 }, b: { received: 0, sent: 1 } },
    drops: { "multicast-source": 1, "too-big": 1 },
    answered: 0,
    adopted: {},
    strangers: 0,
    damages: [],
  });
});

test("what a callback keeps stays as it was: lists of drops, also empty ones, and frames", async () => {
  // more than is read at once
  const frames = Array.from({ length: 2000 }, (_, index) => (index % 2 === 0 ? from(A, BROADCAST, 1000) : from("01:00:00:00:00:01")));
  const kept: { bytes: Uint8Array; drops: readonly ReplayedDrop[]; copy: string }[] = [];
  const tell = ({ bytes, drops }: { bytes: Uint8Array; drops: readonly ReplayedDrop[] }): string =>
    JSON.stringify([Buffer.from(bytes).toString("base64"), drops]);
  const onFrame: ReplayOptions["onFrame"] = ({ frame: { bytes } }, drops) => {
    bytes.set([kept.length >> 8, kept.length], 20);
    kept.push({ bytes, drops, copy: tell({ bytes, drops }) });
  };
  await replay({ config: two, inputs: [{ port: "a", capture: capture(frames) }], onFrame });
  assert.equal(
    kept.map(({ drops }) => drops.length),
    frames.map((_, index) => index % 2),
  );
  assert.ok(kept.every((each) => tell(each) === each.copy));
});

test("several captures meet in the order of time: each station is learned before it is asked for", async () => {
  const one = capture([
    { bytes: from(A), timeNs: 0n },
    { bytes: from(A, B), timeNs: 2n * SECOND },
  ]);
  const other = capture([{ bytes: from(B, A), timeNs: SECOND }], writePcap);
  const config = blue([memory("a"), memory("b"), memory("c")]);
  const { left } = await tell({
    config,
    inputs: [
      { port: "b", capture: other },
      { port: "a", capture: one },
    ],
  });
  assert.equal(left, ["b 60/60 at 0", "c 60/60 at 0", "a 60/60 at 1", "b 60/60 at 2"]);
});

test("the clock is the capture's: a station ages by it, and it never goes back", async () => {
  const at = (seconds: number, bytes: Uint8Array): FrameToWrite => ({ bytes, timeNs: BigInt(seconds) * SECOND });
  const frames = [
    at(1000, from(A)),
    at(1001, from(B, A)),
    at(1014, from(B, A)),
    at(900, from(B, A)),
    at(1100, from(B, A)),
    at(1101, from(B, A)),
  ];
  const config = blue([memory("a"), memory("b"), memory("c")], { macAgeSeconds: 15 });
  const inputs = [{ port: null, capture: capture(frames) }];
  const { left } = await tell({ config, inputs });
  const aged = left.slice(2).map((line) => line.slice(0, 1));
  assert.equal(aged.slice(0, 3), ["a", "a", "a"]);
  assert.equal(aged.slice(-2), ["a", "c"], "after a hundred seconds nobody knows where it is");
});

test("a time that goes back makes no station older", async () => {
  const at = (seconds: number, bytes: Uint8Array): FrameToWrite => ({ bytes, timeNs: BigInt(seconds) * SECOND });
  const config = blue([memory("a", { mac: A }), memory("b", { mac: B }), memory("c")], { macAgeSeconds: 15 });
  const frames = [at(0, from(A)), at(10, from(A)), at(2, from(A)), at(18, from(B, A)), at(30, from(B, A)), at(31, from(B, A))];
  const { left } = await tell({ config, inputs: [{ port: null, capture: capture(frames) }] });
  assert.equal(left.slice(6), ["a 60/60 at 18", "a 60/60 at 30", "c 60/60 at 30", "a 60/60 at 31", "c 60/60 at 31"]);
});

test("in which order stations age is the same every time", async () => {
  const config = blue([memory("a"), memory("b", { staticMacs: [A] }), memory("c")], { macAgeSeconds: 15 });
  const stations = Array.from({ length: 500 }, (_, index) => station(100 + index));
  const frames = [
    ...stations.map((mac) => ({ bytes: from(mac), timeNs: 0n })),
    ...stations.map((mac) => ({ bytes: from(A, mac), timeNs: 16n * SECOND })),
  ];
  const run = async () => (await tell({ config, inputs: [{ port: null, capture: capture(frames) }] })).left;
  const first = await run();
  const flooded = first.filter((line) => line.startsWith("c") && line.endsWith("at 16")).length;
  assert.ok(flooded > 0 && flooded < stations.length, `${flooded} were forgotten by then`);
  for (let again = 0; again < 3; again++) assert.equal(await run(), first);
});

test("after a long silence no station is known, wherever it lies in the table", async () => {
  const config = blue([memory("a"), memory("b", { staticMacs: [A] }), memory("c")], { macAgeSeconds: 15 });
  const stations = Array.from({ length: 500 }, (_, index) => station(100 + index));
  const frames = [
    ...stations.map((mac) => ({ bytes: from(mac), timeNs: 0n })),
    ...stations.map((mac) => ({ bytes: from(A, mac), timeNs: 1000n * SECOND })),
  ];
  const { left } = await tell({ config, inputs: [{ port: null, capture: capture(frames) }] });
  assert.is(left.filter((line) => line === "c 60/60 at 1000").length, stations.length);
});

test("the clock goes on within a second", async () => {
  const config = blue([memory("a"), memory("b", { staticMacs: [A] }), memory("c")], { macAgeSeconds: 15 });
  const stations = Array.from({ length: 500 }, (_, index) => station(100 + index));
  const flooded = async (ms: bigint): Promise<number> => {
    const frames = [
      ...stations.map((mac) => ({ bytes: from(mac), timeNs: 0n })),
      { bytes: from(A), timeNs: 15n * SECOND },
      ...stations.map((mac) => ({ bytes: from(A, mac), timeNs: 15n * SECOND + ms * 1_000_000n })),
    ];
    const { left } = await tell({ config, inputs: [{ port: null, capture: capture(frames) }] });
    return left.filter((line) => line.startsWith("c") && line.endsWith("at 15")).length;
  };
  const [first, last] = [await flooded(0n), await flooded(999n)];
  assert.ok(last > first, `${first} of ${stations.length} were forgotten when the second began, ${last} when it ended`);
});

test("progress is told after each burst, and waited for", async () => {
  const told: number[] = [];
  let isWaiting = false;
  const onProgress = async (frames: number) => {
    told.push(frames);
    isWaiting = true;
    await new Promise((resolve) => setImmediate(resolve));
    isWaiting = false;
  };
  const onFrame = () => assert.not.ok(isWaiting);
  await replay({ config: two, inputs: ["a", "b"].map((port) => ({ port, capture: capture([from(A), from(A)]) })), onFrame, onProgress });
  assert.equal(told, [3, 4]);
});

test("a capture of both sides: each frame enters by the port that has its source", async () => {
  const config = blue([memory("a", { mac: A }), memory("b", { staticMacs: [B] })]);
  const frames = [from(A), from(B, A), from(station(3)), from(station(4))];
  const { summary } = await tell({ config, inputs: [{ port: null, capture: capture(frames) }] });
  assert.equal(summary.ports, { a: { received: 1, sent: 3 }, b: { received: 3, sent: 1 } });
  const closed = blue([memory("a", { mac: A }), memory("b", { mac: B })]);
  assert.is((await replay({ config: closed, inputs: [{ port: null, capture: capture(frames) }] })).strangers, 2);
});

test("of a capture of both sides a frame without a source enters nowhere", async () => {
  const config = blue([memory("a", { mac: A }), memory("b")]);
  const frames = [from(A).subarray(0, 13), from(B).subarray(0, 13), from(A).subarray(0, 14)];
  const { summary, drops } = await tell({ config, inputs: [{ port: null, capture: capture(frames) }] });
  assert.equal([summary.strangers, summary.frames, drops], [2, 1, []]);
});

test("of a capture of both sides what the host sent enters nowhere: its port only records", async () => {
  const config = parseConfig({
    networks: [{ name: "blue", subnet: "10.0.0.0/24", gateway: "10.0.0.1" }],
    ports: [memory("a", { mac: A })],
  });
  const host = hostPortOf(config.name, config.networks[0]!)!;
  const { summary } = await tell({ config, inputs: [{ port: null, capture: capture([from(host.mac!), from(A)]) }] });
  assert.equal([summary.strangers, summary.ports], [1, { a: { received: 1, sent: 0 }, [host.name]: { received: 0, sent: 1 } }]);
});

test("stations that are behind no port of their own take none from the next, and groups are nobody's", async () => {
  const config = blue([memory("a"), memory("b"), memory("c")]);
  const frames = [
    from("01:00:00:00:00:01"),
    from("00:00:00:00:00:00"),
    from(A),
    from(B),
    from(station(3)),
    from(station(4)),
    from(A),
    from(B),
  ];
  const { summary, drops } = await tell({ config, inputs: [{ port: null, capture: capture(frames) }] });
  assert.equal(
    Object.values(summary.ports).map(({ received }) => received),
    [2, 2, 4],
  );
  assert.equal(drops, ["0 from c: multicast-source at c", "1 from c: zero-source at c"]);
});

test("what leaves is stamped as what entered, also where times go back, and a frame check sequence is no part of a frame", async () => {
  const at = (seconds: bigint) => ({ bytes: from(A), timeNs: seconds * SECOND });
  const { left } = await tell({ config: two, inputs: [{ port: "a", capture: capture([at(5n), at(3n)]) }] });
  assert.equal(left, ["b 60/60 at 5", "b 60/60 at 3"]);
  const file = writePcap([
    { bytes: from(A, BROADCAST, 64), timeNs: 0n },
    { bytes: from(A, BROADCAST, 64).subarray(0, 62), originalBytes: 64, timeNs: 0n },
  ]);
  new DataView(file.buffer).setUint32(20, (0x24000000 | 1) >>> 0, true); // four bytes of it, and Ethernet
  const summary = await tell({ config: two, inputs: [{ port: "a", capture: captureOf(file) }] });
  assert.equal(summary.left, ["b 60/60 at 0", "b 60/60 at 0"]);
  assert.is(summary.summary.snapped, 0);
});

test("every port becomes one in memory: bindings hold, the host only records, TAPs are lent what they would be", async () => {
  const config = parseConfig({
    networks: [{ name: "blue", subnet: "10.0.0.0/24", gateway: "10.0.0.1" }],
    ports: [
      { name: "web", network: "blue", tap: { namespace: "web", interface: "eth0", mac: A }, mac: A },
      { name: "db", network: "blue", packet: { interface: "veth-db" }, addresses: ["10.0.0.9"], mac: B },
    ].map(({ tap, ...port }) => ({ ...port, ...(tap && { tap: { namespace: tap.namespace, interface: tap.interface } }) })),
  });
  const packet = (source: string) =>
    ethernet(
      BROADCAST,
      A,
      TYPE_IPV4,
      ipv4(
        { source, destination: "10.0.0.9", protocol: UDP },
        udp({ source, destination: "10.0.0.9" }, { sourcePort: 1, targetPort: 2 }, ramp(20)),
      ),
    );
  const request = (target: string) =>
    ethernet(BROADCAST, A, TYPE_ARP, arp({ operation: 1, senderMac: A, senderAddress: "10.0.0.2", targetAddress: target }));
  const frames = [packet("10.0.0.2"), packet("10.0.0.3"), request("10.0.0.9"), request("10.0.0.1")];
  const { summary, drops } = await tell({ config, inputs: [{ port: "web", capture: capture(frames) }] });
  assert.equal(drops, ["1 from web: spoofed-source at web"]);
  assert.equal(summary.ports, { web: { received: 4, sent: 2 }, db: { received: 0, sent: 1 }, "py-blue": { received: 0, sent: 1 } });
  assert.is(summary.answered, 2);
  assert.is(await codeOf({ config, inputs: [{ port: "py-blue", capture: capture([]) }] }), "port-recording");
});

test("a port whose MAC nobody knows takes that of its first frame", async () => {
  const [late, other] = two.ports as [PortConfig, PortConfig];
  const config = { ...two, ports: [{ ...late, addresses: ["10.0.0.1"], sourceCheck: true }, other] };
  const { summary, drops } = await tell({ config, inputs: [{ port: "a", capture: capture([from(A), from(B)]) }] });
  assert.equal(summary.adopted, { a: A });
  assert.equal(drops, ["1 from a: spoofed-source at a"]);
});

test("a port waits for a frame that has a source, and has its addresses from then on", async () => {
  const [late, other] = two.ports as [PortConfig, PortConfig];
  const config = { ...two, ports: [{ ...late, addresses: ["10.0.0.1"] }, other] };
  const ask = ethernet(BROADCAST, B, TYPE_ARP, arp({ operation: 1, senderMac: B, senderAddress: "10.0.0.2", targetAddress: "10.0.0.1" }));
  const at = (second: bigint, ...frames: Uint8Array[]) => frames.map((bytes) => ({ bytes, timeNs: second * SECOND }));
  const inputs = [
    { port: "a", capture: capture([...at(1n, from(station(3)).subarray(0, 13)), ...at(2n, from(A))]) },
    { port: "b", capture: capture([...at(0n, ask), ...at(3n, ask)]) },
  ];
  const { summary, left, drops } = await tell({ config, inputs });
  assert.equal(summary.adopted, { a: A });
  assert.equal(drops, ["1 from a: runt at a"]);
  assert.equal(left, [`a ${ask.length}/${ask.length} at 0`, "b 60/60 at 2", `b ${ask.length}/${ask.length} at 3`]);
});

test("what is longer than a slot ends at its door, as long as the capture says it was, and harms nobody", async () => {
  const whole = from(A, BROADCAST, MAX_FRAME_BYTES);
  const frames = [
    whole,
    Uint8Array.of(...whole, 0),
    { bytes: whole.subarray(0, 100), originalBytes: 0xffffffff, timeNs: 2n * SECOND },
    from(A),
  ];
  const { summary, left, drops } = await tell({ config: two, inputs: [{ port: "a", capture: capture(frames) }] });
  assert.equal(drops, ["0 from a: too-big at b", "1 from a: oversize at a", "2 from a: oversize at a"]);
  assert.equal(left, ["b 60/60 at 3"]);
  assert.equal([summary.frames, summary.bytes, summary.snapped], [4, 2 * MAX_FRAME_BYTES + 1 + 0xffffffff + 60, 1]);
});

test("frames that were cut go by their headers; what leaves is as short, and says how long it was", async () => {
  const long = from(A, BROADCAST, 1000);
  const frames = [
    { bytes: long.subarray(0, 100), originalBytes: 1000, timeNs: 0n },
    { bytes: long.subarray(0, 10), originalBytes: 1000, timeNs: 0n },
    { bytes: long.subarray(0, 100), originalBytes: 70_000, timeNs: 0n },
  ];
  const { summary, left, drops } = await tell({ config: two, inputs: [{ port: "a", capture: capture(frames) }] });
  assert.equal(left, ["b 100/1000 at 0"]);
  assert.equal(drops, ["1 from a: snapped-short at a", "2 from a: oversize at a"]);
  assert.is(summary.snapped, 3);
});

test("a TCP super-frame goes as the segments that it would have become; what else is too long does not", async () => {
  const config = blue([memory("a"), memory("b"), memory("small", { mtu: 1280 })]);
  const ends = { source: "10.0.0.1", destination: "10.0.0.2" };
  const whole: SuperFrame = { from: A, to: BROADCAST, ends, payload: ramp(5000), segmentBytes: 1460 };
  const { frame } = superFrame(whole);
  const cut = { bytes: frame.subarray(0, 2000), originalBytes: frame.length, timeNs: 0n };
  const left: string[] = [];
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  const inputs = [{ port: "a", capture: capture([frame, from(A, BROADCAST, 2000), cut]) }];
  const summary = await replay({ config, inputs, onOutput: ({ port, bytes }) => void left.push(`${port} ${hex(bytes)}`) });
  assert.equal(
    left,
    segmentsOf(whole).map((segment) => `b ${hex(segment)}`),
  );
  assert.equal([summary.superFrames, summary.snapped, summary.drops["too-big"]], [1, 1, 5]);
  const fromSmall = await tell({ config, inputs: [{ port: "small", capture: capture([frame]) }] });
  assert.equal(
    [...new Set(fromSmall.left)],
    [
      "a 1294/1294 at 0",
      `a ${54 + (5000 % 1240)}/${54 + (5000 % 1240)} at 0`,
      "b 1294/1294 at 0",
      `b ${54 + (5000 % 1240)}/${54 + (5000 % 1240)} at 0`,
    ],
  );
});

test("what fills the MTU is no super-frame, one byte more of TCP is, and no slot is kept of many", async () => {
  const ends = { source: "10.0.0.1", destination: "10.0.0.2" };
  const made = (bytes: number) => superFrame({ from: A, to: BROADCAST, ends, payload: ramp(bytes), segmentBytes: 1460 });
  const count = 600; // more than there are slots
  const frames = [made(1460).frame, ...new Array<Uint8Array>(count).fill(made(1461).frame)];
  const { summary, left } = await tell({ config: two, inputs: [{ port: "a", capture: capture(frames) }] });
  assert.equal([summary.superFrames, summary.drops], [count, {}]);
  assert.equal(left.slice(0, 3), ["b 1514/1514 at 0", "b 1514/1514 at 1", "b 55/55 at 1"]);
  assert.is(left.length, 1 + 2 * count);
});

test("the answer to a request whose padding was cut is whole", async () => {
  const config = blue([memory("a"), memory("b", { mac: B, addresses: ["10.0.0.2"] })]);
  const request = ethernet(
    BROADCAST,
    A,
    TYPE_ARP,
    arp({ operation: 1, senderMac: A, senderAddress: "10.0.0.1", targetAddress: "10.0.0.2" }),
  );
  const frames = [{ bytes: request, originalBytes: 60, timeNs: 0n }];
  const { left, summary } = await tell({ config, inputs: [{ port: "a", capture: capture(frames) }] });
  assert.equal(left, [`a ${request.length}/${request.length} at 0`]);
  assert.equal([summary.answered, summary.snapped], [1, 1]);
});

test("a damaged capture gives what is before the damage; another link type is refused by its name", async () => {
  const file = writePcap([
    { bytes: from(A), timeNs: 0n },
    { bytes: from(A), timeNs: 1n },
  ]);
  const cut = captureOf(file.subarray(0, file.length - 5));
  const { frames, damages } = await replay({ config: two, inputs: [{ port: "a", capture: cut }] });
  assert.is(frames, 1);
  assert.is(damages[0]?.damage.offset, 24 + 76);
  const radio = capture([from(A)], (list) => writePcap(list, { linkType: 105 }));
  assert.is(await codeOf({ config: two, inputs: [{ port: "a", capture: radio }] }), "capture-link-type");
  assert.is(await codeOf({ config: two, inputs: [{ port: "x", capture: capture([]) }] }), "port-missing");
  const once = capture([from(A)]);
  for (const code of ["none", "capture-used"]) assert.is(await codeOf({ config: two, inputs: [{ port: "a", capture: once }] }), code);
});

test("a clock that runs to the end of its 64 bits, in seconds, is as late as the engine's can be", async () => {
  const make = blocks(true);
  const second = make.description(1, 0, make.option(9, [0]));
  const bytes = from(A);
  const file = [0n, 1n << 40n, 1n << 53n, (1n << 64n) - 1n].flatMap((ticks) => make.enhanced(0, ticks, bytes));
  const { left } = await tell({
    config: two,
    inputs: [{ port: "a", capture: captureOf(Uint8Array.from([...make.section(), ...second, ...file])) }],
  });
  assert.equal(
    left.map((line) => line.slice("b 60/60 at ".length)),
    [0n, 1n << 40n, 1n << 53n, (1n << 64n) - 1n].map(String),
  );
});

test.run();
