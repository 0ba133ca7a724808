/** From measurements to the numbers that are printed. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { pingResult, streamsResult } from "../../../cli/demo/result.ts";

const echo = (milliseconds: number) => ({ sequence: 1, bytes: 64, timeToLive: 64, milliseconds });

test("lost echoes count as sent, and their times not at all", () => {
  const result = pingResult([echo(3), null, echo(1), echo(2)]);
  assert.equal(result, { sent: 4, received: 3, roundTripMs: { min: 1, median: 2, max: 3 } });
});

test("the median of an even number lies between the two in the middle", () => {
  assert.equal(pingResult([echo(1), echo(2), echo(4), echo(9)]).roundTripMs, { min: 1, median: 3, max: 9 });
});

test("without an answer there is no time", () => {
  assert.equal(pingResult([null, null]), { sent: 2, received: 0, roundTripMs: null });
});

test("the ratio is ours by theirs", () => {
  const streams = streamsResult({ bytes: 3e9, seconds: 2 }, { bytes: 6e9, seconds: 3 });
  assert.is(streams.switch.gigabitsPerSecond, 12);
  assert.is(streams.bridge?.gigabitsPerSecond, 16);
  assert.is(streams.ratio, 0.75);
});

test("without a bridge there is no ratio", () => {
  const { bridge, ratio } = streamsResult({ bytes: 3e9, seconds: 2 }, null);
  assert.equal([bridge, ratio], [null, null]);
});

test.run();
