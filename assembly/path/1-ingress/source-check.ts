/** Third step, on ports that have it on: a frame must come from the MAC and the addresses bound to its port, and nobody
 *  there plays router or DHCP server. Let pass in any case: the unspecified address for duplicate address detection and
 *  MLD (RFC 4862, RFC 3590), 0.0.0.0 for ARP probes and DHCP requests (RFC 5227, RFC 2131), the EUI-64 link-local of the
 *  bound MAC (RFC 4291, appendix A), and up to MAX_LINK_LOCALS link-locals that the port announced by DAD.
 *  What the parser does not see through does not pass either, where a receiver would: ARP of another form, more tags than
 *  are walked (receivers take priority tags off), extension headers without end (RFC 7113). */
import * as field from "../../abi/descriptor";
import * as reason from "../../abi/drop-reason";
import * as step from "../../abi/trace";
import * as map from "../../abi/memory-map";
import * as desc from "../../memory/descriptor";
import { TRACE, note, noteAddress } from "../../memory/trace";
import * as addresses from "../../tables/address-table";
import * as networks from "../../tables/network-table";
import * as ports from "../../tables/port-table";
import * as arp from "../../wire/arp";
import * as ethernet from "../../wire/ethernet";
import * as icmpv6 from "../../wire/icmpv6";
import * as ipv4 from "../../wire/ipv4";
import { ICMPV6, UDP } from "../../wire/ip-protocol";
import { isEui64Of } from "../../wire/eui64";
import * as ipv6 from "../../wire/ipv6";
import * as nd from "../../wire/neighbour-discovery";
import * as udp from "../../wire/udp";
import * as vlan from "../../wire/vlan";

/** Verdict CONTINUE, or DROP with SPOOFED_SOURCE, ROGUE_ROUTER or ROGUE_DHCP. */
export function checkSource(descriptor: usize): u32 {
  const port = desc.port(descriptor);
  const isStation = desc.source(descriptor) == ports.mac(port);
  if (TRACE) note(step.STATION, <u32>isStation, 0, 0, desc.source(descriptor), ports.mac(port));
  if (!isStation) return spoofed(descriptor);
  const flags = desc.flags(descriptor);
  if ((flags & field.FLAG_IPV4) != 0) return checkIpv4(descriptor, port);
  if ((flags & field.FLAG_IPV6) != 0) return checkIpv6(descriptor, port);
  if ((flags & field.FLAG_ARP) != 0) return checkArp(descriptor, port);
  const type = desc.etherType(descriptor);
  return type == ethernet.ETHER_TYPE_ARP || vlan.isTag(type) ? refuse(descriptor, step.REFUSED_HIDDEN) : field.CONTINUE;
}

function spoofed(descriptor: usize): u32 { return desc.drop(descriptor, reason.SPOOFED_SOURCE); }

/** The same where no look-up tells it. */
function refuse(descriptor: usize, why: u32): u32 {
  if (TRACE) note(step.REFUSED, why);
  return spoofed(descriptor);
}

function isBoundIpv4(descriptor: usize, port: u32, addressBe: u32): bool {
  const binding = addresses.findIpv4(desc.network(descriptor), addressBe);
  return binding != 0 && addresses.portOf(binding) == port;
}

function isBoundIpv6(descriptor: usize, port: u32, address: usize): bool {
  const binding = addresses.findIpv6(desc.network(descriptor), address);
  return binding != 0 && addresses.portOf(binding) == port;
}

function checkArp(descriptor: usize, port: u32): u32 {
  const l3 = desc.l3(descriptor);
  if (arp.senderMac(l3) != ports.mac(port)) return refuse(descriptor, step.REFUSED_SENDER_MAC);
  const sender = arp.senderIpBe(l3);
  if (sender == 0 && arp.operation(l3) == arp.REQUEST) return field.CONTINUE;
  return isBoundIpv4(descriptor, port, sender) ? field.CONTINUE : spoofed(descriptor);
}

/** The UDP header of a packet that is not a later fragment, or 0. */
function udpOf(descriptor: usize): usize {
  const l4 = desc.l4(descriptor);
  if (l4 == 0 || desc.protocol(descriptor) != UDP) return 0;
  return desc.l4Bytes(descriptor) >= udp.HEADER_BYTES ? l4 : 0;
}

/** Clients look at the port that a message comes to, few at the one that it comes from. */
function isFromServer(header: usize, serverPort: u32, clientPort: u32): bool {
  return udp.sourcePort(header) == serverPort || udp.targetPort(header) == clientPort;
}

function checkIpv4(descriptor: usize, port: u32): u32 {
  const source = ipv4.sourceBe(desc.l3(descriptor));
  const header = udpOf(descriptor);
  if (header != 0 && isFromServer(header, udp.DHCP_SERVER_PORT, udp.DHCP_CLIENT_PORT)) return desc.drop(descriptor, reason.ROGUE_DHCP);
  if (source == 0 && header != 0 && udp.sourcePort(header) == udp.DHCP_CLIENT_PORT && udp.targetPort(header) == udp.DHCP_SERVER_PORT) return field.CONTINUE;
  return isBoundIpv4(descriptor, port, source) ? field.CONTINUE : spoofed(descriptor);
}

