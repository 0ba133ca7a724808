/** Room for slates (assembly/abi/service.ts) between two addresses: first fit, neighbours joined when they come back. */
import { PortyardError } from "../error.ts";

export interface Gap {
  at: number;
  bytes: number;
}

export class SlateRoom {
  /** By address. */
  #gaps: Gap[];
  /** Those that somebody may still look at. */
  #retired: Gap[] = [];

  /** @param at to `end`, both multiples of 64. */
  constructor(at: number, end: number) {
    this.#gaps = [{ at, bytes: end - at }];
  }

  /** Address of `bytes` bytes, a multiple of 64. @throws PortyardError `slates-exhausted`. */
  take(bytes: number): number {
    const gap = this.#gaps.find((each) => each.bytes >= bytes);
    if (gap === undefined) {
      throw new PortyardError("slates-exhausted", `There is no room for what a balancer with ${bytes} bytes of schedule chooses from.`, {
        value: bytes,
        remedy: "Use fewer services with the algorithm maglev, or fewer backends.",
      });
    }
    const { at } = gap;
    gap.at += bytes;
    gap.bytes -= bytes;
    if (gap.bytes === 0) this.#gaps = this.#gaps.filter((each) => each !== gap);
    return at;
  }

  /** Gives back what `take` gave, when nobody looks at it any more. */
  give(at: number, bytes: number): void {
    const sorted = [...this.#gaps, { at, bytes }].sort((a, b) => a.at - b.at);
    this.#gaps = [];
    for (const gap of sorted) {
      const last = this.#gaps.at(-1);
      if (last !== undefined && last.at + last.bytes === gap.at) last.bytes += gap.bytes;
      else this.#gaps.push(gap);
    }
  }

  /** Takes what a predecessor has published. */
  reserve(at: number, bytes: number): void {
    this.#gaps = this.#gaps.flatMap((gap) => {
      if (at >= gap.at + gap.bytes || at + bytes <= gap.at) return [gap];
      const [before, after] = [at - gap.at, gap.at + gap.bytes - at - bytes];
      return [
        { at: gap.at, bytes: before },
        { at: at + bytes, bytes: after },
      ].filter((rest) => rest.bytes > 0);
    });
  }

  /** Nobody finds it any more, and somebody may still look at it. */
  retire(gap: Gap): void {
    this.#retired.push(gap);
  }
  /** Those that were retired since the last call: they are given back after a grace period. */
  takeRetired(): Gap[] {
    const retired = this.#retired;
    this.#retired = [];
    return retired;
  }
  get hasRetired(): boolean {
    return this.#retired.length > 0;
  }
}
