/** Rings of consistent hashing after Maglev (Eisenbud and others, NSDI 2016, section 3.4): which backend a key belongs to, such that
 *  each has its share almost exactly, and few keys move when the set of backends changes. Each backend goes over all places in an
 *  order of its own, made from its name, and they take turns in taking the next free one; a backend of greater weight takes more
 *  turns. A ring depends on names and weights only: every host computes the same. */
import { createHash } from "node:crypto";

/** Places of a ring: prime, and large beside the backends (100 for each, of 655). */
export const RING_PLACES = 65537;

export interface RingBackend {
  /** By which it keeps its places. */
  name: string;
  /** Whole, from 0 on; one of weight 0 has no place. */
  weight: number;
}

/** Index of a backend for each place, of `places` (a prime); empty when no backend has a weight. */
export function maglevRing(backends: readonly RingBackend[], places = RING_PLACES): Uint16Array {
  const heaviest = Math.max(0, ...backends.map(({ weight }) => weight));
  if (heaviest === 0) return new Uint16Array(0);
  const walkers = backends.map(({ name, weight }) => ({ ...walkOf(name, places), share: weight / heaviest, due: 0 }));
  const ring = new Int32Array(places).fill(-1);
  for (let taken = 0; taken < places; ) {
    for (const [index, walker] of walkers.entries()) {
      walker.due += walker.share;
      if (walker.due < 1 || taken === places) continue;
      walker.due -= 1;
      while (ring[walker.at] !== -1) walker.at = (walker.at + walker.skip) % places;
      ring[walker.at] = index;
      taken++;
    }
  }
  return Uint16Array.from(ring);
}

/** Where a backend begins, and how far it steps: any step from 1 on visits every place, as their number is prime. */
function walkOf(name: string, places: number): { at: number; skip: number } {
  const digest = createHash("sha256").update(name).digest();
  return { at: Number(digest.readBigUInt64LE(0) % BigInt(places)), skip: 1 + Number(digest.readBigUInt64LE(8) % BigInt(places - 1)) };
}
