/** The clock of a replay is that of its captures: stations age by it, and it never goes back. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type FrameToWrite, writePcap } from "../../../bindings/capture/index.ts";
import { blocks } from "../../support/capture-blocks.ts";
import { BROADCAST, station } from "../../support/packet/ethernet.ts";
import { A, B, blue, capture, captureOf, from, memory, SECOND, tell, two } from "./told.ts";

const test = suite("replay: clock");

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

test("what leaves is stamped as what entered, also where times go back, and a frame check sequence is no part of a frame", async () => {
  const at = (seconds: bigint) => ({ bytes: from(A), timeNs: seconds * SECOND });
  const { left } = await tell({ config: two, inputs: [{ port: "a", capture: capture([at(5n), at(3n)]) }] });
  assert.equal(left, ["b 60/60 at 5", "b 60/60 at 3"]);
  const file = writePcap([
    { bytes: from(A, BROADCAST, 64), timeNs: 0n },
    { bytes: from(A, BROADCAST, 64).subarray(0, 62), originalBytes: 64, timeNs: 0n },
    { bytes: from(A).subarray(0, 3), timeNs: 0n },
  ]);
  new DataView(file.buffer).setUint32(20, (0x24000000 | 1) >>> 0, true); // four bytes of it, and Ethernet
  const summary = await tell({ config: two, inputs: [{ port: "a", capture: captureOf(file) }] });
  assert.equal(summary.left, ["b 60/60 at 0", "b 60/60 at 0"]);
  assert.equal(summary.drops, ["2 from a: runt at a"]);
  assert.equal([summary.summary.snapped, summary.summary.bytes], [0, 120]);
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
