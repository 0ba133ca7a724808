/** ICMP for IPv6 (RFC 4443), behind the IPv6 header and its extensions; 4 bytes common to all messages.
 *  0      1      2          4
 *  | type | code | checksum | body                 the checksum covers pseudo header, header and body
 *  An echo message's body begins with identifier and sequence, as in ICMP for IPv4. What neighbour discovery says is in
 *  neighbour-discovery.ts. */
import { load16, store16 } from "../memory/bytes";
import { finish, sum, update16, verify } from "./checksum";

export const HEADER_BYTES: u32 = 4;
export const ECHO_HEADER_BYTES: u32 = 8;
const TYPE = 0;
const CODE = 1;
const CHECKSUM = 2;
const IDENTIFIER = 4;
const SEQUENCE = 6;

/** Of an error: four bytes of its type's follow the common ones, then the packet that it is about. */
export const ERROR_HEADER_BYTES: u32 = 8;
export const UNREACHABLE: u32 = 1;
export const PACKET_TOO_BIG: u32 = 2;
export const TIME_EXCEEDED: u32 = 3;
export const PARAMETER_PROBLEM: u32 = 4;
export const ECHO_REQUEST: u32 = 128;
export const ECHO_REPLY: u32 = 129;
export const ROUTER_SOLICITATION: u32 = 133;
export const ROUTER_ADVERTISEMENT: u32 = 134;
export const NEIGHBOUR_SOLICITATION: u32 = 135;
export const NEIGHBOUR_ADVERTISEMENT: u32 = 136;
export const REDIRECT: u32 = 137;

/** Code of UNREACHABLE. */
export const PORT_UNREACHABLE: u32 = 4;

/** True when `availableBytes` hold the common header. */
export function isValid(icmp: usize, availableBytes: u32): bool { return availableBytes >= HEADER_BYTES; }

/** 0-255. */
export function type(icmp: usize): u32 { return load<u8>(icmp, TYPE); }
/** 0-255. */
export function code(icmp: usize): u32 { return load<u8>(icmp, CODE); }
/** 16 bits. */
export function checksum(icmp: usize): u32 { return load16(icmp + CHECKSUM); }
/** Of an echo message (ECHO_HEADER_BYTES), 16 bits. */
export function identifier(icmp: usize): u32 { return load16(icmp + IDENTIFIER); }
/** Of an echo message (ECHO_HEADER_BYTES), 16 bits. */
export function sequence(icmp: usize): u32 { return load16(icmp + SEQUENCE); }
export function isEchoRequest(icmp: usize): bool { return load<u16>(icmp, TYPE) == ECHO_REQUEST; }
/** An echo message of either direction. */
export function isEcho(icmp: usize): bool { return load<u16>(icmp, TYPE) == ECHO_REQUEST || load<u16>(icmp, TYPE) == ECHO_REPLY; }
/** By its type: one of the four messages of RFC 4443, section 3. */
export function isError(icmp: usize): bool { return type(icmp) - UNREACHABLE <= PARAMETER_PROBLEM - UNREACHABLE; }
/** By its type; `neighbourDiscovery.isValid` says whether it is a whole one. */
export function isNeighbourSolicitation(icmp: usize): bool { return type(icmp) == NEIGHBOUR_SOLICITATION; }
/** By its type. */
export function isNeighbourAdvertisement(icmp: usize): bool { return type(icmp) == NEIGHBOUR_ADVERTISEMENT; }
/** By its type. */
export function isRouterAdvertisement(icmp: usize): bool { return type(icmp) == ROUTER_ADVERTISEMENT; }
/** By its type: one of the five messages of RFC 4861. */
export function isNeighbourDiscovery(icmp: usize): bool { return type(icmp) - ROUTER_SOLICITATION <= REDIRECT - ROUTER_SOLICITATION; }

/** Writes the low 8 bits. */
export function setType(icmp: usize, value: u32): void { store<u8>(icmp, value as u8, TYPE); }
/** Writes the low 8 bits. */
export function setCode(icmp: usize, value: u32): void { store<u8>(icmp, value as u8, CODE); }
/** Writes the low 16 bits. */
export function setChecksum(icmp: usize, value: u32): void { store16(icmp + CHECKSUM, value); }

/** Writes the 8 bytes before the packet that an error is about, the last four 0; the checksum is left to `updateChecksum`. */
export function writeError(icmp: usize, type: u32, code: u32): void {
  store<u64>(icmp, 0);
  setType(icmp, type);
  setCode(icmp, code);
}

/** Makes the reply of an echo request, in place; swapping the addresses of the IPv6 header changes no sum. */
export function turnIntoReply(icmp: usize): void {
  setChecksum(icmp, update16(checksum(icmp), ECHO_REQUEST << 8, ECHO_REPLY << 8));
  setType(icmp, ECHO_REPLY);
}

/** Computes the checksum anew; `bytes` of header and body, `pseudo` from `ipv6.pseudoHeader(ip, ICMPV6, bytes)`. */
export function updateChecksum(icmp: usize, bytes: u32, pseudo: u64): void {
  setChecksum(icmp, 0);
  setChecksum(icmp, finish(sum(icmp, bytes, pseudo)));
}
/** `bytes` of header and body, `pseudo` from `ipv6.pseudoHeader(ip, ICMPV6, bytes)`. */
export function hasValidChecksum(icmp: usize, bytes: u32, pseudo: u64): bool { return verify(sum(icmp, bytes, pseudo)); }
