/** Loads and stores that other workers and the other process see. Every atomic of the project is here, so that a build
 *  without threads (isolation "inline", browsers, wasm2c) is the same source with plain ones. Sequentially consistent, as
 *  Wasm has no weaker kind. Counters with a single writer do not need these: an aligned 64-bit store is never torn.
 *  Addresses must be aligned to the width, else the engine traps. */

/** What is at `pointer` now. */
export function load32(pointer: usize): u32 {
  if (ASC_FEATURE_THREADS) return atomic.load<u32>(pointer);
  return load<u32>(pointer);
}

/** Writes `value`; everything written before is visible to whoever sees it. */
export function store32(pointer: usize, value: u32): void {
  if (ASC_FEATURE_THREADS) atomic.store<u32>(pointer, value);
  else store<u32>(pointer, value);
}

/** Adds `value` (wrapping) and returns what was there before. */
export function add32(pointer: usize, value: u32): u32 {
  if (ASC_FEATURE_THREADS) return atomic.add<u32>(pointer, value);
  const before = load<u32>(pointer);
  store<u32>(pointer, before + value);
  return before;
}

/** Writes `value` and returns what was there before. */
export function exchange32(pointer: usize, value: u32): u32 {
  if (ASC_FEATURE_THREADS) return atomic.xchg<u32>(pointer, value);
  const before = load<u32>(pointer);
  store<u32>(pointer, value);
  return before;
}

/** What is at `pointer` now, never half of one write and half of another. */
export function load64(pointer: usize): u64 {
  if (ASC_FEATURE_THREADS) return atomic.load<u64>(pointer);
  return load<u64>(pointer);
}

/** Writes `value` as a whole; everything written before is visible to whoever sees it. */
export function store64(pointer: usize, value: u64): void {
  if (ASC_FEATURE_THREADS) atomic.store<u64>(pointer, value);
  else store<u64>(pointer, value);
}

/** Adds `value` (wrapping) and returns what was there before. */
export function add64(pointer: usize, value: u64): u64 {
  if (ASC_FEATURE_THREADS) return atomic.add<u64>(pointer, value);
  const before = load<u64>(pointer);
  store<u64>(pointer, before + value);
  return before;
}

/** Writes `value` if `expected` is there; true when it was. */
export function compareExchange64(pointer: usize, expected: u64, value: u64): bool {
  if (ASC_FEATURE_THREADS) return atomic.cmpxchg<u64>(pointer, expected, value) == expected;
  if (load<u64>(pointer) != expected) return false;
  store<u64>(pointer, value);
  return true;
}
