/** Smooth weighted round robin: exact counts, and as even at every moment as the slow definition says. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { MAX_SCHEDULE_TURNS, smoothSchedule, turnsOf } from "../../../bindings/service/schedule.ts";
import { scale } from "../../scale.ts";

const letters = (turns: Uint16Array): string => [...turns].map((index) => "abcdefgh"[index]).join(" ");
const countOf = (turns: Uint16Array, index: number): number => turns.filter((turn) => turn === index).length;
const runs = { numRuns: scale.schedules };
const weightLists = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 12 });

test("weights 5, 1 and 1 give a a b a c a a", () => {
  assert.is(letters(smoothSchedule([5, 1, 1])), "a a b a c a a");
});

test("other known schedules", () => {
  assert.is(letters(smoothSchedule([1, 1, 1])), "a b c");
  assert.is(letters(smoothSchedule([2, 1])), "a b a");
  assert.is(letters(smoothSchedule([10, 20, 30])), letters(smoothSchedule([1, 2, 3])));
  assert.is(letters(smoothSchedule([0, 3, 0, 3])), "b d");
  assert.is(smoothSchedule([0, 0]).length, 0);
  assert.is(smoothSchedule([]).length, 0);
});

test("each backend has as many turns as its weight says", () => {
  fc.assert(
    fc.property(weightLists, (weights) => {
      const turns = smoothSchedule(weights);
      const total = weights.reduce((all, weight) => all + weight, 0);
      for (const [index, weight] of weights.entries()) assert.is(countOf(turns, index) * total, weight * turns.length);
    }),
    runs,
  );
});

test("at no moment is anybody two turns from its share, in one run and the next", () => {
  fc.assert(
    fc.property(weightLists, (weights) => {
      const turns = smoothSchedule(weights);
      const counts = weights.map(() => 0);
      for (let step = 1; step <= 2 * turns.length; step++) {
        counts[turns[(step - 1) % turns.length]!]!++;
        for (const [index, count] of counts.entries()) {
          const share = (step * countOf(turns, index)) / turns.length;
          assert.ok(Math.abs(count - share) < 2, `after ${step} turns ${index} had ${count} of ${share}`);
        }
      }
    }),
    runs,
  );
});

test("weights whose sum is too great are rounded, and nobody is left out", () => {
  const weights = Array.from({ length: 1000 }, (_, index) => 1 + index * 997);
  const turns = turnsOf(weights);
  const total = turns.reduce((all, count) => all + count, 0);
  assert.ok(total <= MAX_SCHEDULE_TURNS && total > MAX_SCHEDULE_TURNS - 1000, String(total));
  assert.ok(turns.every((count) => count >= 1));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  for (const [index, count] of turns.entries()) {
    const share = (weights[index]! * MAX_SCHEDULE_TURNS) / sum;
    assert.ok(Math.abs(count - share) <= 3, `${index} has ${count} turns of ${share}`);
  }
  assert.is(smoothSchedule(weights).length, total);
});

test.run();
