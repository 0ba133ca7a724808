/** Builders of IPv4 and IPv6 packets, and of the pseudo header that transport checksums cover. */
import { ipv4Address, ipv6Address } from "./address.ts";
import { type Part, bytes, checksum, u16, u32 } from "./bytes.ts";

export const ICMP = 1;
export const IGMP = 2;
export const TCP = 6;
export const UDP = 17;
export const GRE = 47;
export const ICMPV6 = 58;
export const HOP_BY_HOP = 0;
export const ROUTING = 43;
export const FRAGMENT = 44;
export const NO_NEXT_HEADER = 59;
export const DESTINATION_OPTIONS = 60;

export interface Ends {
  source: string;
  destination: string;
}

export interface Ipv4 extends Ends {
  protocol: number;
  id?: number;
  ttl?: number;
  /** Fragment offset in units of eight bytes. */
  fragment?: number;
  more?: boolean;
  /** A multiple of four bytes, up to 40. */
  options?: ArrayLike<number>;
}

/** An IPv4 packet (RFC 791) with a right checksum and length. */
export function ipv4(
  { source, destination, protocol, id = 0, ttl = 64, fragment = 0, more = false, options = [] }: Ipv4,
  ...payload: Part[]
) {
  const content = bytes(...payload);
  const headerBytes = 20 + options.length;
  const flags = u16((more ? 0x2000 : fragment === 0 ? 0x4000 : 0) | fragment);
  const head = [0x40 | (headerBytes / 4), 0, ...u16(headerBytes + content.length), ...u16(id), ...flags, ttl, protocol];
  const ends = [...ipv4Address(source), ...ipv4Address(destination), ...Array.from(options)];
  return bytes(head, u16(checksum(head, 0, 0, ends)), ends, content);
}

export interface Ipv6 extends Ends {
  next: number;
  hopLimit?: number;
}

/** An IPv6 packet (RFC 8200) with a right length. */
export function ipv6({ source, destination, next, hopLimit = 64 }: Ipv6, ...payload: Part[]): Uint8Array {
  const content = bytes(...payload);
  return bytes(u32(0x60000000), u16(content.length), next, hopLimit, ipv6Address(source), ipv6Address(destination), content);
}

/** An IPv6 extension header of options, padded with Pad1 and PadN to a multiple of eight bytes. */
export function extension(next: number, ...options: Part[]): Uint8Array {
  const content = bytes(...options);
  const missing = (8 - ((content.length + 2) % 8)) % 8;
  const padding = missing === 0 ? [] : missing === 1 ? [0] : [1, missing - 2, ...new Array<number>(missing - 2).fill(0)];
  return bytes(next, (content.length + 2 + missing) / 8 - 1, content, padding);
}

/** What a transport checksum covers besides its own bytes (RFC 9293, RFC 8200 section 8.1). */
export function pseudoHeader({ source, destination }: Ends, protocol: number, lengthBytes: number): Uint8Array {
  if (source.includes(":")) return bytes(ipv6Address(source), ipv6Address(destination), u32(lengthBytes), u32(protocol));
  return bytes(ipv4Address(source), ipv4Address(destination), 0, protocol, u16(lengthBytes));
}
