/** Least load, least response time and power of two: against slow models that look at everybody. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as field from "../../../assembly/abi/service.ts";
import { scale } from "../../scale.ts";
import { balance } from "../../support/balance-story.ts";
import { countPicks } from "../../support/balance-yard.ts";
import { random } from "../../support/packet/random.ts";

const WEIGHTS = [1, 3, 2, 5, 1, 8];

// ---------------------------------------------------------------- load
balance("the least loaded for its weight is picked, whatever begins and ends", (yard) => {
  yard.publish(field.LEAST_LOAD, WEIGHTS);
  const [draw, active] = [random(7), WEIGHTS.map(() => 0)];
  const load = (number: number): number => (active[number]! + 1) / WEIGHTS[number]!;
  for (let step = 0; step < scale.balanceSteps; step++) {
    const number = draw.below(WEIGHTS.length);
    if (draw.below(2) === 0 && active[number]! > 0) {
      yard.finish(number);
      active[number]!--;
      continue;
    }
    const picked = yard.pick()!;
    assert.is(load(picked), Math.min(...[...WEIGHTS.keys()].map(load)), `step ${step}`);
    yard.begin(picked);
    active[picked]!++;
    assert.is(yard.active(picked), active[picked]);
  }
});

balance("equals share", (yard) => {
  yard.publish(field.LEAST_LOAD, [1, 1, 1]);
  assert.equal(countPicks(yard.picks(300), 3), [100, 100, 100]);
});

balance("a load that a backend reports takes the place of the count until it is too old", (yard) => {
  yard.publish(field.LEAST_LOAD, [1, 1]);
  yard.setTime(1000);
  yard.report(0, 0.2, 5);
  for (let flow = 0; flow < 10; flow++) yard.begin(0);
  assert.is(yard.pick(), 0, "eleven flows count less than a load of 0.2");
  yard.report(0, 30, 5);
  yard.begin(1);
  assert.is(yard.pick(), 1);
  yard.setTime(6000);
  for (let flow = 0; flow < 11; flow++) yard.begin(1);
  assert.is(yard.pick(), 0, "its report is too old: ten flows against twelve");
});

balance("a count does not go below zero", (yard) => {
  yard.publish(field.LEAST_LOAD, [1, 1]);
  yard.finish(0);
  assert.is(yard.active(0), 0);
  yard.begin(0);
  assert.is(yard.active(0), 1);
});

balance("a slow start has a part of its weight", (yard) => {
  yard.publish(field.LEAST_LOAD, [1, 1]);
  yard.set(1, { weight: 0.25 });
  for (let flow = 0; flow < 100; flow++) yard.begin(yard.pick()!);
  assert.equal([yard.active(0), yard.active(1)], [80, 20]);
});

// ---------------------------------------------------------------- response time
/** Peak EWMA in the words of its definition. */
class Smoothed {
  ms = 0;
  at = 0;
  measure(ms: number, now: number): void {
    this.ms = this.ms === 0 || ms > this.ms ? ms : ms + (this.ms - ms) * Math.exp(-(now - this.at) / 10_000);
    this.at = now;
  }
  now(now: number): number {
    return this.ms * Math.exp(-Math.max(0, now - this.at) / 10_000);
  }
}

const isNear = (actual: number, expected: number): boolean => Math.abs(actual - expected) <= 1e-5 * Math.max(expected, 1e-6);

balance("a response time counts at once when it is greater, and little by little when it is less", (yard) => {
  const [model, draw] = [new Smoothed(), random(3)];
  let now = 0;
  for (let step = 0; step < scale.balanceSteps; step++) {
    now += draw.below(3) === 0 ? draw.below(20_000) : draw.below(50);
    const ms = (1 + draw.below(100_000)) / 100;
    model.measure(ms, now);
    yard.measure(0, ms, now);
    const later = now + draw.below(30_000);
    assert.ok(isNear(yard.responseMs(0, later), model.now(later)), `${yard.responseMs(0, later)} instead of ${model.now(later)}`);
  }
});

balance("what was never measured is tried by one flow", (yard) => {
  yard.publish(field.LEAST_RESPONSE_TIME, [1, 1, 1]);
  yard.setTime(1000);
  yard.measure(0, 5, 1000);
  const picked = Array.from({ length: 20 }, () => {
    const number = yard.pick()!;
    yard.begin(number);
    return number;
  });
  assert.equal(picked.slice(0, 2).sort(), [1, 2]);
  assert.equal([yard.active(0), yard.active(1), yard.active(2)], [18, 1, 1]);
});

balance("the one that will answer soonest is picked: response time x (active + 1) / weight", (yard) => {
  yard.publish(field.LEAST_RESPONSE_TIME, WEIGHTS);
  const [models, active, draw] = [WEIGHTS.map(() => new Smoothed()), WEIGHTS.map(() => 0), random(11)];
  let now = 0;
  const cost = (number: number): number => (models[number]!.now(now) * (active[number]! + 1)) / WEIGHTS[number]!;
  const measure = (number: number): void => {
    const ms = (1 + number) * (0.5 + draw.below(1000) / 1000);
    models[number]!.measure(ms, now);
    yard.measure(number, ms, now);
  };
  for (const number of WEIGHTS.keys()) measure(number);
  for (let step = 0; step < scale.balanceSteps; step++) {
    now += draw.below(20);
    yard.setTime(now);
    const number = draw.below(WEIGHTS.length);
    if (draw.below(2) === 0 && active[number]! > 0) {
      measure(number);
      yard.finish(number);
      active[number]!--;
      continue;
    }
    const picked = yard.pick()!;
    const least = Math.min(...[...WEIGHTS.keys()].map(cost));
    assert.ok(cost(picked) <= least * (1 + 1e-4), `${cost(picked)} is picked where the least is ${least}`);
    yard.begin(picked);
    active[picked]!++;
  }
});

balance("a backend that was slow is tried again when its time is long past", (yard) => {
  yard.publish(field.LEAST_RESPONSE_TIME, [1, 1]);
  yard.measure(0, 1, 0);
  yard.measure(1, 500, 0);
  for (let now = 0; now < 60_000; now += 100) {
    yard.setTime(now);
    yard.measure(0, 1, now);
    assert.is(yard.pick(), 0, `after ${now} ms`);
  }
  yard.setTime(65_000);
  yard.measure(0, 1, 65_000);
  assert.is(yard.pick(), 1);
});

// ---------------------------------------------------------------- two choices
balance("of two that are drawn the less loaded is picked: never the most loaded of all", (yard) => {
  yard.publish(field.POWER_OF_TWO, [1, 1, 1, 1, 1]);
  for (let flow = 0; flow < 10; flow++) yard.begin(3);
  assert.is(countPicks(yard.picks(1000), 5)[3], 0);
});

balance("two choices keep everybody near the mean", (yard) => {
  yard.publish(
    field.POWER_OF_TWO,
    Array.from({ length: 100 }, () => 1),
  );
  for (let flow = 0; flow < 10_000; flow++) yard.begin(yard.pick()!);
  const most = Math.max(...Array.from({ length: 100 }, (_, number) => yard.active(number)));
  assert.ok(most <= 104, `the mean is 100, the most ${most}`);
});

test.run();
