/** What bench/wire measures: the wire files, called in loops inside Wasm as the stages call them. */
import * as checksum from "../../assembly/wire/checksum";
import * as ethernet from "../../assembly/wire/ethernet";
import * as icmpv6 from "../../assembly/wire/icmpv6";
import { ICMPV6, TCP, UDP } from "../../assembly/wire/ip-protocol";
import * as ipv4 from "../../assembly/wire/ipv4";
import * as ipv6 from "../../assembly/wire/ipv6";
import * as nd from "../../assembly/wire/neighbour-discovery";
import * as tcp from "../../assembly/wire/tcp";
import * as udp from "../../assembly/wire/udp";
import * as vlan from "../../assembly/wire/vlan";

/** The checksum of `bytes` bytes. */
export function sumBytes(pointer: usize, bytes: u32): u32 { return checksum.finish(checksum.sum(pointer, bytes, 0)); }

/** Reads `frames` frames, which begin `stride` bytes apart, up to their ports; the sum of what was read. */
export function parseFrames(first: usize, stride: u32, bytes: u32, frames: u32): u32 {
  let total: u32 = 0;
  for (let i: u32 = 0; i < frames; i++) total += parse(first + i * stride, bytes);
  return total;
}

function parse(frame: usize, bytes: u32): u32 {
  const destination = ethernet.destination(frame);
  const source = ethernet.source(frame);
  let type = ethernet.etherType(frame);
  let offset: u32 = ethernet.HEADER_BYTES;
  if (vlan.isTag(type) && vlan.isValid(frame + offset, bytes - offset)) {
    type = vlan.etherType(frame + offset);
    offset += vlan.HEADER_BYTES;
  }
  const macs = <u32>destination + <u32>(destination >> 32) + <u32>source + <u32>(source >> 32);
  return macs + type + layer3(frame + offset, type, bytes - offset);
}

function layer3(ip: usize, type: u32, available: u32): u32 {
  if (type == ethernet.ETHER_TYPE_IPV4 && ipv4.isValid(ip, available)) {
    const header = ipv4.headerBytes(ip);
    return ipv4.isFragment(ip) ? 0 : ports(ip + header, ipv4.protocol(ip), ipv4.totalBytes(ip) - header);
  }
  if (type != ethernet.ETHER_TYPE_IPV6 || !ipv6.isValid(ip, available)) return 0;
  const walked = ipv6.walk(ip, available);
  const offset = ipv6.walkOffset(walked);
  return offset == 0 ? 0 : ports(ip + offset, ipv6.walkProtocol(walked), ipv6.totalBytes(ip) - offset);
}

function ports(l4: usize, protocol: u32, available: u32): u32 {
  if (protocol == TCP && tcp.isValid(l4, available)) return tcp.sourcePort(l4) + tcp.targetPort(l4);
  if (protocol == UDP && udp.isValid(l4, available)) return udp.sourcePort(l4) + udp.targetPort(l4);
  return protocol;
}

/** Pushes a tag into the frame and pops it, `times` times; where the frame lies then, which is where it lay. */
export function tagFrame(frame: usize, times: u32): usize {
  for (let i: u32 = 0; i < times; i++) frame = vlan.pop(vlan.push(frame, ethernet.ETHER_TYPE_VLAN, i & 0xfff));
  return frame;
}

/** Writes a neighbour advertisement for the solicitation in the frame at `from` to `to`, `times` times; its checksum. */
export function answerSolicitation(to: usize, from: usize, mac: u64, times: u32): u32 {
  const question = from + ethernet.HEADER_BYTES;
  const target = nd.target(question + ipv6.HEADER_BYTES);
  const ip = to + ethernet.HEADER_BYTES;
  const message = ip + ipv6.HEADER_BYTES;
  for (let i: u32 = 0; i < times; i++) {
    ethernet.write(to, ethernet.source(from), mac, ethernet.ETHER_TYPE_IPV6);
    ipv6.write(ip, nd.ADVERTISEMENT_BYTES, ICMPV6, nd.HOP_LIMIT_REQUIRED, target, ipv6.source(question));
    nd.writeAdvertisement(message, nd.FLAG_SOLICITED | nd.FLAG_OVERRIDE, target, mac);
    icmpv6.updateChecksum(message, nd.ADVERTISEMENT_BYTES, ipv6.pseudoHeader(ip, ICMPV6, nd.ADVERTISEMENT_BYTES));
  }
  return icmpv6.checksum(message);
}
