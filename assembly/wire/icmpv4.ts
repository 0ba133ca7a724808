/** ICMP for IPv4 (RFC 792), behind the IPv4 header; 8 bytes, of which an echo message uses the last four as below.
 *  0      1      2          4            6
 *  | type | code | checksum | identifier | sequence |       the checksum covers header and payload, no pseudo header
 *  An error has four bytes of its type's there, then the packet that it is about.
 *  The engine answers echo requests to virtual addresses by itself; all else passes. */
import { load16, store16 } from "../memory/bytes";
import { finish, sum, update16, verify } from "./checksum";

export const HEADER_BYTES: u32 = 8;
const TYPE = 0;
const CODE = 1;
const CHECKSUM = 2;
const IDENTIFIER = 4;
const SEQUENCE = 6;

export const ECHO_REPLY: u32 = 0;
export const UNREACHABLE: u32 = 3;
export const SOURCE_QUENCH: u32 = 4;
export const REDIRECT: u32 = 5;
export const ECHO_REQUEST: u32 = 8;
export const TIME_EXCEEDED: u32 = 11;
export const PARAMETER_PROBLEM: u32 = 12;

/** Code of UNREACHABLE. */
export const PORT_UNREACHABLE: u32 = 3;

/** True when `availableBytes` hold a whole header. */
export function isValid(icmp: usize, availableBytes: u32): bool { return availableBytes >= HEADER_BYTES; }

/** 0-255. */
export function type(icmp: usize): u32 { return load<u8>(icmp, TYPE); }
/** 0-255. */
export function code(icmp: usize): u32 { return load<u8>(icmp, CODE); }
/** 16 bits. */
export function checksum(icmp: usize): u32 { return load16(icmp + CHECKSUM); }
/** Of an echo message, 16 bits. */
export function identifier(icmp: usize): u32 { return load16(icmp + IDENTIFIER); }
/** Of an echo message, 16 bits. */
export function sequence(icmp: usize): u32 { return load16(icmp + SEQUENCE); }
export function isEchoRequest(icmp: usize): bool { return load<u16>(icmp, TYPE) == ECHO_REQUEST; }
/** An echo message of either direction. */
export function isEcho(icmp: usize): bool { return load<u16>(icmp, TYPE) == ECHO_REQUEST || load<u16>(icmp, TYPE) == ECHO_REPLY; }
/** A message about a packet, whose beginning follows the 8 bytes (RFC 1122, section 3.2.2). */
export function isError(icmp: usize): bool {
  const which = type(icmp);
  return which - UNREACHABLE <= REDIRECT - UNREACHABLE || which - TIME_EXCEEDED <= PARAMETER_PROBLEM - TIME_EXCEEDED;
}

/** Writes the low 8 bits. */
export function setType(icmp: usize, value: u32): void { store<u8>(icmp, value as u8, TYPE); }
/** Writes the low 8 bits. */
export function setCode(icmp: usize, value: u32): void { store<u8>(icmp, value as u8, CODE); }
/** Writes the low 16 bits. */
export function setChecksum(icmp: usize, value: u32): void { store16(icmp + CHECKSUM, value); }
/** Writes the low 16 bits. */
export function setIdentifier(icmp: usize, value: u32): void { store16(icmp + IDENTIFIER, value); }
/** Writes the low 16 bits. */
export function setSequence(icmp: usize, value: u32): void { store16(icmp + SEQUENCE, value); }

/** Writes a header of 8 bytes whose last four are 0; the checksum is left to `updateChecksum`. */
export function write(icmp: usize, type: u32, code: u32): void {
  store<u64>(icmp, 0);
  setType(icmp, type);
  setCode(icmp, code);
}

/** Makes the reply of an echo request, in place; the checksum changes by the type alone, so a wrong one stays wrong. */
export function turnIntoReply(icmp: usize): void {
  setChecksum(icmp, update16(checksum(icmp), ECHO_REQUEST << 8, ECHO_REPLY << 8));
  setType(icmp, ECHO_REPLY);
}

/** Computes the checksum anew; `bytes` of header and payload. */
export function updateChecksum(icmp: usize, bytes: u32): void {
  setChecksum(icmp, 0);
  setChecksum(icmp, finish(sum(icmp, bytes, 0)));
}
/** `bytes` of header and payload. */
export function hasValidChecksum(icmp: usize, bytes: u32): bool { return verify(sum(icmp, bytes, 0)); }
