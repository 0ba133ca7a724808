/** Times of captures: nanoseconds since 1970 as one bigint for whoever asks, and as two numbers, which cost no memory, on the way of
 *  each frame: whole seconds, less than 0 before 1970, and nanoseconds, 0-999,999,999. */
const NS_PER_SECOND = 1_000_000_000n;

/** A time as two numbers, rounded where they cannot hold it: far beyond what any format can. */
export function split(timeNs: bigint): { seconds: number; nanoseconds: number } {
  const nanoseconds = ((timeNs % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  return { seconds: Number((timeNs - nanoseconds) / NS_PER_SECOND), nanoseconds: Number(nanoseconds) };
}

/** And back. */
export function join(seconds: number, nanoseconds: number): bigint {
  return BigInt(seconds) * NS_PER_SECOND + BigInt(nanoseconds);
}
