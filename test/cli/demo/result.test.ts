/** From measurements to the numbers that are printed. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ALGORITHMS } from "../../../cli/demo/plan.ts";
import { pingResult, servicesResult, streamsResult } from "../../../cli/demo/result.ts";
import type { Spread, Spreads } from "../../../cli/demo/service.ts";

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

test("connections are told by algorithm and backend, one that got none with a 0", () => {
  const spread = (got: number): Spread => ({ counts: { backend2: got }, seconds: got + 0.00049, meanMs: got + 0.00051, measuredMs: {} });
  const spreads = Object.fromEntries(ALGORITHMS.map((name, index) => [name, spread(index + 1)])) as Spreads;
  const { services, serviceTimes, backends } = servicesResult(spreads);
  assert.equal(Object.keys(services), ["round-robin", "weighted-round-robin", "least-response-time", "least-load"]);
  assert.equal(services["least-load"], { backend1: 0, backend2: 4, backend3: 0 });
  assert.equal(serviceTimes["round-robin"], { seconds: 1, meanMs: 1.001 });
  assert.equal(
    backends.map(({ name, weight }) => [name, weight]),
    [
      ["backend1", 5],
      ["backend2", 1],
      ["backend3", 1],
    ],
  );
});

test.run();
