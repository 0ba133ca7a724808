/** What is a hang, and what only looks like one. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { HANG_MS, Heartbeat, LOOK_MS } from "../../../bindings/forwarder/heartbeat.ts";

/** Looks at a worker; each step is what its heartbeat and its processor time have gained since the last look. */
function looks(steps: readonly [beats: number, usedMs: number][]): boolean[] {
  const heartbeat = new Heartbeat();
  let [beats, usedMs] = [7, 1234];
  heartbeat.look(beats, usedMs);
  return steps.map(([moreBeats, moreMs]) => {
    beats += moreBeats;
    usedMs += moreMs;
    return heartbeat.look(beats, usedMs);
  });
}
const always = (step: [number, number], count = 100) => looks(Array<[number, number]>(count).fill(step));
const NEEDED = Math.ceil(HANG_MS / LOOK_MS);

test("a worker that uses the processor and has no heartbeat hangs, after HANG_MS", () => {
  assert.equal(always([0, LOOK_MS], NEEDED), [...Array(NEEDED - 1).fill(false), true]);
});

test("it hangs as well where it gets a tenth of a processor, only later", () => {
  assert.is(always([0, LOOK_MS / 10], NEEDED * 10 + 1).indexOf(true), NEEDED * 10 - 1);
});

test("a busy worker does not, however slow its turns", () => {
  assert.not.ok(always([1, LOOK_MS]).includes(true));
  assert.not.ok(looks(Array.from({ length: 99 }, (_, index) => [index % (NEEDED - 1) === 0 ? 1 : 0, LOOK_MS])).includes(true));
});

test("a worker that sleeps, or gets no processor at all, does not", () => {
  assert.not.ok(always([0, 0], 10_000).includes(true));
});

test("a machine that stood still for an hour is one look", () => {
  assert.equal(
    looks([
      [0, 3_600_000],
      [1, LOOK_MS],
      [0, 3_600_000],
      [0, LOOK_MS],
      [1, LOOK_MS],
    ]),
    Array(5).fill(false),
  );
});

test.run();
