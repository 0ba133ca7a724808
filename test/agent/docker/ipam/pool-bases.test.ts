/** Where chosen pools come from: the order, what is passed over. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DEFAULT_POOLS } from "../../../../bindings/config/defaults.ts";
import { PoolBases } from "../../../../agent/docker/ipam/pool-bases.ts";
import { spanOf } from "../../../../agent/docker/ipam/span.ts";

const test = suite("pool bases");
const none = (): boolean => false;
const TWO_BASES = [
  { base: "10.210.0.0/23", size: 24 },
  { base: "fd70:7970::/48", size: 64 },
  { base: "10.220.0.0/23", size: 24 },
];

test("the next pool is the one behind the last, through all bases of the family and round", () => {
  const bases = new PoolBases(TWO_BASES);
  const seen: string[] = [];
  for (let last: string | null = null; seen.length < 5; seen.push(last)) last = bases.next(4, last, [], none)!;
  assert.equal(seen, ["10.210.0.0/24", "10.210.1.0/24", "10.220.0.0/24", "10.220.1.0/24", "10.210.0.0/24"]);
  assert.is(bases.next(6, "fd70:7970:0:ffff::/64", [], none), "fd70:7970::/64");
});

test("the one that was last comes last, when all others are somebody's", () => {
  const bases = new PoolBases(TWO_BASES);
  const isTaken = (subnet: string): boolean => subnet !== "10.220.0.0/24";
  assert.is(bases.next(4, "10.220.0.0/24", [], isTaken), "10.220.0.0/24");
  assert.is(
    bases.next(4, "10.220.0.0/24", [], () => true),
    null,
  );
});

test("what is held is passed over, be it larger or smaller than a pool", () => {
  const bases = new PoolBases(TWO_BASES);
  assert.is(bases.next(4, null, ["10.208.0.0/13", "10.220.0.255/32"].map(spanOf), none), "10.220.1.0/24");
  assert.is(bases.next(6, null, [spanOf("fd70:7970::/49")], none), "fd70:7970:0:8000::/64");
});

test("a last one that is of no base, as after the option was changed, counts as none", () => {
  const bases = new PoolBases(TWO_BASES);
  for (const last of ["10.230.0.0/24", "10.210.0.0/25", "fd70:7970::/64"]) assert.is(bases.next(4, last, [], none), "10.210.0.0/24");
});

test("a family without bases has no pool", () => {
  const bases = new PoolBases(TWO_BASES.filter(({ base }) => !base.includes(":")));
  assert.equal([bases.next(6, null, [], none), bases.describe(6)], [null, ""]);
  assert.is(bases.describe(4), "10.210.0.0 to 10.210.1.255 in /24, 10.220.0.0 to 10.220.1.255 in /24");
});

test("the default ones have 256 and 65,536 pools, and are asked after one by one at most", () => {
  const bases = new PoolBases(DEFAULT_POOLS);
  for (const [family, count] of [
    [4, 256],
    [6, 65_536],
  ] as const) {
    const asked = new Set<string>();
    assert.is(
      bases.next(family, null, [], (subnet) => asked.add(subnet).size > 0),
      null,
    );
    assert.is(asked.size, count);
  }
});

test.run();
