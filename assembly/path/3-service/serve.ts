/** Third phase: packets to a virtual address get a backend, packets of known connections go where theirs go, and both leave with the
 *  addresses that the other side knows.
 *
 *      client -> virtual address   ==>   client -> backend            original direction
 *      backend -> client           ==>   virtual address -> client    reply direction
 *
 *  Connections to a backend that do not come through a virtual address are followed, and not changed. Of a network with services each frame costs a
 *  look at the last bytes of its addresses; of others, one at the network's flags. Only unicast packets are looked at, none within a tag. */
import * as field from "../../abi/descriptor";
import * as reason from "../../abi/drop-reason";
import * as flow from "../../abi/flow";
import * as step from "../../abi/trace";
import * as desc from "../../memory/descriptor";
import { TRACE, note } from "../../memory/trace";
import { wordOf } from "../../tables/flow-entry";
import * as networks from "../../tables/network-table";
import * as ethernet from "../../wire/ethernet";
import { ICMPV4, ICMPV6, TCP, UDP } from "../../wire/ip-protocol";
import * as tcp from "../../wire/tcp";
import * as udp from "../../wire/udp";
import { begin, beginEcho } from "./begin";
import { answerEcho, isEchoMessage, isEchoRequest } from "./echo";
import { BEGIN_ANEW, follow } from "./follow";
import * as fragments from "./fragments";
import { isError, translate } from "./icmp-error";
import { noteFlow, noteNoFlow } from "./notes";
import * as packet from "./packet";
import { setEnds } from "./rewrite";

/** What keeps a packet from being looked at. */
const PASSED: u32 = field.FLAG_TAGGED | field.FLAG_GROUP;
const IP: u32 = field.FLAG_IPV4 | field.FLAG_IPV6;
/** Times that a flow is looked for anew, as another worker makes or ends it just now. */
const TRIES = 4;

/** False where `serve` has nothing to do, which most frames of a network with services are told here. */
// @ts-ignore: decorator
@inline
export function mayServe(descriptor: usize): bool {
  const flags = desc.flags(descriptor);
  return (flags & IP) != 0 && (flags & PASSED) == 0 && (concerns(descriptor) || isIcmp(descriptor));
}

/** Of a frame that `mayServe`. Verdict CONTINUE, CONSUME (answered) or DROP. */
export function serve(worker: usize, descriptor: usize): u32 {
  if (TRACE && !mayServe(descriptor)) return field.CONTINUE;
  const icmp = isIcmp(descriptor);
  if (icmp && isError(descriptor)) return serveError(worker, descriptor);
  if (icmp && !concerns(descriptor)) return field.CONTINUE;
  const protocol = desc.protocol(descriptor);
  const isFragment = (desc.flags(descriptor) & field.FLAG_FRAGMENT) != 0;
  if (desc.l4(descriptor) == 0) return isFragment ? servePiece(worker, descriptor) : other(descriptor);
  if (protocol == TCP) return tcp.isValid(desc.l4(descriptor), desc.l4Bytes(descriptor)) ? serveFlow(worker, descriptor) : other(descriptor);
  if (protocol == UDP) return desc.l4Bytes(descriptor) >= udp.HEADER_BYTES ? serveFlow(worker, descriptor) : other(descriptor);
  return icmp ? serveIcmp(worker, descriptor) : other(descriptor);
}

function isIcmp(descriptor: usize): bool { return desc.protocol(descriptor) == (packet.isIpv4(descriptor) ? ICMPV4 : ICMPV6); }

/** True when services have to do with an address of the packet, as far as its last byte tells; also of one of IP whose addresses
 *  are not known. */
export function concerns(descriptor: usize): bool {
  if ((desc.flags(descriptor) & IP) == 0) return isIp(desc.etherType(descriptor));
  const bytes: usize = packet.isIpv4(descriptor) ? 4 : 16;
  const source = packet.source(descriptor);
  // the destination follows
  return networks.areServed(desc.network(descriptor), load<u8>(source + bytes - 1), load<u8>(source + 2 * bytes - 1));
}

function isIp(etherType: u32): bool { return etherType == ethernet.ETHER_TYPE_IPV4 || etherType == ethernet.ETHER_TYPE_IPV6; }

/** What is no packet of a flow: nobody serves it. */
function other(descriptor: usize): u32 {
  if (TRACE) noteNoFlow(descriptor, packet.endpoint(descriptor));
  return packet.virtualService(descriptor) != 0 ? desc.drop(descriptor, reason.NO_SERVICE) : field.CONTINUE;
}

function serveFlow(worker: usize, descriptor: usize): u32 {
  for (let tries = 0; tries < TRIES; tries++) {
    const found = packet.findFlow(descriptor);
    const verdict = found != 0 ? follow(worker, descriptor, found & ~1, <u32>found & 1) : begin(worker, descriptor);
    if (verdict != BEGIN_ANEW) return verdict;
  }
  return desc.drop(descriptor, reason.FLOWS_FULL);
}

/** A piece of a packet that is not the first goes where that went. */
function servePiece(worker: usize, descriptor: usize): u32 {
  const found = fragments.follow(worker, descriptor);
  if (TRACE) notePiece(descriptor, found);
  if (found == fragments.OVERLAP) return desc.drop(descriptor, reason.FRAGMENT_OVERLAP);
  if (found != fragments.UNKNOWN) return setEnds(descriptor, found & ~1, wordOf(found & ~1), <u32>found & 1);
  return packet.virtualService(descriptor) != 0 ? desc.drop(descriptor, reason.FRAGMENT_UNKNOWN) : field.CONTINUE;
}

/** An error may come from anywhere: the packet within says whether it concerns us. */
function serveError(worker: usize, descriptor: usize): u32 {
  if (translate(worker, descriptor)) return field.CONTINUE;
  if (TRACE) noteStrayError(descriptor);
  return packet.virtualService(descriptor) == 0 ? field.CONTINUE : desc.drop(descriptor, reason.NO_FLOW);
}

function noteStrayError(descriptor: usize): void {
  const endpoint = packet.endpoint(descriptor);
  if (endpoint == 0) return;
  note(step.ABOUT, 0);
  noteNoFlow(descriptor, endpoint);
}

function notePiece(descriptor: usize, found: usize): void {
  if (found == fragments.OVERLAP) return note(step.PIECE, step.PIECE_OVERLAPS);
  note(step.PIECE, found == fragments.UNKNOWN ? step.PIECE_UNKNOWN : step.PIECE_FOLLOWS);
  if (found == fragments.UNKNOWN) return noteNoFlow(descriptor, packet.endpoint(descriptor));
  noteFlow((found & 1) == flow.ORIGINAL ? step.FLOW_ORIGINAL : step.FLOW_REPLY, found & ~1, wordOf(found & ~1));
}

/** Echo to a virtual address is answered, echo to a backend followed. */
function serveIcmp(worker: usize, descriptor: usize): u32 {
  if (!isEchoMessage(descriptor)) return field.CONTINUE;
  if (packet.virtualService(descriptor) != 0) return isEchoRequest(descriptor) ? answerEcho(worker, descriptor) : other(descriptor);
  const found = packet.findFlow(descriptor);
  if (found != 0) return follow(worker, descriptor, found & ~1, <u32>found & 1);
  if (isEchoRequest(descriptor)) beginEcho(worker, descriptor);
  return field.CONTINUE;
}
