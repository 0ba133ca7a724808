/** Whoever cannot be served is told so at once, from the address that it spoke to and by the port that it came from, and need not wait for a time-out:
 *
 *      a TCP segment     a reset that its sender accepts (RFC 9293, section 3.10.7.1)
 *      UDP               "port unreachable" about it: as much of it as makes 576 bytes of IPv4 (RFC 1812, section 4.3.2.3), 1,280 of IPv6
 *                        (RFC 4443, section 3.1)
 *
 *  Nobody is told anything about a reset, about a group or what comes from one, about a fragment other than the first, or within a tag (RFC 1122,
 *  section 3.2.2; RFC 4443, section 2.4). Checksums of what is refused are not looked at. Where no slot is free nothing is sent, which the
 *  sender's next try makes good. */
import * as field from "../../abi/descriptor";
import * as step from "../../abi/trace";
import * as desc from "../../memory/descriptor";
import { TRACE, note } from "../../memory/trace";
import * as ethernet from "../../wire/ethernet";
import * as icmpv4 from "../../wire/icmpv4";
import * as icmpv6 from "../../wire/icmpv6";
import { ICMPV4, ICMPV6, TCP, UDP } from "../../wire/ip-protocol";
import * as ipv4 from "../../wire/ipv4";
import * as ipv6 from "../../wire/ipv6";
import * as tcp from "../../wire/tcp";
import * as udp from "../../wire/udp";
import { originate, send } from "../5-egress/originate";
import { isIpv4 } from "./packet";
import { beginReset, finishReset, HOPS, segmentOf } from "./reset";

/** Bytes of the packets that errors make, at most. */
const ERROR_BYTES: u32 = 576;
const ERROR6_BYTES: u32 = 1280;

/** Answers the frame, which is parsed and in a network, to its sender. The frame itself is left to the caller. */
export function refuse(worker: usize, descriptor: usize): void {
  const told = tell(worker, descriptor);
  if (TRACE) note(step.TELL, told);
}

/** TELL_* of abi/trace.ts. */
function tell(worker: usize, descriptor: usize): u32 {
  if (!isAnswerable(descriptor)) return step.TELL_NOTHING;
  const protocol = desc.protocol(descriptor);
  const bytes = desc.l4Bytes(descriptor);
  if (protocol == TCP && tcp.isValid(desc.l4(descriptor), bytes)) return refuseSegment(worker, descriptor) ? step.TELL_RESET : step.TELL_NOTHING;
  const isDatagram = protocol == UDP && bytes >= udp.HEADER_BYTES;
  return isDatagram && refuseDatagram(worker, descriptor) ? step.TELL_UNREACHABLE : step.TELL_NOTHING;
}

/** It has an L4 header, and both of its addresses are of one station each. */
function isAnswerable(descriptor: usize): bool {
  const flags = desc.flags(descriptor);
  if (desc.l4(descriptor) == 0 || (flags & (field.FLAG_GROUP | field.FLAG_TAGGED)) != 0) return false;
  const ip = desc.l3(descriptor);
  if ((flags & field.FLAG_IPV4) != 0) return isStation4(ipv4.sourceBe(ip)) && isStation4(ipv4.destinationBe(ip));
  return isStation6(ipv6.source(ip)) && isStation6(ipv6.destination(ip));
}

function isStation4(addressBe: u32): bool { return !ipv4.isUnspecified(addressBe) && !ipv4.isGroupOrReserved(addressBe); }
function isStation6(address: usize): bool { return !ipv6.isUnspecified(address) && !ipv6.isMulticast(address); }

// ---------------------------------------------------------------- TCP
/** With an acknowledgment the reset has its number, else it acknowledges the segment, whose end must be known for that. */
function refuseSegment(worker: usize, descriptor: usize): bool {
  const segment = desc.l4(descriptor);
  const flags = tcp.flags(segment);
  const acknowledges = (flags & tcp.ACK) != 0;
  if ((flags & tcp.RST) != 0 || (!acknowledges && (desc.flags(descriptor) & field.FLAG_FRAGMENT) != 0)) return false;
  const frame = desc.frame(descriptor);
  const family = isIpv4(descriptor);
  const reset = beginReset(worker, desc.network(descriptor), family, ethernet.source(frame), ethernet.destination(frame));
  if (reset == 0) return false;
  const header = segmentOf(reset, family);
  if (acknowledges) tcp.write(header, tcp.targetPort(segment), tcp.sourcePort(segment), tcp.acknowledgment(segment), 0, tcp.RST);
  else tcp.write(header, tcp.targetPort(segment), tcp.sourcePort(segment), 0, endOf(segment, desc.l4Bytes(descriptor)), tcp.RST | tcp.ACK);
  const ip = desc.l3(descriptor);
  const from = family ? ipv4.destination(ip) : ipv6.destination(ip);
  finishReset(worker, reset, family, from, family ? ipv4.source(ip) : ipv6.source(ip), desc.port(descriptor));
  return true;
}

/** The sequence number behind the segment. */
function endOf(segment: usize, bytes: u32): u32 {
  const flags = tcp.flags(segment);
  const length = bytes - tcp.headerBytes(segment) + <u32>((flags & tcp.SYN) != 0) + <u32>((flags & tcp.FIN) != 0);
  return tcp.sequence(segment) + length;
}

// ---------------------------------------------------------------- UDP
function refuseDatagram(worker: usize, descriptor: usize): bool {
  const family = isIpv4(descriptor);
  const ip = desc.l3(descriptor);
  const headers = family ? ipv4.HEADER_BYTES + icmpv4.HEADER_BYTES : ipv6.HEADER_BYTES + icmpv6.ERROR_HEADER_BYTES;
  const whole = <u32>(desc.l4(descriptor) - ip) + desc.l4Bytes(descriptor);
  const quoted = min<u32>(whole, (family ? ERROR_BYTES : ERROR6_BYTES) - headers);
  const reply = originate(worker, desc.network(descriptor), ethernet.HEADER_BYTES + headers + quoted);
  if (reply == 0) return false;
  const frame = desc.frame(descriptor);
  ethernet.write(desc.frame(reply), ethernet.source(frame), ethernet.destination(frame), desc.etherType(descriptor));
  const packet = desc.frame(reply) + ethernet.HEADER_BYTES;
  memory.copy(packet + headers, ip, quoted);
  if (family) writeError4(packet, headers + quoted, ip);
  else writeError6(packet, headers + quoted, ip);
  send(worker, reply, desc.port(descriptor));
  return true;
}

function writeError4(packet: usize, bytes: u32, ip: usize): void {
  const message = packet + ipv4.HEADER_BYTES;
  ipv4.write(packet, bytes, ICMPV4, HOPS, ipv4.destinationBe(ip), ipv4.sourceBe(ip));
  icmpv4.write(message, icmpv4.UNREACHABLE, icmpv4.PORT_UNREACHABLE);
  icmpv4.updateChecksum(message, bytes - ipv4.HEADER_BYTES);
}

function writeError6(packet: usize, bytes: u32, ip: usize): void {
  const message = packet + ipv6.HEADER_BYTES;
  const messageBytes = bytes - ipv6.HEADER_BYTES;
  ipv6.write(packet, messageBytes, ICMPV6, HOPS, ipv6.destination(ip), ipv6.source(ip));
  icmpv6.writeError(message, icmpv6.UNREACHABLE, icmpv6.PORT_UNREACHABLE);
  icmpv6.updateChecksum(message, messageBytes, ipv6.pseudoHeader(packet, ICMPV6, messageBytes));
}
