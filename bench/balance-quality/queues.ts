/** Backends that serve one request after the other, in simulated time: each request takes a time of its own, exponentially distributed, and
 *  waits for those before it. */

/** Numbers between 0 and 1 that look random and are the same for the same seed (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A time whose mean is `mean`, from a number between 0 and 1. */
export const exponential = (mean: number, number: number): number => -mean * Math.log(1 - number);

/** A request that has been answered. */
export interface Answer {
  backend: number;
  /** ms. */
  at: number;
  responseMs: number;
}

export class Queues {
  readonly #waiting: Answer[][];
  readonly #freeAt: number[];

  constructor(backends: number) {
    this.#waiting = Array.from({ length: backends }, () => []);
    this.#freeAt = Array.from({ length: backends }, () => 0);
  }

  /** A request comes to `backend` at `now` and takes `serviceMs` of its time. */
  put(backend: number, now: number, serviceMs: number): void {
    const at = Math.max(now, this.#freeAt[backend] ?? 0) + serviceMs;
    this.#freeAt[backend] = at;
    this.#waiting[backend]?.push({ backend, at, responseMs: at - now });
  }

  /** Takes the answers out that have come until `now`, in the order in which they came. */
  take(now: number): Answer[] {
    const come = this.#waiting.flatMap((queue) => {
      const later = queue.findIndex(({ at }) => at > now);
      return queue.splice(0, later < 0 ? queue.length : later);
    });
    return come.sort((a, b) => a.at - b.at);
  }
}
