/** Prefixes as runs of numbers. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { areOverlapping, isInside, sizeOf, spanOf } from "../../../../agent/docker/ipam/span.ts";

const test = suite("span");

test("a prefix is the run of its addresses", () => {
  assert.equal(spanOf("10.0.0.0/24"), { family: 4, first: 0x0a000000n, last: 0x0a0000ffn });
  assert.equal(spanOf("10.0.0.9/24"), spanOf("10.0.0.0/24"));
  assert.equal(spanOf("10.0.0.9"), { family: 4, first: 0x0a000009n, last: 0x0a000009n }, "as iproute2 writes the route to a host");
  assert.equal(spanOf("::1"), { family: 6, first: 1n, last: 1n });
  assert.equal(spanOf("::/0"), { family: 6, first: 0n, last: (1n << 128n) - 1n });
  assert.equal([sizeOf(4, 32), sizeOf(4, 24), sizeOf(6, 64)], [1n, 256n, 1n << 64n]);
});

test("prefixes overlap when one is in the other, never across families", () => {
  for (const [one, other, overlap, inside] of [
    ["10.0.0.0/24", "10.0.0.0/24", true, true],
    ["10.0.0.0/24", "10.0.0.128/25", true, true],
    ["10.0.0.128/25", "10.0.0.0/24", true, false],
    ["10.0.0.0/24", "10.0.1.0/24", false, false],
    ["10.0.0.0/25", "10.0.0.128/25", false, false],
    ["0.0.0.0/0", "::a00:0/120", false, false],
  ] as const) {
    assert.is(areOverlapping(spanOf(one), spanOf(other)), overlap, `${one} and ${other}`);
    assert.is(isInside(spanOf(one), spanOf(other)), inside, `${other} in ${one}`);
  }
});

test.run();
