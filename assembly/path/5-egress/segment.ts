/** Super-frames for ports that take none: TCP segments (TSO) and UDP datagrams (USO) as the sending kernel would have made
 *  them, each in a slot of its own with whole checksums. IPv4 identification counts up; FIN and PSH stay on the last
 *  segment, CWR on the first (RFC 3168, section 6.1.2). Linux net/ipv4/tcp_offload.c, udp_offload.c describe the same.
 *
 *      | headers | payload 0 ... gso_size | ... |     ->   | headers | payload 0 |  | headers | payload 1 |  ...
 */
import * as field from "../../abi/descriptor";
import * as map from "../../abi/memory-map";
import * as reason from "../../abi/drop-reason";
import * as record from "../../abi/worker";
import * as step from "../../abi/trace";
import * as view from "../../abi/worker-state";
import { MAX_SEGMENTS } from "../../abi/limits";
import * as desc from "../../memory/descriptor";
import * as pool from "../../memory/frame-pool";
import { TRACE, note } from "../../memory/trace";
import { count, viewOf } from "../../memory/worker";
import * as ethernet from "../../wire/ethernet";
import * as ipv4 from "../../wire/ipv4";
import * as ipv6 from "../../wire/ipv6";
import { TCP, UDP } from "../../wire/ip-protocol";
import * as tcp from "../../wire/tcp";
import * as udp from "../../wire/udp";
import * as virtio from "../../wire/virtio-net";
import * as vlan from "../../wire/vlan";
import { refuse, send } from "./egress";

/** Sends the super-frame to `output` in segments, each of which is a frame of its own from here on. */
export function segment(worker: usize, descriptor: usize, output: u32, isLast: bool): void {
  const l4 = desc.l4(descriptor);
  if (!isSegmentable(descriptor, l4)) return refuse(worker, output, reason.BAD_SUPER_FRAME);
  const headers = <u32>(l4 - desc.frame(descriptor)) + l4HeaderBytes(descriptor, l4);
  const payload = packetEnd(descriptor) - headers;
  const size = virtio.segmentBytes(desc.frame(descriptor) - virtio.HEADER_BYTES);
  const segments = max<u32>((payload + size - 1) / size, 1);
  if (segments > <u32>MAX_SEGMENTS) return refuse(worker, output, reason.TOO_MANY_SEGMENTS);
  const mtu = load<u32>(viewOf(worker, output), view.VIEW_MTU);
  if (headers + min<u32>(size, payload) > mtu + ethernet.HEADER_BYTES + vlan.HEADER_BYTES) return refuse(worker, output, reason.TOO_BIG);
  count(worker, record.SEGMENTS, segments - 1);
  if (TRACE) note(step.SEGMENT, 0, 0, segments);
  for (let i: u32 = 0; i < segments; i++) {
    const from = i * size;
    sendSegment(worker, descriptor, output, headers, from, min<u32>(size, payload - from), i, i == segments - 1);
  }
}

/** Bytes of the longest frame that the super-frame becomes, here or in the device that takes it as it is; 0 when nobody here
 *  can segment it: that device judges it then. */
export function longestSegment(descriptor: usize): u32 {
  const l4 = desc.l4(descriptor);
  if (!isSegmentable(descriptor, l4)) return 0;
  const headers = <u32>(l4 - desc.frame(descriptor)) + l4HeaderBytes(descriptor, l4);
  return headers + min<u32>(virtio.segmentBytes(desc.frame(descriptor) - virtio.HEADER_BYTES), packetEnd(descriptor) - headers);
}