function checkIpv6(descriptor: usize, port: u32): u32 {
  if ((desc.flags(descriptor) & field.FLAG_CHAIN_CUT) != 0) return refuse(descriptor, step.REFUSED_CHAIN);
  const ip = desc.l3(descriptor);
  const l4 = desc.l4(descriptor);
  const header = udpOf(descriptor);
  if (header != 0 && isFromServer(header, udp.DHCPV6_SERVER_PORT, udp.DHCPV6_CLIENT_PORT)) return desc.drop(descriptor, reason.ROGUE_DHCP);
  const isIcmp = l4 != 0 && desc.protocol(descriptor) == ICMPV6 && icmpv6.isValid(l4, desc.l4Bytes(descriptor));
  if (isIcmp) {
    const verdict = checkNeighbourMessage(descriptor, port, l4);
    if (verdict != field.CONTINUE) return verdict;
  }
  const source = ipv6.source(ip);
  if (ipv6.isUnspecified(source)) return isIcmp && mayBeUnspecified(icmpv6.type(l4)) ? field.CONTINUE : refuse(descriptor, step.REFUSED_UNSPECIFIED);
  return isOwnIpv6(descriptor, port, source) ? field.CONTINUE : spoofed(descriptor);
}

function mayBeUnspecified(type: u32): bool {
  return type == icmpv6.NEIGHBOUR_SOLICITATION || type == icmpv6.ROUTER_SOLICITATION || isMld(type);
}

/** Multicast listener query, report, done (RFC 2710) and version 2 report (RFC 3810). */
function isMld(type: u32): bool { return (type >= 130 && type <= 132) || type == 143; }

function isOwnIpv6(descriptor: usize, port: u32, address: usize): bool {
  if (!ipv6.isLinkLocal(address)) return isBoundIpv6(descriptor, port, address);
  const isFromMac = isEui64Of(address, ports.mac(port));
  const isAnnounced = !isFromMac && ports.hasLinkLocal(port, address);
  if (TRACE) noteLinkLocal(isFromMac ? step.LINK_LOCAL_MADE : isAnnounced ? step.LINK_LOCAL_ANNOUNCED : step.LINK_LOCAL_NEITHER, address);
  return isFromMac || isAnnounced || isBoundIpv6(descriptor, port, address);
}

function noteLinkLocal(outcome: u32, address: usize): void { noteAddress(step.LINK_LOCAL, outcome, 0, 6, address); }

/** What a port may say in neighbour discovery: nothing of other stations' addresses, nothing of a router. */
function checkNeighbourMessage(descriptor: usize, port: u32, l4: usize): u32 {
  const type = icmpv6.type(l4);
  if (type == icmpv6.ROUTER_ADVERTISEMENT || type == icmpv6.REDIRECT) return desc.drop(descriptor, reason.ROGUE_ROUTER);
  if (type != icmpv6.NEIGHBOUR_SOLICITATION && type != icmpv6.NEIGHBOUR_ADVERTISEMENT) return field.CONTINUE;
  const bytes = desc.l4Bytes(descriptor);
  if (!nd.isValid(l4, bytes)) return refuse(descriptor, step.REFUSED_MESSAGE);
  if (type == icmpv6.NEIGHBOUR_SOLICITATION) {
    if (!linkOptionIsOwn(nd.optionLinkAddress(l4, bytes, nd.SOURCE_LINK_ADDRESS), port)) return refuse(descriptor, step.REFUSED_LINK_OPTION);
    return checkSolicitation(descriptor, port, l4);
  }
  if (!linkOptionIsOwn(nd.optionLinkAddress(l4, bytes, nd.TARGET_LINK_ADDRESS), port)) return refuse(descriptor, step.REFUSED_LINK_OPTION);
  return isOwnIpv6(descriptor, port, nd.target(l4)) ? field.CONTINUE : spoofed(descriptor);
}

function linkOptionIsOwn(mac: u64, port: u32): bool { return mac == 0 || mac == ports.mac(port); }

/** Duplicate address detection of a link-local announces it for this port, unless it is somebody else's: then the question
 *  goes on, and whoever has the address answers. */
function checkSolicitation(descriptor: usize, port: u32, l4: usize): u32 {
  const target = nd.target(l4);
  if (!ipv6.isUnspecified(ipv6.source(desc.l3(descriptor))) || !ipv6.isLinkLocal(target)) return field.CONTINUE;
  const isMade = isEui64Of(target, ports.mac(port));
  if (TRACE && isMade) noteLinkLocal(step.LINK_LOCAL_MADE, target);
  if (isMade || addresses.findIpv6(desc.network(descriptor), target) != 0) return field.CONTINUE;
  const isAnnounced = ports.hasLinkLocal(port, target);
  if (!isAnnounced && isLinkLocalOfAnother(descriptor, port, target)) {
    if (TRACE) noteLinkLocal(step.LINK_LOCAL_OF_ANOTHER, target);
    return field.CONTINUE;
  }
  const hasRoom = ports.addLinkLocal(port, target);
  if (TRACE && hasRoom) noteLinkLocal(isAnnounced ? step.LINK_LOCAL_ANNOUNCED : step.LINK_LOCAL_NEW, target);
  return hasRoom ? field.CONTINUE : refuse(descriptor, step.REFUSED_LINK_LOCALS);
}

/** True when a station on another port of the network announced `address`, or makes it from its MAC. Looks at every port of
 *  the network, as the flood does that the solicitation becomes. */
function isLinkLocalOfAnother(descriptor: usize, port: u32, address: usize): bool {
  const words = (load<u32>(map.HEAD_PORT_END) + 31) >> 5;
  for (let word: u32 = 0; word < words; word++) {
    for (let members = networks.memberWord(desc.network(descriptor), word); members != 0; members &= members - 1) {
      const other = (word << 5) + <u32>ctz(members);
      if (other != port && (isEui64Of(address, ports.mac(other)) || ports.hasLinkLocal(other, address))) return true;
    }
  }
  return false;
}
