/** Second phase: the engine answers for the addresses that are bound to ports, so that no ARP request and no neighbour
 *  solicitation for them floods, and nobody else can answer. Never to the port that owns the asked address (its own
 *  duplicate address detection would fail); DAD for an address that is bound elsewhere is answered. RFC 826, RFC 5227,
 *  RFC 4861, RFC 4862. The frame is consumed, the answer is a frame of ours in a slot of its own. */
import * as field from "../../abi/descriptor";
import * as reason from "../../abi/drop-reason";
import * as record from "../../abi/worker";
import * as step from "../../abi/trace";
import * as desc from "../../memory/descriptor";
import { TRACE, note } from "../../memory/trace";
import { count, isUsable } from "../../memory/worker";
import * as addresses from "../../tables/address-table";
import * as endpoints from "../../tables/endpoint-table";
import * as networks from "../../tables/network-table";
import * as services from "../../tables/service-table";
import * as arp from "../../wire/arp";
import * as ethernet from "../../wire/ethernet";
import * as icmpv6 from "../../wire/icmpv6";
import { ICMPV6 } from "../../wire/ip-protocol";
import * as ipv6 from "../../wire/ipv6";
import * as nd from "../../wire/neighbour-discovery";
import { noteEndpoint } from "../3-service/notes";
import { learn } from "../3-service/resolve";
import { learnSource } from "../4-switch/forward";
import { originate, send as sendOriginated } from "../5-egress/originate";

const ARP_FRAME_BYTES: u32 = ethernet.HEADER_BYTES + arp.HEADER_BYTES;
const ADVERTISEMENT_FRAME_BYTES: u32 = ethernet.HEADER_BYTES + ipv6.HEADER_BYTES + nd.ADVERTISEMENT_BYTES;
/** 33:33:00:00:00:01 and the halves of ff02::1, as they lie in memory. */
const ALL_NODES_MAC: u64 = 0x010000003333;
const ALL_NODES_HIGH: u64 = 0x02ff;
const ALL_NODES_LOW: u64 = 0x0100000000000000;

/** Verdict CONTINUE (not for us), CONSUME (answered) or DROP (no slot for the answer). */
export function answer(worker: usize, descriptor: usize): u32 {
  const flags = desc.flags(descriptor);
  if ((flags & field.FLAG_TAGGED) != 0) return unasked(step.UNASKED_TAGGED);
  if ((flags & field.FLAG_ARP) != 0) return answerArp(worker, descriptor);
  if ((flags & field.FLAG_IPV6) == 0 || desc.protocol(descriptor) != ICMPV6) {
    if (TRACE && isHidden(descriptor)) note(step.UNASKED, step.UNASKED_HIDDEN);
    return field.CONTINUE;
  }
  return answerSolicitation(worker, descriptor);
}

// @ts-ignore: decorator
@inline
function unasked(why: u32): u32 {
  if (TRACE) note(step.UNASKED, why);
  return field.CONTINUE;
}

/** Of what the parser has not found: its EtherType may still be that of a question. */
function isHidden(descriptor: usize): bool {
  const etherType = desc.etherType(descriptor);
  const known = desc.flags(descriptor) & (field.FLAG_IPV6 | field.FLAG_CHAIN_CUT);
  return etherType == ethernet.ETHER_TYPE_ARP || (etherType == ethernet.ETHER_TYPE_IPV6 && known != field.FLAG_IPV6);
}

/** The binding that is to be answered for, or 0: bound, on another port, which is there. */
function answerable(worker: usize, descriptor: usize, binding: usize): usize {
  if (binding == 0) return 0;
  const port = addresses.portOf(binding);
  if (port == desc.port(descriptor)) return 0;
  if (isUsable(worker, port)) return binding;
  if (TRACE) note(step.UNASKED, step.UNASKED_ABSENT);
  return 0;
}

/** Verdict of an answer to an address, as two halves: one to a virtual address is for the engine, which has asked for its sender and will send there. */
function heard(worker: usize, descriptor: usize, family: u32, low: u64, high: u64): u32 {
  const endpoint = endpoints.find(desc.network(descriptor), family, low, high);
  if (endpoint == 0 || endpoints.serviceOf(endpoint) == 0) return field.CONTINUE;
  if (TRACE) note(step.HEARD, 1);
  learnSource(worker, descriptor);
  return field.CONSUME;
}

/** MAC that the engine answers with: that of the binding, or of the service whose virtual address the two halves are; 0: it does not answer. */
function macFor(worker: usize, descriptor: usize, binding: usize, family: u32, low: u64, high: u64): u64 {
  if (binding != 0) return answerable(worker, descriptor, binding) == 0 ? 0 : addresses.macOf(binding);
  const network = desc.network(descriptor);
  if (!networks.hasServices(network)) return 0;
  const endpoint = endpoints.find(network, family, low, high);
  if (TRACE && endpoint != 0) noteEndpoint(endpoint, 0, family, low, high);
  return endpoint == 0 ? 0 : services.virtualMac(services.recordOf(endpoints.serviceOf(endpoint)));
}

