/** IP addresses and prefixes in text: strict in what is read (dotted quads of four decimals, no zone), canonical in what
 *  is written (RFC 5952). */
import ipaddr from "ipaddr.js";

export type Family = 4 | 6;

/** An address with the length of its prefix; a bare address has none. */
export interface IpAddress {
  family: Family;
  /** Canonical text, without the prefix length. */
  text: string;
  prefixLength: number | null;
}

type Parsed = ipaddr.IPv4 | ipaddr.IPv6;

function parse(text: string): Parsed | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  return text.includes(":") && !text.includes("%") && ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : null;
}

const family = (address: Parsed): Family => (address.kind() === "ipv4" ? 4 : 6);
const bits = (of: Family): number => (of === 4 ? 32 : 128);
const canonical = (address: Parsed): string => (address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString());

/** Canonical text of an address as it lies in a packet: 4 bytes of IPv4, 16 of IPv6. */
export function addressText(bytes: ArrayLike<number>): string {
  return canonical(ipaddr.fromByteArray(Array.from(bytes)));
}

/** An address as it lies in a packet.
 *  @param text an address, as `readAddress` takes it. */
export function addressBytes(text: string): number[] {
  return ipaddr.parse(text).toByteArray();
}

/** Reads `10.77.0.2`, `10.77.0.2/24`, `fd77::2` or `fd77::2/64`; null when it is none of these. */
export function readAddress(text: string): IpAddress | null {
  const [head, tail, ...rest] = text.split("/");
  const address = parse(head ?? "");
  if (!address || rest.length > 0) return null;
  if (tail === undefined) return { family: family(address), text: canonical(address), prefixLength: null };
  const prefixLength = /^\d{1,3}$/.test(tail) ? Number(tail) : -1;
  if (prefixLength < 0 || prefixLength > bits(family(address))) return null;
  return { family: family(address), text: canonical(address), prefixLength };
}

/** Why `text` cannot be a network's subnet, as the end of a sentence; null when it can. */
export function subnetFault(text: string): string | null {
  const read = readAddress(text);
  if (!read || read.prefixLength === null) return "is not a prefix";
  if (read.prefixLength === 0 || read.prefixLength === bits(read.family)) return "leaves no room for a network";
  if (networkAddress(read) !== read.text) return "has bits set behind its prefix";
  const range = ipaddr.parse(read.text).range();
  const refused = ["multicast", "loopback", "linkLocal", "unspecified", "broadcast", "ipv4Mapped"];
  return refused.includes(range) ? `is a ${range} range` : null;
}

function cut(address: IpAddress, prefixLength: number, fill: 0 | 1): string {
  const bytes = ipaddr.parse(address.text).toByteArray();
  const filled = bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, prefixLength - index * 8));
    const hostMask = 0xff >> kept;
    return (byte & ~hostMask) | (fill ? hostMask : 0);
  });
  return canonical(ipaddr.fromByteArray(filled));
}

/** The first address of the prefix that `address` names. */
export function networkAddress(address: IpAddress): string {
  return cut(address, address.prefixLength ?? bits(address.family), 0);
}

/** True when `address` lies in `subnet`; both as `readAddress` reads them. */
export function contains(subnet: IpAddress, address: IpAddress): boolean {
  return subnet.family === address.family && cut(address, subnet.prefixLength ?? 0, 0) === subnet.text;
}

/** What `address` is in `subnet` when no station may have it: the network's own, or the broadcast address of IPv4 (RFC 922);
 *  for IPv6 the subnet-router anycast address (RFC 4291 section 2.6.1). Point-to-point prefixes (RFC 3021, 6164) have none. */
export function reservedRole(subnet: IpAddress, address: IpAddress): string | null {
  if ((subnet.prefixLength ?? 0) >= bits(subnet.family) - 1) return null;
  if (address.text === subnet.text) return subnet.family === 4 ? "network address" : "subnet-router anycast address";
  return subnet.family === 4 && address.text === cut(subnet, subnet.prefixLength ?? 0, 1) ? "broadcast address" : null;
}

/** This host itself: 127.0.0.0/8 or ::1. */
export function isLoopback(address: IpAddress): boolean {
  return ipaddr.parse(address.text).range() === "loopback";
}

/** True for an address that one station can have, whatever its subnet. */
export function isStationAddress(address: IpAddress): boolean {
  return !["multicast", "loopback", "unspecified", "broadcast", "ipv4Mapped"].includes(ipaddr.parse(address.text).range());
}

/** `10.77.0.2/24`, or the bare address when it has no prefix length. */
export function formatAddress(address: IpAddress): string {
  return address.prefixLength === null ? address.text : `${address.text}/${address.prefixLength}`;
}
