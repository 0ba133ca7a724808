/** What the demo shows, at the widths of real terminals. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { PortInfo } from "../../../bindings/engine/types.ts";
import { echoLine, pingLine, portLines, streamLines } from "../../../cli/demo/report.ts";
import type { Streams } from "../../../cli/demo/result.ts";

const plain = (_: unknown, text: string) => text;
const coloured = (_: unknown, text: string) => `<${text}>`;

const port = (name: string): PortInfo => ({
  ...{
    name,
    network: "my-network",
    trunk: null,
    native: null,
    kind: "packet",
    io: "syscall",
    desired: "up",
    generation: 1,
    state: "up",
    error: null,
    pinned: false,
    worker: 0,
    mtu: 1500,
  },
  ...{ mac: "02:00:0a:4d:00:02", addresses: ["10.77.0.2"] },
  ...{
    receivedFrames: 12_345_678,
    sentFrames: 12_345_678,
    receivedBytes: 987_654_321_000,
    sentBytes: 987_654_321_000,
    droppedFrames: 123_456,
  },
});
const ports = [port("container1"), port("container2")];
const streams: Streams = {
  switch: { bytes: 4.2e9, seconds: 3, gigabitsPerSecond: 11.2 },
  bridge: { bytes: 4.5e9, seconds: 3, gigabitsPerSecond: 12 },
  ratio: 0.933,
};

for (const width of [80, 140]) {
  test(`the table of ports fits ${width} columns, however large its numbers`, () => {
    const widest = Math.max(...portLines(ports, width, plain).map((line) => line.length));
    assert.ok(widest <= width, `${widest}`);
  });
}

test("a wide terminal shows where a port is, a narrow one what it did", () => {
  assert.match(portLines(ports, 140, plain)[1] ?? "", "02:00:0a:4d:00:02");
  assert.not.match(portLines(ports, 80, plain)[1] ?? "", "02:00:0a:4d:00:02");
  assert.match(portLines(ports, 80, plain)[1] ?? "", "12,345,678");
});

test("a port's state has a colour, its name has none", () => {
  const [, line] = portLines([{ ...port("up"), state: "up" }], 80, coloured);
  assert.match(line ?? "", /^ {2}up {4}<up {3}> /);
});

test("an echo reads as ping writes it", () => {
  const echo = { sequence: 3, bytes: 64, timeToLive: 64, milliseconds: 0.0614 };
  assert.is(echoLine("10.77.0.3", 3, echo), "  64 bytes from 10.77.0.3: seq=3 ttl=64 time=0.061 ms");
  assert.is(echoLine("10.77.0.3", 4, null), "  no answer from 10.77.0.3: seq=4");
});

test("the sum of a ping has times only when there were answers", () => {
  assert.is(pingLine({ sent: 5, received: 0, roundTripMs: null }), "  5 sent, 0 received");
  const roundTripMs = { min: 0.05, median: 0.06, max: 0.1 };
  assert.is(pingLine({ sent: 5, received: 5, roundTripMs }), "  5 sent, 5 received; round trip min/median/max 0.050/0.060/0.100 ms");
});

test("both streams and their ratio stand under each other", () => {
  const [ours = "", theirs = "", ratio = ""] = streamLines(streams, plain);
  assert.match(ours, /Portyard +11\.2 Gb\/s/);
  assert.match(theirs, /Linux bridge +12\.0 Gb\/s/);
  assert.match(ratio, /ratio +0\.93$/);
  assert.is(ours.indexOf("11.2 Gb/s"), theirs.indexOf("12.0 Gb/s"));
});

test("a kernel without bridges is said to have none", () => {
  const lines = streamLines({ ...streams, bridge: null, ratio: null }, plain);
  assert.equal([lines.length, lines[1]], [2, "  Linux bridge   not in this kernel"]);
});

test.run();
