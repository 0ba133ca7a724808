/** Errors about packets of a flow that is translated: whoever gets one knows the packet by its own ends, so the beginning of the packet within is translated
 *  as well (RFC 5508, section 4). The packet within, from X to Y, is one that X has sent as the receiver of the error; what Y would answer is the
 *  flow's tuple in one direction:
 *
 *      about                        finds         within                           around
 *      source -> backend            reply         client -> virtual                to the client; from the backend: from virtual
 *      virtual -> client            original      backend -> source                to the backend; from the client: from source
 *
 *  So what is written within is the flow's tuple in the other direction. Every checksum moves by the difference, those within too: right stays right,
 *  wrong is wrong by as much. Only what is there is touched: a checksum of TCP mostly is not. Whatever else may be in the message stays, the MTU of
 *  "too big" above all. */
import * as field from "../../abi/descriptor";
import * as flow from "../../abi/flow";
import * as map from "../../abi/memory-map";
import { load16, store16 } from "../../memory/bytes";
import * as step from "../../abi/trace";
import * as desc from "../../memory/descriptor";
import { TRACE, note } from "../../memory/trace";
import { addressesOf, flagsOf, hashOf, headIn, instanceOf, isLive, matches, wordOf } from "../../tables/flow-entry";
import * as index from "../../tables/flow-index";
import * as flows from "../../tables/flow-table";
import * as checksum from "../../wire/checksum";
import * as ethernet from "../../wire/ethernet";
import * as icmpv4 from "../../wire/icmpv4";
import * as icmpv6 from "../../wire/icmpv6";
import { ICMPV4, ICMPV6, TCP, UDP } from "../../wire/ip-protocol";
import * as ipv4 from "../../wire/ipv4";
import * as ipv6 from "../../wire/ipv6";
import * as tcp from "../../wire/tcp";
import * as udp from "../../wire/udp";
import { noteFlow, noteMacs } from "./notes";
import { family, high, isIpv4, low, portsAt } from "./packet";
import { isPartial, setDestination, setSource } from "./translate";

/** Bytes of an error before the packet that it is about; of both ICMPs. */
const ERROR_BYTES: u32 = icmpv4.HEADER_BYTES;
/** Where four bytes of the type's own are: what `translate.ts` has for an identifier, and is to leave as it is. */
const OWN: usize = 4;
const ECHO_IDENTIFIER: usize = 4;
const ICMP_CHECKSUM: u32 = 2;
/** As far into the L4 header as anything is changed. */
const CHANGED_BYTES: u32 = tcp.HEADER_BYTES;
const NONE: i32 = -1;

/** True when the frame, which is parsed, is an error about a packet, in one piece and to one station. */
export function isError(descriptor: usize): bool {
  const flags = desc.flags(descriptor);
  const message = desc.l4(descriptor);
  if (message == 0 || (flags & (field.FLAG_FRAGMENT | field.FLAG_GROUP)) != 0 || desc.l4Bytes(descriptor) < ERROR_BYTES) return false;
  const protocol = desc.protocol(descriptor);
  if ((flags & field.FLAG_IPV4) != 0) return protocol == ICMPV4 && icmpv4.isError(message);
  return protocol == ICMPV6 && icmpv6.isError(message);
}

/** Translates an error about a packet of a flow, and leads it to that end of the flow which it is for. False, and nothing is changed: it is about no
 *  flow, or one that is not translated, or goes to another than the sender of the packet within. What the worker has as a draft is lost. */
export function translate(worker: usize, descriptor: usize): bool {
  const packet = desc.l4(descriptor) + ERROR_BYTES;
  const available = desc.l4Bytes(descriptor) - ERROR_BYTES;
  const found = isIpv4(descriptor) ? quoted4(packet, available) : quoted6(packet, available);
  const offset = ipv6.walkOffset(found);
  if (offset == 0 || !isToSender(descriptor, packet)) return false;
  const direction = takeFlow(worker, descriptor, packet, offset, ipv6.walkProtocol(found));
  if (direction == NONE) return false;
  rewrite(descriptor, flows.draftOf(worker), <u32>direction, packet, found);
  return true;
}

