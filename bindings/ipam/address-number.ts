/** IP addresses as whole numbers, so that pools can count: 32 bits of IPv4, 128 of IPv6, the first byte highest. */
import ipaddr from "ipaddr.js";
import { addressText, type Family } from "../config/ip-address.ts";

const BYTES = { 4: 4, 6: 16 } as const;

/** @param text an address without prefix length, in any spelling. */
export function numberOf(text: string): bigint {
  return ipaddr
    .parse(text)
    .toByteArray()
    .reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

/** The address in canonical text (RFC 5952). */
export function textOf(number: bigint, family: Family): string {
  const bytes = Array.from({ length: BYTES[family] }, (_, index) => Number((number >> BigInt(8 * (BYTES[family] - 1 - index))) & 0xffn));
  return addressText(bytes);
}