/** A whole TCP or UDP header that fits what the virtio-net header says, in a packet that is not a fragment. */
function isSegmentable(descriptor: usize, l4: usize): bool {
  if (l4 == 0 || (desc.flags(descriptor) & field.FLAG_FRAGMENT) != 0) return false;
  const type = virtio.gsoType(desc.frame(descriptor) - virtio.HEADER_BYTES);
  const isIpv4 = (desc.flags(descriptor) & field.FLAG_IPV4) != 0;
  if (type == virtio.GSO_UDP_L4) return desc.protocol(descriptor) == UDP && desc.l4Bytes(descriptor) >= udp.HEADER_BYTES;
  if (desc.protocol(descriptor) != TCP || isIpv4 != (type == virtio.GSO_TCPV4)) return false;
  return tcp.isValid(l4, desc.l4Bytes(descriptor));
}

function l4HeaderBytes(descriptor: usize, l4: usize): u32 {
  return desc.protocol(descriptor) == TCP ? tcp.headerBytes(l4) : udp.HEADER_BYTES;
}

/** Offset in the frame at which the packet ends. */
function packetEnd(descriptor: usize): u32 {
  return <u32>(desc.l4(descriptor) - desc.frame(descriptor)) + desc.l4Bytes(descriptor);
}

function sendSegment(worker: usize, whole: usize, output: u32, headers: u32, from: u32, bytes: u32, index: u32, isFinal: bool): void {
  const part = pool.take(worker);
  if (part == 0) return refuse(worker, output, reason.POOL_EMPTY);
  const frame = pool.framePlace(worker, desc.slot(part));
  memory.copy(part + field.PORT, whole + field.PORT, map.DESCRIPTOR_BYTES - field.PORT);
  memory.copy(frame, desc.frame(whole), headers);
  memory.copy(frame + headers, desc.frame(whole) + headers + from, bytes);
  virtio.clear(frame - virtio.HEADER_BYTES);
  desc.setFrame(part, frame);
  desc.setBytes(part, headers + bytes);
  writeHeaders(part, headers, from, index, isFinal, virtio.hasEcn(desc.frame(whole) - virtio.HEADER_BYTES));
  send(worker, part, output, true);
  pool.release(worker, part);
}

function writeHeaders(part: usize, headers: u32, from: u32, index: u32, isFinal: bool, hasEcn: bool): void {
  const ip = desc.l3(part);
  const l4 = desc.l4(part);
  const packetBytes = <u32>(desc.frame(part) + desc.bytes(part) - ip);
  const l4Bytes = <u32>(desc.frame(part) + desc.bytes(part) - l4);
  desc.setPacketBytes(part, packetBytes);
  let pseudo: u64;
  if ((desc.flags(part) & field.FLAG_IPV4) != 0) {
    ipv4.setTotalBytes(ip, packetBytes);
    ipv4.setIdentification(ip, ipv4.identification(ip) + index);
    ipv4.updateChecksum(ip);
    pseudo = ipv4.pseudoHeader(ip, desc.protocol(part), l4Bytes);
  } else {
    ipv6.setPayloadBytes(ip, packetBytes - ipv6.HEADER_BYTES);
    pseudo = ipv6.pseudoHeader(ip, desc.protocol(part), l4Bytes);
  }
  if (desc.protocol(part) == TCP) writeTcp(l4, l4Bytes, pseudo, from, index, isFinal, hasEcn);
  else writeUdp(l4, l4Bytes, pseudo);
}

function writeTcp(l4: usize, l4Bytes: u32, pseudo: u64, from: u32, index: u32, isFinal: bool, hasEcn: bool): void {
  tcp.setSequence(l4, tcp.sequence(l4) + from);
  let flags = tcp.flags(l4);
  if (!isFinal) flags &= ~(tcp.FIN | tcp.PSH);
  if (index > 0 && hasEcn) flags &= ~tcp.CWR;
  tcp.setFlags(l4, flags);
  tcp.updateChecksum(l4, l4Bytes, pseudo);
}

function writeUdp(l4: usize, l4Bytes: u32, pseudo: u64): void {
  udp.setLengthBytes(l4, l4Bytes);
  udp.updateChecksum(l4, l4Bytes, pseudo);
}