// ---------------------------------------------------------------- the packet within
/** Where its L4 header is and of which protocol, as `ipv6.walk` says it, when its first 8 bytes are there and tell of two ends; else 0. */
function quoted4(packet: usize, available: u32): u32 {
  if (!ipv4.isQuoted(packet, available) || ipv4.fragmentOffset(packet) != 0) return 0;
  const offset = ipv4.headerBytes(packet);
  return offset + 8 <= min(available, ipv4.totalBytes(packet)) ? withEnds(packet, (ipv4.protocol(packet) << 16) | offset) : 0;
}

function quoted6(packet: usize, available: u32): u32 {
  if (!ipv6.isQuoted(packet, available)) return 0;
  const walked = ipv6.walk(packet, available);
  const offset = ipv6.walkOffset(walked);
  if (offset == 0 || offset + 8 > min(available, ipv6.totalBytes(packet))) return 0;
  return withEnds(packet, (ipv6.walkProtocol(walked) << 16) | offset);
}

function withEnds(packet: usize, found: u32): u32 {
  const protocol = ipv6.walkProtocol(found);
  const l4 = packet + ipv6.walkOffset(found);
  if (protocol == TCP || protocol == UDP) return found;
  if (protocol == ICMPV4) return icmpv4.isEcho(l4) ? found : 0;
  return protocol == ICMPV6 && icmpv6.isEcho(l4) ? found : 0;
}

/** Whoever has sent the packet within gets the error. */
function isToSender(descriptor: usize, packet: usize): bool {
  const ip = desc.l3(descriptor);
  return isIpv4(descriptor) ? ipv4.destinationBe(ip) == ipv4.sourceBe(packet) : ipv6.equals(ipv6.destination(ip), ipv6.source(packet));
}

// ---------------------------------------------------------------- the flow
/** Copies the entry of the flow that answers of the packet belong to into the worker's draft, so that what is read of it is of one flow; the direction of
 *  such answers, or NONE: there is no flow, or it is not translated. */
function takeFlow(worker: usize, descriptor: usize, packet: usize, offset: u32, protocol: u32): i32 {
  const from = isIpv4(descriptor) ? ipv4.destination(packet) : ipv6.destination(packet);
  const to = isIpv4(descriptor) ? ipv4.source(packet) : ipv6.source(packet);
  const fromLow = low(descriptor, from);
  const fromHigh = high(descriptor, from);
  const toLow = low(descriptor, to);
  const toHigh = high(descriptor, to);
  const ports = rotl<u32>(portsAt(packet + offset, protocol), 16);
  const head = <u64>(desc.network(descriptor) | (protocol << 16) | (family(descriptor) << 24)) | (<u64>ports << 32);
  const found = index.find(hashOf(head, fromLow, fromHigh, toLow, toHigh), head, fromLow, fromHigh, toLow, toHigh);
  if (found == 0) return NONE;
  const direction = <u32>found & 1;
  const draft = flows.draftOf(worker);
  const word = wordOf(found & ~1);
  memory.copy(draft, found & ~1, map.FLOW_BYTES);
  if (!isLive(word) || !matches(draft, direction, head, fromLow, fromHigh, toLow, toHigh)) return NONE;
  if (instanceOf(wordOf(found & ~1)) != instanceOf(word) || (flagsOf(word) & flow.FLAG_DIRECT) != 0) return NONE;
  if (TRACE) noteAbout(found, word);
  return <i32>direction;
}

function noteAbout(found: usize, word: u64): void {
  note(step.ABOUT, 1);
  noteFlow((found & 1) == flow.ORIGINAL ? step.FLOW_ORIGINAL : step.FLOW_REPLY, found & ~1, word);
}

