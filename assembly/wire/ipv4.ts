/** IPv4 header (RFC 791), behind the Ethernet header and its tags; 20 bytes and up to 40 of options.
 *  0             1     2              4                6                      8     9          10         12       16
 *  | version ihl | TOS | total length | identification | flags, frag. offset  | TTL | protocol | checksum | source | destination |
 *  Addresses are u32 as they lie in memory. `totalBytes` counts header and payload; the frame may be longer (padding).
 *  Super-frames larger than 65,535 bytes, whose length field is 0 (BIG TCP), are not valid here. */
import { load16, store16 } from "../memory/bytes";
import { CHECKS } from "../memory/checks";
import { finish, pseudoHeader4, sum, verify } from "./checksum";

/** Without options. */
export const HEADER_BYTES: u32 = 20;
const VERSION = 0;
const TYPE_OF_SERVICE = 1;
const TOTAL_BYTES = 2;
const IDENTIFICATION = 4;
const FRAGMENT = 6;
const TIME_TO_LIVE = 8;
const PROTOCOL = 9;
const CHECKSUM = 10;
const SOURCE = 12;
const DESTINATION = 16;

const DONT_FRAGMENT: u32 = 0x4000;
const MORE_FRAGMENTS: u32 = 0x2000;
const FRAGMENT_OFFSET: u32 = 0x1fff;

/** True when `availableBytes` hold the header with its options and as many bytes as its length field says.
 *  The checksum is not looked at: `hasValidChecksum`. */
export function isValid(ip: usize, availableBytes: u32): bool {
  if (availableBytes < HEADER_BYTES || load<u8>(ip, VERSION) >> 4 != 4) return false;
  const header = headerBytes(ip);
  const total = totalBytes(ip);
  if (header < HEADER_BYTES) return false;
  if (header > total) return false;
  return total <= availableBytes;
}

/** True when `availableBytes` hold the header with its options, of a packet of which not all need be there: as an ICMP error has it. */
export function isQuoted(ip: usize, availableBytes: u32): bool {
  if (availableBytes < HEADER_BYTES || load<u8>(ip, VERSION) >> 4 != 4) return false;
  const header = headerBytes(ip);
  return header >= HEADER_BYTES && header <= availableBytes && header <= totalBytes(ip);
}

/** 0-60; a valid header has 20 or more. */
export function headerBytes(ip: usize): u32 { return ((load<u8>(ip, VERSION) as u32) & 15) << 2; }
/** Differentiated services and ECN, 8 bits. */
export function typeOfService(ip: usize): u32 { return load<u8>(ip, TYPE_OF_SERVICE); }
/** Header and payload, 0-65,535. */
export function totalBytes(ip: usize): u32 { return load16(ip + TOTAL_BYTES); }
/** 0.0.0.0; network order. */
export function isUnspecified(addressBe: u32): bool { return addressBe == 0; }
/** 224.0.0.0/4 and 240.0.0.0/4, of which 255.255.255.255 is everybody (RFC 1112, section 4); network order. */
export function isGroupOrReserved(addressBe: u32): bool { return (addressBe & 0xe0) == 0xe0; }
/** 16 bits. */
export function identification(ip: usize): u32 { return load16(ip + IDENTIFICATION); }
export function dontFragment(ip: usize): bool { return (fragmentWord(ip) & DONT_FRAGMENT) != 0; }
export function moreFragments(ip: usize): bool { return (fragmentWord(ip) & MORE_FRAGMENTS) != 0; }
/** In bytes, 0-65,528. */
export function fragmentOffset(ip: usize): u32 { return (fragmentWord(ip) & FRAGMENT_OFFSET) << 3; }
/** First, middle or last fragment: not a whole packet. */
export function isFragment(ip: usize): bool { return (fragmentWord(ip) & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) != 0; }
/** 0-255. */
export function timeToLive(ip: usize): u32 { return load<u8>(ip, TIME_TO_LIVE); }
/** 0-255, see ip-protocol.ts. */
export function protocol(ip: usize): u32 { return load<u8>(ip, PROTOCOL); }
/** 16 bits. */
export function checksum(ip: usize): u32 { return load16(ip + CHECKSUM); }
/** Pointer to 4 bytes. */
export function source(ip: usize): usize { return ip + SOURCE; }
/** Pointer to 4 bytes. */
export function destination(ip: usize): usize { return ip + DESTINATION; }
/** Network order. */
export function sourceBe(ip: usize): u32 { return load<u32>(ip, SOURCE); }
/** Network order. */
export function destinationBe(ip: usize): u32 { return load<u32>(ip, DESTINATION); }

/** 0-65,535; the checksum is left as it is, as with every setter. */
export function setTotalBytes(ip: usize, bytes: u32): void {
  if (CHECKS) assert(bytes <= 0xffff);
  store16(ip + TOTAL_BYTES, bytes);
}
/** Writes the low 16 bits. */
export function setIdentification(ip: usize, value: u32): void { store16(ip + IDENTIFICATION, value); }
/** Writes the low 8 bits. */
export function setTimeToLive(ip: usize, value: u32): void { store<u8>(ip, value as u8, TIME_TO_LIVE); }
/** Writes the low 16 bits. */
export function setChecksum(ip: usize, value: u32): void { store16(ip + CHECKSUM, value); }
/** Network order. */
export function setSourceBe(ip: usize, address: u32): void { store<u32>(ip, address, SOURCE); }
/** Network order. */
export function setDestinationBe(ip: usize, address: u32): void { store<u32>(ip, address, DESTINATION); }

/** Writes a whole header of 20 bytes with its checksum: of a packet in one piece that must stay so (RFC 6864: its identification means nothing).
 *  `totalBytes` 20-65,535, addresses in network order. */
export function write(ip: usize, totalBytes: u32, protocol: u32, timeToLive: u32, sourceBe: u32, destinationBe: u32): void {
  store<u32>(ip, 0x45, VERSION);
  setTotalBytes(ip, totalBytes);
  setIdentification(ip, 0);
  store16(ip + FRAGMENT, DONT_FRAGMENT);
  setTimeToLive(ip, timeToLive);
  store<u8>(ip, protocol as u8, PROTOCOL);
  setSourceBe(ip, sourceBe);
  setDestinationBe(ip, destinationBe);
  updateChecksum(ip);
}

/** Source becomes destination and the reverse; no checksum changes by it. */
export function swapAddresses(ip: usize): void {
  const source = sourceBe(ip);
  setSourceBe(ip, destinationBe(ip));
  setDestinationBe(ip, source);
}

/** Computes the header's checksum anew; of a valid header. */
export function updateChecksum(ip: usize): void {
  setChecksum(ip, 0);
  setChecksum(ip, finish(sum(ip, headerBytes(ip), 0)));
}
/** Of a valid header: it carries the checksum that it should. */
export function hasValidChecksum(ip: usize): bool { return verify(sum(ip, headerBytes(ip), 0)); }
/** The sum of the pseudo header for `bytes` of L4 header and payload. */
export function pseudoHeader(ip: usize, protocol: u32, bytes: u32): u64 {
  return pseudoHeader4(sourceBe(ip), destinationBe(ip), protocol, bytes);
}

function fragmentWord(ip: usize): u32 { return load16(ip + FRAGMENT); }
