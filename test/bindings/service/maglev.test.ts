/** Rings of consistent hashing: shares, and how few places move. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { maglevRing, RING_PLACES, type RingBackend } from "../../../bindings/service/maglev.ts";

const backends = (count: number, weight = 1): RingBackend[] =>
  Array.from({ length: count }, (_, index) => ({ name: `backend-${index}`, weight }));

function shares(ring: Uint16Array, count: number): number[] {
  const found = Array.from({ length: count }, () => 0);
  for (const index of ring) found[index]!++;
  return found;
}

test("with 100 backends the greatest share is at most 1.01 times the mean", () => {
  const found = shares(maglevRing(backends(100)), 100);
  assert.ok(Math.max(...found) / (RING_PLACES / 100) <= 1.01, `${Math.max(...found)} of ${RING_PLACES / 100}`);
  assert.ok(Math.min(...found) / (RING_PLACES / 100) >= 0.99);
});

test("of the places of those that stay at most 2 % move when one of 100 goes, wherever it stood", () => {
  const all = backends(100);
  const before = maglevRing(all);
  for (const gone of [0, 1, 37, 99]) {
    const left = all.filter((_, index) => index !== gone);
    const after = maglevRing(left);
    const moved = before.reduce(
      (count, index, place) => count + Number(index !== gone && all[index]!.name !== left[after[place]!]!.name),
      0,
    );
    assert.ok(moved / RING_PLACES <= 0.02, `${moved} places moved needlessly`);
  }
});

test("a ring depends on names and weights, not on anything else", () => {
  assert.equal(maglevRing(backends(7)), maglevRing(backends(7)));
  assert.not.equal(maglevRing(backends(7)), maglevRing(backends(7).map(({ name, weight }) => ({ name: `${name}x`, weight }))));
});

test("shares are as the weights, in any scale", () => {
  const ring = maglevRing([1, 2, 5].map((weight, index) => ({ name: `b${index}`, weight })));
  const found = shares(ring, 3);
  for (const [index, weight] of [1, 2, 5].entries()) assert.ok(Math.abs(found[index]! - (RING_PLACES * weight) / 8) <= 2, String(found));
  assert.equal(maglevRing([10, 20, 50].map((weight, index) => ({ name: `b${index}`, weight }))), ring);
});

test("a backend without weight has no place, and without any there is no ring", () => {
  assert.is(shares(maglevRing([...backends(3), { name: "drained", weight: 0 }]), 4)[3], 0);
  assert.is(maglevRing(backends(3, 0)).length, 0);
  assert.is(maglevRing([]).length, 0);
});

test("one backend has every place, and a thousand have all their share of a small ring", () => {
  assert.equal(shares(maglevRing(backends(1)), 1), [RING_PLACES]);
  const found = shares(maglevRing(backends(100), 251), 100);
  assert.ok(Math.min(...found) >= 2 && Math.max(...found) <= 3, String(found));
});

test.run();
