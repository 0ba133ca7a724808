/** The addresses of one subnet, and which of them somebody has. What is given next is the next free one behind that given
 *  last, round the range: an address that was just released rests as long as it can, so that neighbours that still know its
 *  old MAC, and connections that still run, do not meet somebody else. The same state gives the same address.
 *
 *      | network | 1 ....... range ....... | last usable | broadcast |      /24: network and broadcast are nobody's
 *
 *  Nothing is kept for an address that nobody has, so a /8 and a /64 cost no more than a /24. */
import { networkAddress, readAddress, reservedRole } from "../config/ip-address.ts";
import { numberOf, textOf } from "./address-number.ts";
import { IntervalSet } from "./interval-set.ts";

export interface PoolOptions {
  /** Part of the subnet that addresses are given from, as a prefix (10.77.0.64/26) or from-to (10.77.0.10-10.77.0.19);
   *  default all of it. What is asked for by name may lie outside of it. */
  range?: string;
  /** Addresses that are neither given nor released: a gateway's, for example. */
  reserved?: Iterable<string>;
}

/** What became of a request for one address: it is the asker's; somebody has it; nobody may have it; the subnet does not. */
export type Claim = "given" | "taken" | "reserved" | "outside";

interface Range {
  first: bigint;
  last: bigint;
}

export class AddressPool {
  readonly family: 4 | 6;
  readonly #usable: Range;
  readonly #range: Range;
  /** Everything that is not to be given: reserved, or somebody's. */
  readonly #used = new IntervalSet();
  readonly #reserved = new Set<bigint>();
  #last: bigint;

  /** @param subnet a prefix with no bits set behind it, as a network has it.
   *  @throws RangeError when `range` names no address of the subnet that may be given. */
  constructor(subnet: string, { range, reserved = [] }: PoolOptions = {}) {
    const { family } = readAddress(subnet)!;
    this.family = family;
    this.#usable = usable(subnet);
    this.#range = range === undefined ? this.#usable : overlap(this.#usable, readRange(range), range);
    for (const address of reserved) this.#reserve(address);
    this.#last = this.#range.first - 1n;
  }

  /** The address that was given last; null before the first. */
  get last(): string | null {
    return this.#last < this.#range.first ? null : textOf(this.#last, this.family);
  }

  /** Goes on behind the address that was given last before a restart; from the beginning when it is not of the range. */
  resume(last: string | null): void {
    const number = last === null ? null : this.#numberOf(last);
    this.#last = number !== null && isIn(this.#range, number) ? number : this.#range.first - 1n;
  }

  /** Addresses of the range that nobody has. */
  get freeCount(): bigint {
    const { first, last } = this.#range;
    return last - first + 1n - this.#used.count(first, last);
  }

  /** Gives the next free address; null when there is none. */
  take(): string | null {
    const { first, last } = this.#range;
    const behind = this.#used.nextFree(this.#last + 1n);
    const next = behind <= last ? behind : this.#used.nextFree(first);
    if (next > last) return null;
    this.#used.add(next);
    this.#last = next;
    return textOf(next, this.family);
  }

  /** Gives this very address, of the subnet but not necessarily of the range. */
  request(address: string): Claim {
    const number = this.#numberOf(address);
    if (number === null) return "outside";
    if (this.#reserved.has(number)) return "reserved";
    return this.#used.add(number) ? "given" : "taken";
  }

  /** Takes an address back; false when nobody had it. */
  release(address: string): boolean {
    const number = this.#numberOf(address);
    return number !== null && !this.#reserved.has(number) && this.#used.delete(number);
  }

  #reserve(address: string): void {
    const number = this.#numberOf(address);
    if (number === null) return;
    this.#reserved.add(number);
    this.#used.add(number);
  }

  /** Null when nobody of the subnet can have it. */
  #numberOf(address: string): bigint | null {
    if (readAddress(address)?.family !== this.family) return null;
    const number = numberOf(address);
    return isIn(this.#usable, number) ? number : null;
  }
}

/** The last address of a subnet that a station can have. */
export function lastUsable(subnet: string): string {
  return textOf(usable(subnet).last, readAddress(subnet)!.family);
}

/** Without what no station may have (`reservedRole`): its own address, and the broadcast address of IPv4. */
function usable(subnet: string): Range {
  const { first, last } = bounds(subnet);
  const read = readAddress(subnet)!;
  const isNobodys = (number: bigint) =>
    reservedRole({ ...read, text: networkAddress(read) }, { ...read, text: textOf(number, read.family) }) !== null;
  return { first: isNobodys(first) ? first + 1n : first, last: isNobodys(last) ? last - 1n : last };
}

function bounds(prefix: string): Range {
  const read = readAddress(prefix)!;
  const first = numberOf(networkAddress(read));
  const hostBits = BigInt((read.family === 4 ? 32 : 128) - (read.prefixLength ?? 0));
  return { first, last: first + (1n << hostBits) - 1n };
}

function readRange(range: string): Range {
  const [from = "", to] = range.split("-");
  if (to === undefined) return bounds(from);
  return { first: numberOf(from), last: numberOf(to) };
}

function overlap(whole: Range, part: Range, text: string): Range {
  const first = isIn(whole, part.first) ? part.first : whole.first;
  const last = isIn(whole, part.last) ? part.last : whole.last;
  if (part.last < first || last < part.first || first > last)
    throw new RangeError(`the range ${text} has no address of the subnet that may be given`);
  return { first, last };
}

function isIn({ first, last }: Range, number: bigint): boolean {
  return first <= number && number <= last;
}
