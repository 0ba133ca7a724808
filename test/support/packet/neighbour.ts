/** Builders of neighbour discovery (RFC 4861), multicast listener reports (RFC 2710) and DHCP messages, as whole frames. */
import { ipv6Address } from "./address.ts";
import { type Part, bytes, hex, ramp, u16, u32 } from "./bytes.ts";
import { TYPE_IPV4, TYPE_IPV6, ethernet } from "./ethernet.ts";
import { type Ends, HOP_BY_HOP, ICMPV6, UDP, extension, ipv4, ipv6 } from "./ip.ts";
import { icmpv6, udp } from "./transport.ts";

export const ROUTER_SOLICITATION = 133;
export const ROUTER_ADVERTISEMENT = 134;
export const SOLICITATION = 135;
export const ADVERTISEMENT = 136;
export const REDIRECT = 137;
export const SOURCE_LINK = 1;
export const TARGET_LINK = 2;

/** MAC addresses of a frame. */
export interface Link {
  from: string;
  to: string;
}

/** An option that carries a MAC, 8 bytes. */
export function linkOption(type: number, mac: string): Uint8Array {
  return bytes(type, 1, hex(mac));
}

/** Where solicitations for `target` go (RFC 4291 section 2.7.1): group address and its MAC. */
export function solicitedNode(target: string): { address: string; mac: string } {
  const last = Buffer.from(ipv6Address(target).subarray(13)).toString("hex");
  return { address: `ff02::1:ff${last.slice(0, 2)}:${last.slice(2)}`, mac: `33:33:ff:${last.match(/../g)?.join(":")}` };
}

/** A frame with an ICMPv6 message and a hop limit of 255. */
export function discovery(link: Link, ends: Ends, type: number, body: Part[], code = 0): Uint8Array {
  return icmpv6Frame(link, ends, icmpv6(ends, type, code, ...body));
}

export function icmpv6Frame({ from, to }: Link, ends: Ends, message: Uint8Array): Uint8Array {
  return ethernet(to, from, TYPE_IPV6, ipv6({ ...ends, next: ICMPV6, hopLimit: 255 }, message));
}

/** "Who has `target`?", to the group that it listens to. */
export function solicitation(from: string, source: string, target: string, ...options: Part[]): Uint8Array {
  const { address, mac } = solicitedNode(target);
  return discovery({ from, to: mac }, { source, destination: address }, SOLICITATION, [u32(0), ipv6Address(target), ...options]);
}

/** "`target` is here", to all nodes, with the given flags in the highest byte. */
export function advertisement(from: string, source: string, target: string, flags: number, ...options: Part[]): Uint8Array {
  const link = { from, to: "33:33:00:00:00:01" };
  return discovery(link, { source, destination: "ff02::1" }, ADVERTISEMENT, [flags, 0, 0, 0, ipv6Address(target), ...options]);
}

/** A multicast listener message with its router alert: 130 query, 131 report, 132 done, 143 report of version 2. */
export function listener(from: string, source: string, type: number): Uint8Array {
  const ends = { source, destination: "ff02::16" };
  const message = icmpv6(ends, type, 0, u32(0), type === 143 ? [] : ipv6Address("ff02::1:ff00:1"));
  const alert = extension(ICMPV6, 5, 2, 0, 0);
  return ethernet("33:33:00:00:00:16", from, TYPE_IPV6, ipv6({ ...ends, next: HOP_BY_HOP, hopLimit: 1 }, alert, message));
}

export function udp4(link: Link, ends: Ends, sourcePort: number, targetPort: number, payload: Part = ramp(40)): Uint8Array {
  return ethernet(link.to, link.from, TYPE_IPV4, ipv4({ ...ends, protocol: UDP }, udp(ends, { sourcePort, targetPort }, payload)));
}
export function udp6(link: Link, ends: Ends, sourcePort: number, targetPort: number, payload: Part = ramp(40)): Uint8Array {
  return ethernet(link.to, link.from, TYPE_IPV6, ipv6({ ...ends, next: UDP }, udp(ends, { sourcePort, targetPort }, payload)));
}

/** The link-local address that a station makes from its MAC (RFC 4291, appendix A). */
export function eui64(mac: string): string {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = hex(mac);
  const groups = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f];
  return `fe80::${groups.map((group) => group.toString(16)).join(":")}`;
}

/** An IPv6 fragment header: offset in units of eight bytes. */
export function fragmentHeader(next: number, offset: number, more: boolean, id = 7): number[] {
  return [next, 0, ...u16((offset << 3) | (more ? 1 : 0)), ...u32(id)];
}
