/** The maximum segment size that the two ends of a TCP connection announce (RFC 9293, section 3.7.1), lowered where a frame
 *  comes from or goes to a port whose MTU is smaller than its network's: each end learns what fits the other, and nothing
 *  that it sends later is too big. Called for frames of such ports only.
 *
 *      MSS <= MTU - 40 (IPv4: both headers without options) or MTU - 60 (IPv6); never raised
 *
 *  A SYN without the option is left alone: its receiver takes 536 for IPv4 and 1,220 for IPv6, which fits the least MTU that
 *  a port can have (576; 1,280 with an IPv6 address). So is one whose options TCP-AO (RFC 5925) signs. Fragments are not
 *  looked into. What is walked is the header, 40 bytes of options at most; a broken option ends the walk. */
import * as field from "../../abi/descriptor";
import * as step from "../../abi/trace";
import * as desc from "../../memory/descriptor";
import { TRACE, note } from "../../memory/trace";
import * as checksum from "../../wire/checksum";
import * as ipv4 from "../../wire/ipv4";
import * as ipv6 from "../../wire/ipv6";
import { TCP } from "../../wire/ip-protocol";
import * as tcp from "../../wire/tcp";
import * as virtio from "../../wire/virtio-net";

/** True when the frame is a SYN, with ACK or without, that announces more than fits `mtu`. */
export function exceedsMtu(descriptor: usize, mtu: u32): bool {
  return isSyn(descriptor) && walk(descriptor, limitOf(descriptor, mtu), false);
}

/** Lowers what a frame announces for which `exceedsMtu` is true, in place. */
export function clampMss(descriptor: usize, mtu: u32): void { walk(descriptor, limitOf(descriptor, mtu), true); }

function isSyn(descriptor: usize): bool {
  if (desc.protocol(descriptor) != TCP || (desc.flags(descriptor) & field.FLAG_FRAGMENT) != 0) return false;
  const l4 = desc.l4(descriptor);
  return l4 != 0 && tcp.isValid(l4, desc.l4Bytes(descriptor)) && (tcp.flags(l4) & tcp.SYN) != 0;
}

/** A frame that has L4 is IPv4 or IPv6. */
function limitOf(descriptor: usize, mtu: u32): u32 {
  const isIpv4 = (desc.flags(descriptor) & field.FLAG_IPV4) != 0;
  return mtu - tcp.HEADER_BYTES - (isIpv4 ? ipv4.HEADER_BYTES : ipv6.HEADER_BYTES);
}

/** Goes over the options of a whole TCP header. True when one announces more than `limit`, which is lowered if `isWriting`. */
function walk(descriptor: usize, limit: u32, isWriting: bool): bool {
  const l4 = desc.l4(descriptor);
  const end = l4 + tcp.headerBytes(l4);
  let isOver = false;
  for (let option = l4 + tcp.HEADER_BYTES; option < end;) {
    const bytes = tcp.optionBytes(option, <u32>(end - option));
    if (bytes == 0) return isOver;
    const kind = tcp.optionKind(option);
    if (kind == tcp.OPTION_AUTHENTICATION) return false;
    if (kind == tcp.OPTION_MSS && bytes == tcp.OPTION_MSS_BYTES && tcp.announcedMss(option) > limit) {
      isOver = true;
      if (isWriting) lower(descriptor, option, limit);
    }
    option += bytes;
  }
  return isOver;
}

/** A partial checksum is the pseudo header's alone, and does not change with the options. */
function lower(descriptor: usize, option: usize, limit: u32): void {
  const l4 = desc.l4(descriptor);
  const before = tcp.announcedMss(option);
  if (TRACE) note(step.CLAMP, 0, 0, limit);
  tcp.setAnnouncedMss(option, limit);
  if (virtio.needsChecksum(desc.frame(descriptor) - virtio.HEADER_BYTES)) return;
  const isOdd = ((option - l4) & 1) != 0;
  tcp.setChecksum(l4, checksum.update16(tcp.checksum(l4), inWord(before, isOdd), inWord(limit, isOdd)));
}

/** As the checksum adds it: a value at an odd place lies across two of its words, low byte above high. */
function inWord(value: u32, isOdd: bool): u32 { return isOdd ? bswap<u16>(<u16>value) : value; }