function answerArp(worker: usize, descriptor: usize): u32 {
  const request = desc.l3(descriptor);
  const isServing = networks.hasServices(desc.network(descriptor));
  if (isServing) learn(desc.network(descriptor), 4, arp.senderIpBe(request), 0, arp.senderMac(request));
  if (arp.operation(request) != arp.REQUEST) return isServing ? heard(worker, descriptor, 4, arp.targetIpBe(request), 0) : field.CONTINUE;
  const target = arp.targetIpBe(request);
  const mac = macFor(worker, descriptor, addresses.findIpv4(desc.network(descriptor), target), 4, target, 0);
  if (mac == 0) return field.CONTINUE;
  if (arp.senderIpBe(request) == target) return unasked(step.UNASKED_ANNOUNCEMENT);
  const reply = originate(worker, desc.network(descriptor), ARP_FRAME_BYTES);
  if (reply == 0) return desc.drop(descriptor, reason.POOL_EMPTY);
  const frame = desc.frame(reply);
  ethernet.write(frame, desc.source(descriptor), mac, ethernet.ETHER_TYPE_ARP);
  arp.write(frame + ethernet.HEADER_BYTES, arp.REPLY, mac, target, arp.senderMac(request), arp.senderIpBe(request));
  return send(worker, descriptor, reply);
}

function answerSolicitation(worker: usize, descriptor: usize): u32 {
  const ip = desc.l3(descriptor);
  const l4 = desc.l4(descriptor);
  if (l4 == 0) return unasked(step.UNASKED_HIDDEN);
  if ((desc.flags(descriptor) & field.FLAG_FRAGMENT) != 0) return unsolicited(l4, step.UNASKED_FRAGMENT);
  if (ipv6.hopLimit(ip) != nd.HOP_LIMIT_REQUIRED) return unsolicited(l4, step.UNASKED_FAR);
  if (!nd.isValid(l4, desc.l4Bytes(descriptor))) return unsolicited(l4, step.UNASKED_MALFORMED);
  if (icmpv6.type(l4) == icmpv6.NEIGHBOUR_ADVERTISEMENT) return takeAdvertisement(worker, descriptor, l4);
  if (icmpv6.type(l4) != icmpv6.NEIGHBOUR_SOLICITATION) return field.CONTINUE;
  const target = nd.target(l4);
  const mac = macFor(worker, descriptor, addresses.findIpv6(desc.network(descriptor), target), 6, load<u64>(target), load<u64>(target, 8));
  if (mac == 0) return field.CONTINUE;
  const reply = originate(worker, desc.network(descriptor), ADVERTISEMENT_FRAME_BYTES);
  if (reply == 0) return desc.drop(descriptor, reason.POOL_EMPTY);
  writeAdvertisement(desc.frame(reply), descriptor, ip, l4, mac);
  return send(worker, descriptor, reply);
}

/** Where a station says that it is. */
function takeAdvertisement(worker: usize, descriptor: usize, message: usize): u32 {
  const network = desc.network(descriptor);
  if (!networks.hasServices(network)) return field.CONTINUE;
  const target = nd.target(message);
  const mac = nd.optionLinkAddress(message, desc.l4Bytes(descriptor), nd.TARGET_LINK_ADDRESS);
  learn(network, 6, load<u64>(target), load<u64>(target, 8), mac == 0 ? desc.source(descriptor) : mac);
  const to = ipv6.destination(desc.l3(descriptor));
  return heard(worker, descriptor, 6, load<u64>(to), load<u64>(to, 8));
}

/** There is nothing to say of other messages. */
// @ts-ignore: decorator
@inline
function unsolicited(message: usize, why: u32): u32 {
  if (TRACE && icmpv6.isNeighbourSolicitation(message)) note(step.UNASKED, why);
  return field.CONTINUE;
}

function writeAdvertisement(frame: usize, descriptor: usize, ip: usize, solicitation: usize, mac: u64): void {
  const isDetection = ipv6.isUnspecified(ipv6.source(ip));
  const reply = frame + ethernet.HEADER_BYTES;
  const flags = isDetection ? nd.FLAG_OVERRIDE : nd.FLAG_OVERRIDE | nd.FLAG_SOLICITED;
  const to = isDetection ? writeAllNodes(ipv6.destination(reply)) : ipv6.source(ip);
  ethernet.write(frame, isDetection ? ALL_NODES_MAC : desc.source(descriptor), mac, ethernet.ETHER_TYPE_IPV6);
  ipv6.write(reply, nd.ADVERTISEMENT_BYTES, ICMPV6, nd.HOP_LIMIT_REQUIRED, nd.target(solicitation), to);
  const message = reply + ipv6.HEADER_BYTES;
  nd.writeAdvertisement(message, flags, nd.target(solicitation), mac);
  icmpv6.updateChecksum(message, nd.ADVERTISEMENT_BYTES, ipv6.pseudoHeader(reply, ICMPV6, nd.ADVERTISEMENT_BYTES));
}

function writeAllNodes(address: usize): usize {
  store<u64>(address, ALL_NODES_HIGH);
  store<u64>(address, ALL_NODES_LOW, 8);
  return address;
}

function send(worker: usize, descriptor: usize, reply: usize): u32 {
  count(worker, record.ANSWERED, 1);
  sendOriginated(worker, reply, desc.port(descriptor));
  return field.CONSUME;
}
