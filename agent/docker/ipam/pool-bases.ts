/** Where pools come from that nobody names: each base is a prefix that is cut into pools of one size. What is chosen next is the
 *  next free one behind that chosen last, round all bases of the family, so that a subnet that was just released rests as long as
 *  it can: routes and neighbours that still know it do not meet a network of another.
 *
 *      10.210.0.0/16 in /24:   | 10.210.0.0/24 | 10.210.1.0/24 | ... | 10.210.255.0/24 |
 */
import { type Family, readAddress } from "../../../bindings/config/ip-address.ts";
import { textOf } from "../../../bindings/ipam/address-number.ts";
import { areOverlapping, type Span, sizeOf, spanOf } from "./span.ts";

export interface PoolBase {
  /** Prefix that pools are cut from: `10.210.0.0/16`. */
  base: string;
  /** Length of each pool's prefix, in bits: from that of the base to 16 more, at most 30 (IPv4) or 126 (IPv6). */
  size: number;
}

interface Cut extends Span {
  size: number;
  /** Addresses of each pool. */
  step: bigint;
}

/** One way through a cut: the pools from `first` to `last`. */
interface Stretch {
  cut: Cut;
  first: bigint;
  last: bigint;
}

export class PoolBases {
  readonly #cuts: readonly Cut[];

  constructor(bases: readonly PoolBase[]) {
    this.#cuts = bases.map(cutOf);
  }

  /** The bases of a family as people read them; empty without any. */
  describe(family: Family): string {
    return this.#of(family)
      .map(({ first, last, size }) => `${textOf(first, family)} to ${textOf(last, family)} in /${size}`)
      .join(", ");
  }

  /** The next pool behind `last` that overlaps none of `held` and that nobody else has; null when there is none.
   *  @param last the subnet that was chosen last; one that is no pool of these bases counts as none.
   *  @param held disjoint, of any family. */
  next(family: Family, last: string | null, held: readonly Span[], isTaken: (subnet: string) => boolean): string | null {
    for (const stretch of this.#round(family, last)) {
      const subnet = firstFree(stretch, held, isTaken);
      if (subnet !== null) return subnet;
    }
    return null;
  }

  #of(family: Family): Cut[] {
    return this.#cuts.filter((cut) => cut.family === family);
  }

  /** Every pool of the family once, beginning behind `last`. */
  #round(family: Family, last: string | null): Stretch[] {
    const cuts = this.#of(family);
    const at = last === null ? -1 : cuts.findIndex((cut) => isCutFrom(cut, last));
    const cut = cuts[at];
    if (last === null || cut === undefined) return cuts.map(whole);
    const { first } = spanOf(last);
    const others = [...cuts.slice(at + 1), ...cuts.slice(0, at)];
    return [{ cut, first: first + cut.step, last: cut.last }, ...others.map(whole), { cut, first: cut.first, last: first }];
  }
}

/** The configuration's schema (bindings/config/docker-schema.ts) has checked it. */
function cutOf({ base, size }: PoolBase): Cut {
  return { ...spanOf(base), size, step: sizeOf(readAddress(base)!.family, size) };
}

function isCutFrom(cut: Cut, subnet: string): boolean {
  return readAddress(subnet)?.prefixLength === cut.size && areOverlapping(cut, spanOf(subnet));
}

function whole(cut: Cut): Stretch {
  return { cut, first: cut.first, last: cut.last };
}

/** A pool that is held is passed in one step, however many of the stretch it covers. */
function firstFree({ cut, first, last }: Stretch, held: readonly Span[], isTaken: (subnet: string) => boolean): string | null {
  for (let at = first; at <= last; ) {
    const pool: Span = { family: cut.family, first: at, last: at + cut.step - 1n };
    const obstacle = held.find((span) => areOverlapping(span, pool));
    if (obstacle !== undefined) {
      at += ((obstacle.last - at) / cut.step + 1n) * cut.step;
      continue;
    }
    const subnet = `${textOf(at, cut.family)}/${cut.size}`;
    if (!isTaken(subnet)) return subnet;
    at += cut.step;
  }
  return null;
}
