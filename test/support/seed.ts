/** The seed of a test that runs on chance: another one every time, printed, and PORTYARD_SEED repeats one. */

/** A whole number from 1 to 2^32 - 1. */
export function seedOf(name: string): number {
  const seed = Number(process.env.PORTYARD_SEED ?? 0) >>> 0 || (Date.now() ^ (process.pid << 16)) >>> 0 || 1;
  console.log(`# ${name}: PORTYARD_SEED=${seed}`);
  return seed;
}
