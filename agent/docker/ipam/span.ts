/** Prefixes as runs of whole numbers, so that they can be compared and counted whatever their length. */
import { type Family, networkAddress, readAddress } from "../../../bindings/config/ip-address.ts";
import { numberOf } from "../../../bindings/ipam/address-number.ts";

export interface Span {
  family: Family;
  /** The first and the last address of the prefix. */
  first: bigint;
  last: bigint;
}

/** @param prefix in any spelling that `readAddress` reads; bits behind the prefix do not count, and an address without one is alone. */
export function spanOf(prefix: string): Span {
  const read = readAddress(prefix)!;
  const { family, prefixLength } = read;
  const first = numberOf(networkAddress(read));
  return { family, first, last: prefixLength === null ? first : first + sizeOf(family, prefixLength) - 1n };
}

/** How many addresses a prefix of this length has. */
export function sizeOf(family: Family, prefixLength: number): bigint {
  return 1n << BigInt((family === 4 ? 32 : 128) - prefixLength);
}

/** True when some address is in both. */
export function areOverlapping(one: Span, other: Span): boolean {
  return one.family === other.family && one.first <= other.last && other.first <= one.last;
}

/** True when all of `part` is in `whole`. */
export function isInside(whole: Span, part: Span): boolean {
  return whole.family === part.family && whole.first <= part.first && part.last <= whole.last;
}
