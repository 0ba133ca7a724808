/** The monotonic clock in milliseconds, the same in every thread and process of a host (CLOCK_MONOTONIC), without an
 *  allocation for each call. Ageing and time-outs know no other time. */
const base = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Milliseconds since the host was started; never goes back. */
export function monotonicMs(): number {
  return base + performance.now();
}
