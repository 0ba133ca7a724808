/** Other ends for a packet, in place: its addresses and ports are written anew, and every checksum that covers them is moved by the difference
 *  (RFC 1624), never computed anew. So one that was right is right afterwards, and one that was wrong is wrong by as much.
 *
 *      IPv4 header checksum     the address
 *      TCP, UDP, ICMPv6         the address, by the pseudo header, and the port; where only the pseudo header is summed yet (a partial checksum)
 *                               the address alone: whoever completes it sees the new port
 *      ICMP of IPv4             the identifier; no pseudo header
 *
 *  A UDP checksum of 0 over IPv4 says "none" and stays; one that comes out as 0 is written as 0xffff (RFC 768). Ports are as they lie in the packet.
 *  A fragment other than the first has no ports for us: only its addresses change. The frame must be parsed. */
import * as field from "../../abi/descriptor";
import * as step from "../../abi/trace";
import * as desc from "../../memory/descriptor";
import { TRACE } from "../../memory/trace";
import * as checksum from "../../wire/checksum";
import * as ipv4 from "../../wire/ipv4";
import { ICMPV4, ICMPV6, TCP, UDP } from "../../wire/ip-protocol";
import * as ipv6 from "../../wire/ipv6";
import * as tcp from "../../wire/tcp";
import * as udp from "../../wire/udp";
import * as virtio from "../../wire/virtio-net";
import { load16, store16 } from "../../memory/bytes";
import * as packet from "./packet";
import { noteEnd } from "./notes";

/** Offsets of L4 fields that are in the same place in all headers that have them. */
const SOURCE_PORT: usize = 0;
const TARGET_PORT: usize = 2;
const ECHO_IDENTIFIER: usize = 4;
const ICMP_CHECKSUM: u32 = 2;

/** Makes the packet come from the address at `address` (16 bytes, IPv4 in the first four) and from port `portBe`. */
export function setSource(descriptor: usize, address: usize, portBe: u32): void {
  const isIpv4 = packet.isIpv4(descriptor);
  const ip = desc.l3(descriptor);
  if (TRACE) noteEnds(descriptor, step.END_SOURCE, isIpv4 ? ipv4.source(ip) : ipv6.source(ip), SOURCE_PORT, address, portBe);
  setEnd(descriptor, isIpv4 ? ipv4.source(ip) : ipv6.source(ip), address, SOURCE_PORT, portBe);
}

/** Makes the packet go to them. */
export function setDestination(descriptor: usize, address: usize, portBe: u32): void {
  const isIpv4 = packet.isIpv4(descriptor);
  const ip = desc.l3(descriptor);
  if (TRACE) noteEnds(descriptor, step.END_DESTINATION, isIpv4 ? ipv4.destination(ip) : ipv6.destination(ip), TARGET_PORT, address, portBe);
  setEnd(descriptor, isIpv4 ? ipv4.destination(ip) : ipv6.destination(ip), address, TARGET_PORT, portBe);
}

function setEnd(descriptor: usize, place: usize, address: usize, portOffset: usize, portBe: u32): void {
  const isIpv4 = packet.isIpv4(descriptor);
  const before = addressSum(place, isIpv4);
  const after = addressSum(address, isIpv4);
  if (isIpv4) {
    const ip = desc.l3(descriptor);
    store<u32>(place, load<u32>(address));
    ipv4.setChecksum(ip, checksum.update(ipv4.checksum(ip), before, after));
  } else ipv6.copy(place, address);
  if (desc.l4(descriptor) != 0) setL4(descriptor, before, after, portOffset, portBe);
}

/** What one end is at `place`, and what it becomes. A piece that is not the first has no port, echo an identifier. */
function noteEnds(descriptor: usize, which: u32, place: usize, portOffset: usize, address: usize, portBe: u32): void {
  const isIpv4 = packet.isIpv4(descriptor);
  const l4 = desc.l4(descriptor);
  const protocol = desc.protocol(descriptor);
  const offset = protocol == ICMPV4 || protocol == ICMPV6 ? ECHO_IDENTIFIER : portOffset;
  noteEnd(step.REPLACED, which, isIpv4, place, l4 == 0 ? 0 : load<u16>(l4 + offset));
  noteEnd(step.REWRITE, which, isIpv4, address, l4 == 0 ? 0 : portBe);
}

function addressSum(address: usize, isIpv4: bool): u64 { return isIpv4 ? <u64>load<u32>(address) : checksum.sum(address, 16, 0); }

/** The port, and the checksum of L4 after the sum of its address went from `before` to `after`. */
function setL4(descriptor: usize, before: u64, after: u64, portOffset: usize, portBe: u32): void {
  const l4 = desc.l4(descriptor);
  const protocol = desc.protocol(descriptor);
  const isEcho = protocol == ICMPV4 || protocol == ICMPV6;
  if (!isEcho && protocol != TCP && protocol != UDP) return;
  const port = l4 + (isEcho ? ECHO_IDENTIFIER : portOffset);
  const portBefore = <u64>load<u16>(port);
  store<u16>(port, <u16>portBe);
  const at = l4 + checksumOffset(protocol);
  const inPseudoHeader = protocol != ICMPV4;
  if (isPartial(descriptor, l4)) {
    if (inPseudoHeader) store16(at, checksum.updatePartial(load16(at), before, after));
    return;
  }
  if (protocol == UDP && load16(at) == 0) return;
  const updated = checksum.update(load16(at), portBefore + (inPseudoHeader ? before : 0), <u64>portBe + (inPseudoHeader ? after : 0));
  store16(at, updated == 0 && protocol == UDP ? 0xffff : updated);
}

/** A partial checksum of this header; one of something deeper in a tunnel is none of its own. */
export function isPartial(descriptor: usize, l4: usize): bool {
  const frame = desc.frame(descriptor);
  const header = frame - virtio.HEADER_BYTES;
  return virtio.needsChecksum(header) && frame + virtio.checksumStart(header) == l4;
}

function checksumOffset(protocol: u32): usize {
  if (protocol == TCP) return tcp.CHECKSUM_OFFSET;
  return protocol == UDP ? udp.CHECKSUM_OFFSET : ICMP_CHECKSUM;
}
