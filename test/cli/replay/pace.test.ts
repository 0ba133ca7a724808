/** How fast a replay went, by a clock that may stand still. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Pace } from "../../../cli/replay/pace.ts";

const now = performance.now.bind(performance);
test.after.each(() => void Object.assign(performance, { now }));
const setTime = (ms: number): unknown => Object.assign(performance, { now: () => ms });

test("frames by the time that has passed", () => {
  setTime(1000);
  const pace = new Pace(() => null);
  pace.reached(3);
  setTime(3000);
  assert.equal(pace.end(5), { seconds: 2, framesPerSecond: 3 });
});

test("numbers also where no time has passed", () => {
  setTime(1000);
  const [some, none] = [new Pace(() => null).end(7), new Pace(() => 1).end(0)];
  assert.equal(
    [some, none],
    [
      { seconds: 0.000001, framesPerSecond: 7_000_000 },
      { seconds: 0.000001, framesPerSecond: 0 },
    ],
  );
});

test.run();
