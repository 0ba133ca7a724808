/** The same numbers every time (mulberry32): `next(n)` is a whole number from 0 to n - 1. */
export type Random = (below: number) => number;

export function random(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** The numbers from 0 to `count` - 1, each once. */
export function shuffled(count: number, next: Random): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let left = count - 1; left > 0; left--) {
    const other = next(left + 1);
    [order[left], order[other]] = [order[other] as number, order[left] as number];
  }
  return order;
}
