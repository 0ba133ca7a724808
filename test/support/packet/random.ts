/** Numbers that look random and are the same every time (mulberry32). */
export interface Random {
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
  bytes(count: number): Uint8Array;
  pick<T>(items: readonly T[]): T;
}

export function random(seed: number): Random {
  let state = seed >>> 0;
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * limit);
  };
  return {
    below,
    bytes: (count) => Uint8Array.from({ length: count }, () => below(256)),
    pick: (items) => items[below(items.length)] as (typeof items)[number],
  };
}
