/** Frames of captures that were cut (snap length): BYTES is their length on the wire, behind what was captured lie zeros. They go their
 *  way by the headers that are there. A header that is not wholly there is not named in the descriptor, whatever the zeros
 *  behind it look like; one without which nothing can be decided is the drop `snapped-short`. */
import * as field from "../../abi/descriptor";
import * as reason from "../../abi/drop-reason";
import { MAX_EXTENSION_BYTES, MAX_VLAN_TAGS } from "../../abi/limits";
import * as desc from "../../memory/descriptor";
import * as arp from "../../wire/arp";
import * as ethernet from "../../wire/ethernet";
import * as icmpv6 from "../../wire/icmpv6";
import { ICMPV6, TCP } from "../../wire/ip-protocol";
import * as ipv4 from "../../wire/ipv4";
import * as tcp from "../../wire/tcp";
import * as ipv6 from "../../wire/ipv6";
import * as vlan from "../../wire/vlan";

/** Of every L4 header that anything is decided by: ports of UDP and TCP, type of ICMP. */
const L4_BYTES: u32 = 8;
/** Types of ICMPv6 from 130 on: listener discovery (RFC 2710), neighbour discovery (RFC 4861). */
const FIRST_DISCOVERY: u32 = 130;
/** Layers that rest on L3 and what is known of them. */
const L3_FLAGS: u32 = field.FLAG_ARP | field.FLAG_IPV4 | field.FLAG_IPV6 | field.FLAG_FRAGMENT | field.FLAG_CHAIN_CUT;

function capturedBytes(descriptor: usize): u32 { return desc.bytes(descriptor) - desc.missing(descriptor); }

/** Before anything is read: CONTINUE when the Ethernet header and the tags that are walked are there. */
export function requireEthernet(descriptor: usize): u32 {
  const captured = capturedBytes(descriptor);
  let end: u32 = ethernet.HEADER_BYTES;
  if (desc.bytes(descriptor) < end) return field.CONTINUE; // it was a runt when it was whole
  if (captured < end) return desc.drop(descriptor, reason.SNAPPED_SHORT);
  let etherType = ethernet.etherType(desc.frame(descriptor));
  for (let tags = 0; tags < MAX_VLAN_TAGS && vlan.isTag(etherType); tags++) {
    if (captured < end + vlan.HEADER_BYTES) return desc.drop(descriptor, reason.SNAPPED_SHORT);
    etherType = vlan.etherType(desc.frame(descriptor) + end);
    end += vlan.HEADER_BYTES;
  }
  return field.CONTINUE;
}

/** Takes from the descriptor what is not wholly there; true when that was anything. */
export function withdraw(descriptor: usize): bool {
  const captured = capturedBytes(descriptor);
  const l3 = load<u32>(descriptor, field.L3);
  if (l3 + l3Bytes(descriptor) > captured || isChainShort(descriptor, captured)) return withdrawL3(descriptor);
  const l4 = load<u32>(descriptor, field.L4);
  if (l4 == 0) return false;
  if (l4 + L4_BYTES > captured || isMessageShort(descriptor, captured)) return withdrawL4(descriptor);
  if (areOptionsShort(descriptor, captured)) withdrawL4(descriptor);
  return false;
}

function withdrawL3(descriptor: usize): bool {
  desc.setFlags(descriptor, desc.flags(descriptor) & ~L3_FLAGS);
  return withdrawL4(descriptor);
}

function withdrawL4(descriptor: usize): bool {
  desc.setL4(descriptor, 0);
  return true;
}

/** Bytes of the header that the EtherType announces, without options: what lies behind them is short where they are. 0 of one that the
 *  engine does not know. */
function l3Bytes(descriptor: usize): u32 {
  const etherType = desc.etherType(descriptor);
  if (etherType == ethernet.ETHER_TYPE_ARP) return arp.HEADER_BYTES;
  if (etherType == ethernet.ETHER_TYPE_IPV6) return ipv6.HEADER_BYTES;
  return etherType == ethernet.ETHER_TYPE_IPV4 ? ipv4.HEADER_BYTES : 0;
}

/** Extension headers of IPv6 were walked into the zeros: what they lead to is not known. */
function isChainShort(descriptor: usize, captured: u32): bool {
  if ((desc.flags(descriptor) & field.FLAG_IPV6) == 0 || load<u32>(descriptor, field.L4) != 0) return false;
  const l3 = load<u32>(descriptor, field.L3);
  return l3 + load<u32>(descriptor, field.PACKET_BYTES) > captured && l3 + ipv6.HEADER_BYTES + MAX_EXTENSION_BYTES > captured;
}

/** Options of TCP are changed, not decided by: where they are not whole the segment goes on as it is. */
function areOptionsShort(descriptor: usize, captured: u32): bool {
  if (desc.protocol(descriptor) != TCP) return false;
  const l4 = load<u32>(descriptor, field.L4);
  return l4 + tcp.HEADER_BYTES > captured || l4 + tcp.headerBytes(desc.l4(descriptor)) > captured;
}

/** Messages of neighbour and listener discovery say what they say by all of their bytes. */
function isMessageShort(descriptor: usize, captured: u32): bool {
  if (desc.protocol(descriptor) != ICMPV6 || icmpv6.type(desc.l4(descriptor)) < FIRST_DISCOVERY) return false;
  return load<u32>(descriptor, field.L4) + desc.l4Bytes(descriptor) > captured;
}
