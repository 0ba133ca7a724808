/** The chain of IPv6 extension headers (RFC 8200, section 4) between the IPv6 header and L4, walked once at ingress.
 *  0             1        2                   8
 *  | next header | length | ...               | ...      length in units of 8 bytes beyond the first 8 (AH: of 4, beyond 8)
 *  0             1        2                   4                8
 *  | next header | 0      | offset 13, 0, M 1 | identification |     fragment header
 *
 *  At most MAX_EXTENSION_HEADERS headers and MAX_EXTENSION_BYTES bytes are walked (RFC 7112 wants chains short); beyond
 *  that, or where the packet ends inside the chain, the packet has no L4 for us and is forwarded as it is.
 *  The order of headers is not judged. ESP, mobility, HIP and shim6 end the chain: they are L4 of a number of their own.
 *
 *  Result, one u32:   31 ... 26 | 25 cut | 24 fragment | 23 ... 16 protocol | 15 ... 0 offset
 *  offset    from the IPv6 header to the L4 header, in bytes: 40-296, at least one byte of L4 is there; 0: no L4
 *  protocol  of L4; in a later fragment that of the fragmented part; if the walk was cut short that of the header it stopped at
 *  fragment  a fragment header was met, be the packet cut or whole (RFC 6946): neighbour discovery must ignore it (RFC 6980).
 *            A fragment that is not the first one has no L4.
 *  cut       the chain goes on beyond what is walked or beyond the packet, or a first fragment ends before L4 begins (which
 *            RFC 7112 forbids): nobody here knows what the receiver will find. */
import { MAX_EXTENSION_BYTES, MAX_EXTENSION_HEADERS } from "../abi/limits";
import { load16 } from "../memory/bytes";
import { AUTHENTICATION, DESTINATION_OPTIONS, FRAGMENT, HOP_BY_HOP, NO_NEXT_HEADER, ROUTING } from "./ip-protocol";

/** Smallest extension header, and all of a fragment header. */
const UNIT: u32 = 8;
const NEXT_HEADER = 0;
const LENGTH = 1;
const FRAGMENT_OFFSET = 2;
const IDENTIFICATION = 4;
/** Of a fragment header, as of every smallest one. */
export const FRAGMENT_HEADER_BYTES: u32 = UNIT;

export const WALK_PROTOCOL_SHIFT: u32 = 16;
export const WALK_FRAGMENT: u32 = 1 << 24;
export const WALK_CUT: u32 = 1 << 25;

/** Walks from the header of type `protocol` at `ip + offset`; the packet ends at `ip + end` and nothing is read beyond. */
export function walkChain(ip: usize, protocol: u32, offset: u32, end: u32): u32 {
  const limit = offset + MAX_EXTENSION_BYTES;
  let fragment: u32 = 0;
  for (let count: u32 = 0; isExtension(protocol); count++) {
    if (count == MAX_EXTENSION_HEADERS || offset + UNIT > end) return result(fragment | WALK_CUT, protocol, 0);
    const header = ip + offset;
    const bytes = headerBytes(header, protocol);
    if (offset + bytes > limit) return result(fragment | WALK_CUT, protocol, 0);
    const isFragment = protocol == FRAGMENT;
    protocol = load<u8>(header, NEXT_HEADER);
    if (isFragment) fragment = WALK_FRAGMENT;
    if (isFragment && isLaterFragment(header)) return result(fragment, protocol, 0);
    offset += bytes;
  }
  if (protocol == NO_NEXT_HEADER) return result(fragment, protocol, 0);
  if (offset >= end) return result(fragment == 0 ? 0 : fragment | WALK_CUT, protocol, 0);
  return result(fragment, protocol, offset);
}

/** The fragment header of a chain that is walked as above, or 0: there is none. */
export function findFragment(ip: usize, protocol: u32, offset: u32, end: u32): usize {
  const limit = offset + MAX_EXTENSION_BYTES;
  for (let count: u32 = 0; isExtension(protocol) && count < <u32>MAX_EXTENSION_HEADERS && offset + UNIT <= end; count++) {
    const bytes = headerBytes(ip + offset, protocol);
    if (offset + bytes > limit) return 0;
    if (protocol == FRAGMENT) return ip + offset;
    protocol = load<u8>(ip + offset, NEXT_HEADER);
    offset += bytes;
  }
  return 0;
}

/** Of a fragment header, in bytes: 0-65,528. */
export function fragmentOffset(fragment: usize): u32 { return load16(fragment + FRAGMENT_OFFSET) & 0xfff8; }
/** Of a fragment header: another piece follows this one. */
export function moreFragments(fragment: usize): bool { return (load<u8>(fragment, FRAGMENT_OFFSET + 1) & 1) != 0; }
/** Of a fragment header, 32 bits. */
export function identification(fragment: usize): u32 { return bswap<u32>(load<u32>(fragment, IDENTIFICATION)); }

function isExtension(protocol: u32): bool {
  return protocol == HOP_BY_HOP || protocol == ROUTING || protocol == FRAGMENT || protocol == AUTHENTICATION
    || protocol == DESTINATION_OPTIONS;
}

/** 8-2048 by its length field; its first 8 bytes are there. */
function headerBytes(header: usize, protocol: u32): u32 {
  if (protocol == FRAGMENT) return UNIT;
  const length: u32 = load<u8>(header, LENGTH);
  return protocol == AUTHENTICATION ? (length + 2) << 2 : (length + 1) << 3;
}

function isLaterFragment(header: usize): bool { return fragmentOffset(header) != 0; }

function result(flags: u32, protocol: u32, offset: u32): u32 {
  return flags | (protocol << WALK_PROTOCOL_SHIFT) | offset;
}