// ---------------------------------------------------------------- the translation
/** What is found under one direction gets the tuple of the other one: around it, and within. */
function rewrite(descriptor: usize, entry: usize, direction: u32, packet: usize, found: u32): void {
  const message = desc.l4(descriptor);
  const ends = addressesOf(entry, direction ^ 1);
  const isFromReceiver = isIpv4(descriptor)
    ? ipv4.sourceBe(desc.l3(descriptor)) == ipv4.destinationBe(packet)
    : ipv6.equals(ipv6.source(desc.l3(descriptor)), ipv6.destination(packet));
  const available = desc.l4Bytes(descriptor) - ERROR_BYTES;
  const covered = min(ipv6.walkOffset(found) + CHANGED_BYTES, available);
  const before = checksum.sum(packet, covered, 0);
  setEnds(packet, available, found, isIpv4(descriptor), ends, <u32>(headIn(entry, direction ^ 1) >> 32));
  moveChecksum(descriptor, message, before, checksum.sum(packet, covered, 0));
  const own = load<u16>(message, OWN);
  setDestination(descriptor, ends, own);
  if (isFromReceiver) setSource(descriptor, ends + 16, own);
  const mac = direction == flow.REPLY ? load<u64>(entry, flow.CLIENT_MAC) : load<u64>(entry, flow.BACKEND_MAC);
  ethernet.setDestination(desc.frame(descriptor), mac);
  desc.setDestination(descriptor, mac);
  desc.setFlags(descriptor, desc.flags(descriptor) | field.FLAG_SERVED);
  if (TRACE) noteMacs(descriptor, ethernet.source(desc.frame(descriptor)));
}

/** Of the message itself, whose packet within had the sum `before`. A partial one covers nothing of that yet. */
function moveChecksum(descriptor: usize, message: usize, before: u64, after: u64): void {
  if (isPartial(descriptor, message)) return;
  store16(message + ICMP_CHECKSUM, checksum.update(load16(message + ICMP_CHECKSUM), before, after));
}

/** Gives the packet within the two addresses at `ends`, 16 bytes each, and these ports. */
function setEnds(packet: usize, available: u32, found: u32, isIpv4: bool, ends: usize, ports: u32): void {
  const addresses = isIpv4 ? ipv4.source(packet) : ipv6.source(packet);
  const bytes: u32 = isIpv4 ? 8 : 32;
  const end = min(available, isIpv4 ? ipv4.totalBytes(packet) : ipv6.totalBytes(packet));
  const before = checksum.sum(addresses, bytes, 0);
  if (isIpv4) {
    ipv4.setSourceBe(packet, load<u32>(ends));
    ipv4.setDestinationBe(packet, load<u32>(ends, 16));
    ipv4.setChecksum(packet, checksum.update(ipv4.checksum(packet), before, checksum.sum(addresses, bytes, 0)));
  } else {
    ipv6.copy(addresses, ends);
    ipv6.copy(addresses + 16, ends + 16);
  }
  setPorts(packet + ipv6.walkOffset(found), end - ipv6.walkOffset(found), ipv6.walkProtocol(found), ports, before, checksum.sum(addresses, bytes, 0));
}

/** Ports or identifier of an L4 header of which `available` bytes are there, and its checksum, if it is among them, after the sum of its addresses
 *  went from `before` to `after`. */
function setPorts(l4: usize, available: u32, protocol: u32, ports: u32, before: u64, after: u64): void {
  const hasPorts = protocol == TCP || protocol == UDP;
  const portsBefore = hasPorts ? load<u32>(l4) : <u32>load<u16>(l4, ECHO_IDENTIFIER);
  const portsAfter = hasPorts ? ports : ports & 0xffff;
  if (hasPorts) store<u32>(l4, portsAfter);
  else store<u16>(l4, <u16>portsAfter, ECHO_IDENTIFIER);
  const offset = protocol == TCP ? tcp.CHECKSUM_OFFSET : protocol == UDP ? udp.CHECKSUM_OFFSET : ICMP_CHECKSUM;
  if (offset + 2 > available || (protocol == UDP && udp.checksum(l4) == 0)) return;
  const inPseudoHeader = protocol != ICMPV4;
  const updated = checksum.update(load16(l4 + offset), <u64>portsBefore + (inPseudoHeader ? before : 0), <u64>portsAfter + (inPseudoHeader ? after : 0));
  store16(l4 + offset, updated == 0 && protocol == UDP ? 0xffff : updated);
}
