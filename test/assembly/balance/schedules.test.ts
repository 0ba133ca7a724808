/** Round robin, weighted round robin and random: exact counts, whatever is unusable, and no new beginning when the set changes. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as field from "../../../assembly/abi/service.ts";
import { smoothSchedule } from "../../../bindings/service/schedule.ts";
import { balance } from "../../support/balance-story.ts";
import { countPicks } from "../../support/balance-yard.ts";

const ones = (count: number): number[] => Array.from({ length: count }, () => 1);

balance("a service without backends has none to give", (yard) => {
  assert.is(yard.pick(), null, "nothing is published");
  yard.publish(field.ROUND_ROBIN, []);
  assert.is(yard.pick(), null);
});

for (const [name, algorithm] of Object.entries(field).filter(
  ([name]) => name === name.toUpperCase() && /ROUND_ROBIN|LEAST|POWER|HASH|MAGLEV|RANDOM/.test(name),
)) {
  balance(`${name}: only backends that may be chosen are, down to the last, and then none`, (yard) => {
    yard.publish(algorithm, [1, 2, 3, 4, 5]);
    for (const [gone, number] of [3, 0, 4, 1].entries()) {
      yard.set(number, { weight: number + 1, isUsable: gone % 2 === 1, maxActive: 1 });
      if (gone % 2 === 1) yard.begin(number);
      const out = [3, 0, 4, 1].slice(0, gone + 1);
      for (let flow = 0n; flow < 100n; flow++) {
        const picked = yard.pick((flow * 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn);
        assert.ok(picked !== null && !out.includes(picked), `${picked} is picked`);
      }
    }
    yard.set(2, { weight: 0 });
    assert.is(yard.pick(), null);
    yard.finish(0);
    assert.is(yard.pick(), 0, "it has room again");
  });
}

balance("round robin goes from one to the next, weights or not", (yard) => {
  yard.publish(field.ROUND_ROBIN, [1, 5, 9]);
  assert.equal(yard.picks(7), [0, 1, 2, 0, 1, 2, 0]);
});

balance("a thousand backends have all the same share of round robin", (yard) => {
  yard.publish(field.ROUND_ROBIN, ones(1000));
  assert.ok(countPicks(yard.picks(5000), 1000).every((count) => count === 5));
});

balance("round robin passes over the unusable, and the others share evenly", (yard) => {
  yard.publish(field.ROUND_ROBIN, ones(4));
  yard.set(1, { weight: 1, isUsable: false });
  assert.equal(countPicks(yard.picks(300), 4), [100, 0, 100, 100]);
});

balance("weighted round robin is as smooth as its schedule", (yard) => {
  const weights = [5, 1, 1];
  yard.publish(field.WEIGHTED_ROUND_ROBIN, weights);
  assert.equal(yard.picks(14), [...smoothSchedule(weights), ...smoothSchedule(weights)]);
  assert.equal(countPicks(yard.picks(700), 3), [500, 100, 100]);
});

balance("of weighted round robin a thousand backends have what their weights say", (yard) => {
  const weights = Array.from({ length: 1000 }, (_, index) => 1 + (index % 5));
  yard.publish(field.WEIGHTED_ROUND_ROBIN, weights);
  const total = weights.reduce((all, weight) => all + weight, 0);
  assert.equal(
    countPicks(yard.picks(2 * total), 1000),
    weights.map((weight) => 2 * weight),
  );
});

for (const algorithm of [field.ROUND_ROBIN, field.WEIGHTED_ROUND_ROBIN]) {
  balance(
    `with two workers everybody is within one a worker (${algorithm})`,
    (yard) => {
      yard.publish(algorithm, ones(7));
      const picks = Array.from({ length: 1000 }, (_, flow) => yard.pick(0n, Number(flow % 3 === 0)));
      for (const count of countPicks(picks, 7)) assert.ok(Math.abs(count - 1000 / 7) <= 2, String(count));
    },
    2,
  );

  balance(`a change of the set in the middle begins nothing anew (${algorithm})`, (yard) => {
    const counts = Array.from({ length: 5 }, () => 0);
    for (let round = 0; round < 200; round++) {
      yard.publish(algorithm, ones(4 + (round % 2)));
      for (const number of yard.picks(3)) counts[number!]!++;
    }
    const mean = counts.slice(0, 4).reduce((sum, count) => sum + count, 0) / 4;
    assert.ok(Math.max(...counts.slice(0, 4)) / mean <= 1.1, String(counts));
  });
}

balance("where others have come for others, turns go on behind the one that had the last", (yard) => {
  yard.publish(field.ROUND_ROBIN, [1, 1, 1, 0]);
  assert.equal(yard.picks(2), [0, 1]);
  yard.publish(field.ROUND_ROBIN, [0, 1, 1, 1]);
  assert.equal(yard.picks(4), [2, 3, 1, 2], "as many turns, each another's");
  yard.publish(field.ROUND_ROBIN, [1, 1, 1, 1]);
  assert.equal(yard.picks(3), [3, 0, 1]);
});

balance("where the backend that had the last turn has gone, turns go on as far through the schedule as they were", (yard) => {
  yard.publish(field.ROUND_ROBIN, ones(10));
  assert.is(yard.picks(5).at(-1), 4);
  yard.publish(field.ROUND_ROBIN, ones(21).with(4, 0));
  assert.equal(yard.picks(2), [11, 12], "half of twenty have had theirs");
  yard.publish(field.ROUND_ROBIN, ones(5));
  assert.is(yard.pick(), 3, "12 of 20 are 3 of 5");
});

balance("the algorithm may be another from one flow to the next", (yard) => {
  for (const algorithm of [field.MAGLEV, field.RANDOM, field.LEAST_LOAD, field.ROUND_ROBIN, field.WEIGHTED_ROUND_ROBIN]) {
    yard.publish(algorithm, [1, 2, 3]);
    assert.ok(yard.pick() !== null);
  }
});

balance("chance gives each as many as its weight says, about", (yard) => {
  yard.publish(field.RANDOM, [1, 2, 5]);
  const counts = countPicks(yard.picks(80_000), 3);
  for (const [index, share] of [10_000, 20_000, 50_000].entries())
    assert.ok(Math.abs(counts[index]! - share) < 5 * Math.sqrt(share), String(counts));
});

test.run();
