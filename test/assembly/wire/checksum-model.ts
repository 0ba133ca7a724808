/** The Internet checksum as RFC 1071 words it: byte pairs, big endian, carries added at the end. Slow and obvious. */

/** The one's complement sum of several pieces of data, one behind the other; 0-0xffff. */
export function onesComplementSum(...parts: ArrayLike<number>[]): number {
  const bytes = parts.flatMap((part) => Array.from(part));
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes[at]! * 256 + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = Math.floor(sum / 0x10000) + (sum % 0x10000);
  return sum;
}

/** What stands in a header's checksum field. */
export function internetChecksum(...parts: ArrayLike<number>[]): number {
  return 0xffff - onesComplementSum(...parts);
}

const u16 = (value: number): number[] => [value >>> 8, value & 255];
const u32 = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];

/** RFC 768, RFC 9293; addresses of 4 bytes. */
export function pseudoHeader4(source: ArrayLike<number>, destination: ArrayLike<number>, protocol: number, length: number): number[] {
  return [...Array.from(source), ...Array.from(destination), 0, protocol, ...u16(length)];
}

/** RFC 8200, section 8.1; addresses of 16 bytes. */
export function pseudoHeader6(source: ArrayLike<number>, destination: ArrayLike<number>, protocol: number, length: number): number[] {
  return [...Array.from(source), ...Array.from(destination), ...u32(length), 0, 0, 0, protocol];
}
