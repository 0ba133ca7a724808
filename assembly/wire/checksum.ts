/** The Internet checksum (RFC 1071), its pseudo headers (RFC 9293, RFC 768, RFC 8200 section 8.1) and its update (RFC 1624).
 *
 *  A *sum* is a u64 that counts 16-bit words as they lie in memory; sums of ranges and pseudo headers are added by
 *  passing one on as the next one's `initial`. Only the last range may be of odd length. `fold` turns a sum into the 16-bit
 *  one's complement sum, `finish` into the checksum, both in host order, as the setters of the wire files take them.
 *  Sums are taken from any alignment and read exactly their range, 32-bit words into 64-bit accumulators: no carry is lost,
 *  since a range of 2^31 bytes adds less than 2^61 (32-bit loads took 0.9 of the time of 64-bit ones that are split, and 0.3
 *  of that of 64-bit ones with an end-around carry).
 *
 *  A *partial* checksum is what a frame with NEEDS_CSUM carries in its checksum field: the uncomplemented, folded sum of
 *  its pseudo header; whoever sends it to a real wire completes it. */
import { store16 } from "../memory/bytes";

/** Adds the `bytes` bytes from `pointer` on to `initial` (0 to begin with). */
export function sum(pointer: usize, bytes: u32, initial: u64): u64 {
  let a: u64 = initial & 0xffffffff;
  let b: u64 = initial >> 32;
  for (; bytes >= 32; bytes -= 32) {
    a += (load<u32>(pointer) as u64) + (load<u32>(pointer, 4) as u64) + (load<u32>(pointer, 8) as u64) + (load<u32>(pointer, 12) as u64);
    b += (load<u32>(pointer, 16) as u64) + (load<u32>(pointer, 20) as u64) + (load<u32>(pointer, 24) as u64) + (load<u32>(pointer, 28) as u64);
    pointer += 32;
  }
  for (; bytes >= 8; bytes -= 8) {
    a += load<u32>(pointer);
    b += load<u32>(pointer, 4);
    pointer += 8;
  }
  return a + b + rest(pointer, bytes);
}

/** The words of the last `bytes` (0-7) bytes; an odd one is the first byte of its word. */
function rest(pointer: usize, bytes: u32): u64 {
  let total: u64 = 0;
  if (bytes & 4) {
    total = load<u32>(pointer);
    pointer += 4;
  }
  if (bytes & 2) {
    total += load<u16>(pointer);
    pointer += 2;
  }
  if (bytes & 1) total += load<u8>(pointer);
  return total;
}

/** The pseudo header of IPv4; addresses in network order, `bytes` of L4 header and payload. */
export function pseudoHeader4(sourceBe: u32, destinationBe: u32, protocol: u32, bytes: u32): u64 {
  return (sourceBe as u64) + (destinationBe as u64) + (bswap<u32>(bytes) as u64) + ((protocol as u64) << 8);
}

/** The pseudo header of IPv6; 16 bytes are read at each address pointer, `bytes` of L4 header and payload. */
export function pseudoHeader6(source: usize, destination: usize, protocol: u32, bytes: u32): u64 {
  return sum(source, 16, sum(destination, 16, (bswap<u32>(bytes) as u64) + ((protocol as u64) << 8)));
}

/** The one's complement sum, 0-0xffff, host order. 0 only for data that is all zeros. */
export function fold(sum: u64): u32 {
  // at most 0x1fffffffe, then 0x1fffe, then 0xffff
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + ((sum >> 16) & 0xffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  return bswap<u16>(sum as u16);
}

/** The checksum for the header field, 0-0xffff, host order. */
export function finish(sum: u64): u32 { return fold(sum) ^ 0xffff; }

/** The same for UDP and wherever 0 means "none": 0 becomes 0xffff (RFC 768). */
export function finishNonZero(sum: u64): u32 {
  const value = finish(sum);
  return value == 0 ? 0xffff : value;
}

/** True when a sum over data that holds its checksum says that the data is whole. */
export function verify(sum: u64): bool { return fold(sum) == 0xffff; }

/** The checksum after one 16-bit word of what it covers went from `before` to `after`; all 0-0xffff, host order. */
export function update16(checksum: u32, before: u32, after: u32): u32 {
  return foldHost((checksum ^ 0xffff) + (before ^ 0xffff) + after) ^ 0xffff;
}

/** The checksum after an address, or another aligned 32-bit field, went from `beforeBe` to `afterBe` (network order). */
export function update32Be(checksum: u32, beforeBe: u32, afterBe: u32): u32 { return update(checksum, beforeBe, afterBe); }

/** The checksum after data whose sum was `before` became data whose sum is `after`, at the same, even distance. */
export function update(checksum: u32, before: u64, after: u64): u32 {
  return foldHost((checksum ^ 0xffff) + (fold(before) ^ 0xffff) + fold(after)) ^ 0xffff;
}

/** The partial checksum after its pseudo header's sum went from `before` to `after`: the opposite sign of `update`. */
export function updatePartial(partial: u32, before: u64, after: u64): u32 {
  return foldHost(partial + (fold(before) ^ 0xffff) + fold(after));
}

/** Completes a partial checksum in place: `bytes` from `start` (csum_start) to the end of the packet, the field `offset`
 *  bytes behind `start` (csum_offset); `offset + 2 <= bytes`. Never writes 0, as the kernel does not. */
export function complete(start: usize, bytes: u32, offset: u32): void { store16(start + offset, finishNonZero(sum(start, bytes, 0))); }

/** Three 16-bit words folded into one. */
function foldHost(sum: u32): u32 {
  sum = (sum & 0xffff) + (sum >> 16);
  return (sum & 0xffff) + (sum >> 16);
}
