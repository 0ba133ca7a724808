/** A piece of a packet as its frame says it: of which packet it is, and where in it. The frame is parsed and has FLAG_FRAGMENT.
 *
 *      piece, u64:     begin 16 | end 16, in units of 8 bytes, the last piece's end rounded up | LAST | WRONG
 *
 *  WRONG is one without bytes, one that ends within a unit and is not the last (RFC 791; RFC 8200, section 4.5), and one beyond the longest packet. */
import * as field from "../../abi/descriptor";
import * as desc from "../../memory/descriptor";
import * as chain from "../../wire/extension-chain";
import * as ipv4 from "../../wire/ipv4";
import * as ipv6 from "../../wire/ipv6";
import { isIpv4 } from "./packet";

const LAST: u64 = 1 << 32;
const WRONG: u64 = 2 << 32;
const MAX_PACKET_BYTES: u32 = 65535;

/** The piece that the frame is. */
export function pieceOf(descriptor: usize): u64 {
  const ip = desc.l3(descriptor);
  if (isIpv4(descriptor)) return piece(ipv4.fragmentOffset(ip), ipv4.totalBytes(ip) - ipv4.headerBytes(ip), ipv4.moreFragments(ip));
  const fragment = ipv6.fragment(ip);
  const before = <u32>(fragment - ip) + chain.FRAGMENT_HEADER_BYTES;
  return piece(chain.fragmentOffset(fragment), ipv6.totalBytes(ip) - before, chain.moreFragments(fragment));
}

function piece(offset: u32, bytes: u32, hasMore: bool): u64 {
  const isWrong = bytes == 0 || offset + bytes > MAX_PACKET_BYTES || (hasMore && (bytes & 7) != 0);
  return <u64>(offset >> 3) | (<u64>((offset + bytes + 7) >> 3) << 16) | (hasMore ? 0 : LAST) | (isWrong ? WRONG : 0);
}

/** In units of 8 bytes, 0-8,191. */
export function startOf(piece: u64): u32 { return <u32>piece & 0xffff; }
/** In units of 8 bytes. */
export function endOf(piece: u64): u32 { return <u32>piece >> 16; }
/** No piece lies behind it. */
export function isLast(piece: u64): bool { return (piece & LAST) != 0; }
/** It cannot be right. */
export function isWrong(piece: u64): bool { return (piece & WRONG) != 0; }
/** All of a packet, in spite of its fragment header (RFC 6946). */
export function isWhole(piece: u64): bool { return isLast(piece) && startOf(piece) == 0; }

/** Identification 32 | network 16 | protocol 8 (of IPv6 0: it may differ, RFC 8200, section 4.5) | family 8. */
export function keyOf(descriptor: usize): u64 {
  const ip = desc.l3(descriptor);
  const network = desc.network(descriptor);
  if (!isIpv4(descriptor)) return <u64>chain.identification(ipv6.fragment(ip)) | (<u64>(network | (6 << 24)) << 32);
  return <u64>ipv4.identification(ip) | (<u64>(network | (ipv4.protocol(ip) << 16) | (4 << 24)) << 32);
}

/** True when the addresses of the packet are those at `source` and `destination`. */
export function hasAddresses(descriptor: usize, source: usize, destination: usize): bool {
  const ip = desc.l3(descriptor);
  if (isIpv4(descriptor)) return ipv4.sourceBe(ip) == load<u32>(source) && ipv4.destinationBe(ip) == load<u32>(destination);
  return ipv6.equals(ipv6.source(ip), source) && ipv6.equals(ipv6.destination(ip), destination);
}

/** Writes the addresses of the packet, of 4 or 16 bytes, to `source` and `destination`. */
export function copyAddresses(descriptor: usize, source: usize, destination: usize): void {
  const ip = desc.l3(descriptor);
  if (isIpv4(descriptor)) {
    store<u32>(source, ipv4.sourceBe(ip));
    store<u32>(destination, ipv4.destinationBe(ip));
    return;
  }
  ipv6.copy(source, ipv6.source(ip));
  ipv6.copy(destination, ipv6.destination(ip));
}
