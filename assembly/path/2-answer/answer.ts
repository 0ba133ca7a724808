/** Second phase: the engine answers for the addresses that are bound to ports, so that no ARP request and no neighbour
 *  solicitation for them floods, and nobody else can answer. Never to the port that owns the asked address (its own
 *  duplicate address detection would fail); DAD for an address that is bound elsewhere is answered. RFC 826, RFC 5227,
 *  RFC 4861, RFC 4862. The frame is consumed, the answer is a frame of ours in a slot of its own. */
import * as field from "../../abi/descriptor";
import * as reason from "../../abi/drop-reason";
import * as record from "../../abi/worker";
import * as step from "../../abi/trace";
import * as desc from "../../memory/descriptor";
import * as pool from "../../memory/frame-pool";
import { TRACE, note } from "../../memory/trace";
import { count, isUsable } from "../../memory/worker";
import * as addresses from "../../tables/address-table";
import * as arp from "../../wire/arp";
import * as ethernet from "../../wire/ethernet";
import * as icmpv6 from "../../wire/icmpv6";
import { ICMPV6 } from "../../wire/ip-protocol";
import * as ipv6 from "../../wire/ipv6";
import * as nd from "../../wire/neighbour-discovery";
import * as virtio from "../../wire/virtio-net";
import { egress } from "../5-egress/egress";
import { parseLayers } from "../1-ingress/parse";

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

function answerArp(worker: usize, descriptor: usize): u32 {
  const request = desc.l3(descriptor);
  if (arp.operation(request) != arp.REQUEST) return field.CONTINUE;
  const target = arp.targetIpBe(request);
  const binding = answerable(worker, descriptor, addresses.findIpv4(desc.network(descriptor), target));
  if (binding == 0) return field.CONTINUE;
  if (arp.senderIpBe(request) == target) return unasked(step.UNASKED_ANNOUNCEMENT);
  const reply = originate(worker, descriptor, ARP_FRAME_BYTES);
  if (reply == 0) return desc.drop(descriptor, reason.POOL_EMPTY);
  const frame = desc.frame(reply);
  const mac = addresses.macOf(binding);
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
  if (icmpv6.type(l4) != icmpv6.NEIGHBOUR_SOLICITATION) return field.CONTINUE;
  const binding = answerable(worker, descriptor, addresses.findIpv6(desc.network(descriptor), nd.target(l4)));
  if (binding == 0) return field.CONTINUE;
  const reply = originate(worker, descriptor, ADVERTISEMENT_FRAME_BYTES);
  if (reply == 0) return desc.drop(descriptor, reason.POOL_EMPTY);
  writeAdvertisement(desc.frame(reply), descriptor, ip, l4, addresses.macOf(binding));
  return send(worker, descriptor, reply);
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

/** A descriptor of our own for an answer to `descriptor`, of `bytes` bytes; 0 when no slot is free. */
function originate(worker: usize, descriptor: usize, bytes: u32): usize {
  const reply = pool.take(worker);
  if (reply == 0) return 0;
  const frame = pool.framePlace(worker, desc.slot(reply));
  virtio.clear(frame - virtio.HEADER_BYTES);
  desc.setFrame(reply, frame);
  desc.setBytes(reply, bytes);
  desc.setPort(reply, desc.port(descriptor));
  desc.setNetwork(reply, desc.network(descriptor));
  return reply;
}

function send(worker: usize, descriptor: usize, reply: usize): u32 {
  desc.setDestination(reply, ethernet.destination(desc.frame(reply)));
  parseLayers(reply, desc.frame(reply), desc.bytes(reply));
  count(worker, record.ORIGINATED, 1);
  count(worker, record.ANSWERED, 1);
  egress(worker, reply, desc.port(descriptor), true);
  pool.release(worker, reply);
  return field.CONSUME;
}
