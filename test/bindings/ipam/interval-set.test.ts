/** Runs of numbers, held to a plain set. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { IntervalSet } from "../../../bindings/ipam/interval-set.ts";
import { scale } from "../../scale.ts";
import { random } from "../../support/packet/random.ts";
import { seedOf } from "../../support/seed.ts";

const test = suite("interval set");
const SPAN = 40;
const numbers = Array.from({ length: SPAN }, (_, number) => number);

function isSame(set: IntervalSet, model: ReadonlySet<number>): boolean {
  return numbers.every((number) => {
    let free = number;
    while (model.has(free)) free++;
    return set.has(BigInt(number)) === model.has(number) && set.nextFree(BigInt(number)) === BigInt(free);
  });
}

test("it says what a set of numbers says, whatever comes and goes in whichever order", () => {
  const { below } = random(seedOf("interval set"));
  const [set, model] = [new IntervalSet(), new Set<number>()];
  for (let event = 0; event < scale.poolEvents; event++) {
    const number = below(SPAN);
    if (below(2) === 0) {
      assert.is(set.add(BigInt(number)), !model.has(number));
      model.add(number);
    } else assert.is(set.delete(BigInt(number)), model.delete(number));
    assert.ok(isSame(set, model), `after event ${event}`);
    const [first, last] = [below(SPAN), below(SPAN)];
    const inside = [...model].filter((each) => each >= first && each <= last).length;
    assert.is(set.count(BigInt(first), BigInt(last)), BigInt(inside), `${first} to ${last}`);
  }
});

test("numbers of 128 bits are no larger than others", () => {
  const set = new IntervalSet();
  const high = (1n << 128n) - 1n;
  assert.ok(set.add(high) && set.add(high - 2n) && set.add(high - 1n));
  assert.is(set.nextFree(high - 2n), high + 1n);
  assert.ok(set.delete(high - 1n));
  assert.is(set.nextFree(high - 2n), high - 1n);
  assert.is(set.count(0n, high), 2n);
});

test.run();
