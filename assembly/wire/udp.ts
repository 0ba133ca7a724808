/** UDP header (RFC 768). Ports, length and checksum, 16-bit big endian each; 8 bytes.
 *  0        2        4        6
 *  | source | target | length | checksum |        length covers header and payload
 *  A checksum of 0 says "none", which IPv6 does not allow; a computed 0 is sent as 0xffff. */
import { load16, store16 } from "../memory/bytes";
import { CHECKS } from "../memory/checks";
import { finishNonZero, sum, verify } from "./checksum";

export const HEADER_BYTES: u32 = 8;
/** As csum_offset of a virtio-net header names it. */
export const CHECKSUM_OFFSET: u32 = 6;
const SOURCE_PORT = 0;
const TARGET_PORT = 2;
const LENGTH = 4;
const CHECKSUM = 6;

/** Ports of DHCP (RFC 2131) and DHCPv6 (RFC 8415). */
export const DHCP_SERVER_PORT: u32 = 67;
export const DHCP_CLIENT_PORT: u32 = 68;
export const DHCPV6_CLIENT_PORT: u32 = 546;
export const DHCPV6_SERVER_PORT: u32 = 547;

/** True when `availableBytes` hold a whole header whose length field fits in them. */
export function isValid(udp: usize, availableBytes: u32): bool {
  if (availableBytes < HEADER_BYTES) return false;
  const bytes = lengthBytes(udp);
  return bytes >= HEADER_BYTES && bytes <= availableBytes;
}

/** 0-65,535. */
export function sourcePort(udp: usize): u32 { return load16(udp + SOURCE_PORT); }
/** 0-65,535. */
export function targetPort(udp: usize): u32 { return load16(udp + TARGET_PORT); }
/** Header and payload, 0-65,535; a valid header says 8 or more. */
export function lengthBytes(udp: usize): u32 { return load16(udp + LENGTH); }
/** 16 bits; 0: none. */
export function checksum(udp: usize): u32 { return load16(udp + CHECKSUM); }

/** Writes the low 16 bits; the checksum is left as it is, as with every setter. */
export function setSourcePort(udp: usize, port: u32): void { store16(udp + SOURCE_PORT, port); }
/** Writes the low 16 bits. */
export function setTargetPort(udp: usize, port: u32): void { store16(udp + TARGET_PORT, port); }
/** 0-65,535. */
export function setLengthBytes(udp: usize, bytes: u32): void {
  if (CHECKS) assert(bytes <= 0xffff);
  store16(udp + LENGTH, bytes);
}
/** Writes the low 16 bits. */
export function setChecksum(udp: usize, value: u32): void { store16(udp + CHECKSUM, value); }

/** Computes the checksum anew; `bytes` of header and payload, `pseudo` from `pseudoHeader` of ipv4 or ipv6. */
export function updateChecksum(udp: usize, bytes: u32, pseudo: u64): void {
  setChecksum(udp, 0);
  setChecksum(udp, finishNonZero(sum(udp, bytes, pseudo)));
}
/** `bytes` of header and payload, `pseudo` from `pseudoHeader` of ipv4 or ipv6. Look for "none" first. */
export function hasValidChecksum(udp: usize, bytes: u32, pseudo: u64): bool { return verify(sum(udp, bytes, pseudo)); }
