/** Source hash and Maglev: the same for the same key, shares as the weights, and few keys move. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as field from "../../../assembly/abi/service.ts";
import { balance } from "../../support/balance-story.ts";
import { type BalanceYard, countPicks } from "../../support/balance-yard.ts";
import { random } from "../../support/packet/random.ts";

const KEYS = 20_000;
const draw = random(5);
const keys = Array.from({ length: KEYS }, () => (BigInt(draw.below(2 ** 32)) << 32n) | BigInt(draw.below(2 ** 32)));
const byKey = (yard: BalanceYard, worker = 0): (number | null)[] => keys.map((key) => yard.pick(key, worker));
const ones = (count: number): number[] => Array.from({ length: count }, () => 1);

for (const algorithm of [field.SOURCE_HASH, field.MAGLEV]) {
  const name = algorithm === field.MAGLEV ? "maglev" : "source hash";

  balance(
    `${name}: the same key has the same backend, on every worker`,
    (yard) => {
      yard.publish(algorithm, [1, 2, 3]);
      const first = byKey(yard);
      assert.equal(byKey(yard), first);
      assert.equal(byKey(yard, 1), first);
    },
    2,
  );

  balance(`${name}: keys are shared as the weights say`, (yard) => {
    yard.publish(algorithm, [1, 2, 5]);
    const counts = countPicks(byKey(yard), 3);
    for (const [index, share] of [1, 2, 5].entries()) {
      const expected = (KEYS * share) / 8;
      assert.ok(Math.abs(counts[index]! - expected) < 5 * Math.sqrt(expected), String(counts));
    }
  });

  balance(`${name}: keys of a backend that may not be chosen go to all others, those of the others stay`, (yard) => {
    yard.publish(algorithm, ones(10));
    const before = byKey(yard);
    yard.set(4, { weight: 1, isUsable: false });
    const after = byKey(yard);
    for (const [index, picked] of before.entries()) if (picked !== 4) assert.is(after[index], picked);
    if (algorithm === field.MAGLEV) {
      const moved = countPicks(
        after.filter((_, index) => before[index] === 4),
        10,
      );
      assert.ok(
        moved.every((count, number) => number === 4 || count > 100),
        String(moved),
      );
    }
  });
}

balance("maglev: keys of a backend that may not be chosen are shared among the others as their weights say", (yard) => {
  yard.publish(field.MAGLEV, [2, 1, 5]);
  const before = byKey(yard);
  yard.set(0, { weight: 2, isUsable: false });
  const moved = byKey(yard).filter((_, index) => before[index] === 0);
  const expected = (moved.length * 5) / 6;
  assert.ok(moved.length > KEYS / 5);
  assert.ok(Math.abs(countPicks(moved, 3)[2]! - expected) < 5 * Math.sqrt(expected / 6), String(countPicks(moved, 3)));
});

balance("maglev: of the keys that need not move when one of 100 backends goes at most 2 % do", (yard) => {
  yard.publish(field.MAGLEV, ones(100));
  const before = byKey(yard);
  yard.publish(field.MAGLEV, ones(100).with(37, 0));
  const after = byKey(yard);
  const moved = before.filter((picked, index) => picked !== 37 && picked !== after[index]).length;
  assert.ok(moved / KEYS <= 0.02, `${moved} of ${KEYS}`);
  assert.not(after.includes(37));
});

test.run();
