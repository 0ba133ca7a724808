/** IPv6 header (RFC 8200), behind the Ethernet header and its tags; 40 bytes, then a chain of extension headers.
 *  0                                     4                6             7           8        24            40
 *  | version, traffic class, flow label  | payload length | next header | hop limit | source | destination |
 *  Addresses are pointers to 16 bytes. Payload length counts what follows the 40 bytes; jumbograms (RFC 2675) and
 *  super-frames above 65,535 bytes, which say 0, have no L4 here. */
import { load16, store16 } from "../memory/bytes";
import { CHECKS } from "../memory/checks";
import { pseudoHeader6 } from "./checksum";
import { findFragment, walkChain, WALK_CUT, WALK_FRAGMENT, WALK_PROTOCOL_SHIFT } from "./extension-chain";

export const HEADER_BYTES: u32 = 40;
const VERSION = 0;
const PAYLOAD_BYTES = 4;
const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
const SOURCE = 8;
const DESTINATION = 24;

/** True when `availableBytes` hold the header and as many bytes as its length field says. */
export function isValid(ip: usize, availableBytes: u32): bool {
  return availableBytes >= HEADER_BYTES && load<u8>(ip, VERSION) >> 4 == 6 && totalBytes(ip) <= availableBytes;
}

/** True when `availableBytes` hold the header, of a packet of which not all need be there: as an ICMP error has it. */
export function isQuoted(ip: usize, availableBytes: u32): bool {
  return availableBytes >= HEADER_BYTES && load<u8>(ip, VERSION) >> 4 == 6;
}

/** 0-65,535. */
export function payloadBytes(ip: usize): u32 { return load16(ip + PAYLOAD_BYTES); }
/** Header and payload, 40-65,575. */
export function totalBytes(ip: usize): u32 { return HEADER_BYTES + payloadBytes(ip); }
/** 0-255: of what follows at once, not of L4, for which see `walk`. */
export function nextHeader(ip: usize): u32 { return load<u8>(ip, NEXT_HEADER); }
/** 0-255. */
export function hopLimit(ip: usize): u32 { return load<u8>(ip, HOP_LIMIT); }
/** Pointer to 16 bytes. */
export function source(ip: usize): usize { return ip + SOURCE; }
/** Pointer to 16 bytes. */
export function destination(ip: usize): usize { return ip + DESTINATION; }

/** 0-65,535. */
export function setPayloadBytes(ip: usize, bytes: u32): void {
  if (CHECKS) assert(bytes <= 0xffff);
  store16(ip + PAYLOAD_BYTES, bytes);
}
/** Writes the low 8 bits. */
export function setNextHeader(ip: usize, protocol: u32): void { store<u8>(ip, protocol as u8, NEXT_HEADER); }
/** Writes the low 8 bits. */
export function setHopLimit(ip: usize, value: u32): void { store<u8>(ip, value as u8, HOP_LIMIT); }

/** `::` */
export function isUnspecified(address: usize): bool { return (load<u64>(address) | load<u64>(address, 8)) == 0; }
/** fe80::/10 */
export function isLinkLocal(address: usize): bool { return (load<u16>(address) & 0xc0ff) == 0x80fe; }
/** ff00::/8 */
export function isMulticast(address: usize): bool { return load<u8>(address) == 0xff; }
/** True when the 16 bytes at `a` and at `b` are the same. */
export function equals(a: usize, b: usize): bool {
  return load<u64>(a) == load<u64>(b) && load<u64>(a, 8) == load<u64>(b, 8);
}
/** Copies 16 bytes; they may overlap. */
export function copy(to: usize, from: usize): void {
  const low = load<u64>(from);
  const high = load<u64>(from, 8);
  store<u64>(to, low);
  store<u64>(to, high, 8);
}

/** Writes a whole header of 40 bytes, traffic class and flow label 0. The addresses may lie within it. */
export function write(ip: usize, payloadBytes: u32, protocol: u32, hopLimit: u32, source: usize, destination: usize): void {
  const a = load<u64>(source);
  const b = load<u64>(source, 8);
  const c = load<u64>(destination);
  const d = load<u64>(destination, 8);
  store<u32>(ip, 0x60, VERSION);
  setPayloadBytes(ip, payloadBytes);
  setNextHeader(ip, protocol);
  setHopLimit(ip, hopLimit);
  store<u64>(ip, a, SOURCE);
  store<u64>(ip, b, SOURCE + 8);
  store<u64>(ip, c, DESTINATION);
  store<u64>(ip, d, DESTINATION + 8);
}

/** The sum of the pseudo header for `bytes` of L4 header and payload. */
export function pseudoHeader(ip: usize, protocol: u32, bytes: u32): u64 {
  return pseudoHeader6(source(ip), destination(ip), protocol, bytes);
}

/** Walks the extension headers of a valid packet; reads nothing beyond its length, nor beyond `availableBytes`.
 *  Returns `cut << 25 | fragment << 24 | protocol << 16 | offset of L4 from ip`; offset 0: no L4. Details: extension-chain.ts. */
export function walk(ip: usize, availableBytes: u32): u32 {
  return walkChain(ip, nextHeader(ip), HEADER_BYTES, min<u32>(availableBytes, totalBytes(ip)));
}
/** Bytes from the IPv6 header to L4, 40-296; 0: no L4. */
export function walkOffset(walked: u32): u32 { return walked & 0xffff; }
/** 0-255. */
export function walkProtocol(walked: u32): u32 { return (walked >> WALK_PROTOCOL_SHIFT) & 0xff; }
/** A fragment header was met. */
export function walkIsFragment(walked: u32): bool { return (walked & WALK_FRAGMENT) != 0; }
/** The chain goes on where the walk ended: what is behind it is not known. */
export function walkIsCut(walked: u32): bool { return (walked & WALK_CUT) != 0; }
/** The fragment header of a valid packet (extension-chain.ts), or 0. */
export function fragment(ip: usize): usize { return findFragment(ip, nextHeader(ip), HEADER_BYTES, totalBytes(ip)); }
