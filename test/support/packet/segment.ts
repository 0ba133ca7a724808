/** A TCP segment or UDP datagram in an IP packet, found and summed up by an implementation of its own: RFC 791, 8200, 9293, 768, 1071. */
import { MAX_EXTENSION_BYTES, MAX_EXTENSION_HEADERS } from "../../../assembly/abi/limits.ts";
import { checksum } from "./bytes.ts";
import { DESTINATION_OPTIONS, HOP_BY_HOP, ROUTING, TCP, UDP } from "./ip.ts";

/** Where things lie in an IP packet that is whole. */
export interface Segment {
  isIpv4: boolean;
  protocol: typeof TCP | typeof UDP;
  /** Of the L4 header, which is whole. */
  at: number;
  /** Bytes of header and payload; of UDP as its length field says. */
  bytes: number;
}

/** What the sums over a packet say: 0 of a right one, and of a wrong one by how much it is wrong, 0-65,534. */
export interface Residuals {
  header: number;
  l4: number;
}

const TAG_TYPES = [0x8100, 0x88a8, 0x9100];
const [TYPE_IPV4, TYPE_IPV6] = [0x0800, 0x86dd];
const CHAIN: number[] = [HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS];

export const word = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

/** A copy of the IP packet in an Ethernet frame, behind its tags, with what trails it; null: there is none. */
export function packetOf(frame: Uint8Array): Uint8Array | null {
  let at = 12;
  while (TAG_TYPES.includes(word(frame, at))) at += 4;
  return [TYPE_IPV4, TYPE_IPV6].includes(word(frame, at)) ? Uint8Array.from(frame.subarray(at + 2)) : null;
}

/** The segment in an IP packet; null of another protocol, of a fragment, of what is cut off or malformed, and behind more extension headers than anybody
 *  looks behind (assembly/abi/limits.ts). */
export function segmentOf(packet: Uint8Array): Segment | null {
  const version = (packet[0] ?? 0) >> 4;
  const found = version === 4 ? behindIpv4(packet) : version === 6 ? behindIpv6(packet) : null;
  if (found === null) return null;
  const { protocol, at, end } = found;
  const available = end - at;
  if (protocol === UDP) {
    const bytes = word(packet, at + 4);
    return available >= 8 && bytes >= 8 && bytes <= available ? { isIpv4: version === 4, protocol, at, bytes } : null;
  }
  const headerBytes = ((packet[at + 12] ?? 0) >> 4) * 4;
  if (protocol !== TCP || available < 20 || headerBytes < 20 || headerBytes > available) return null;
  return { isIpv4: version === 4, protocol, at, bytes: available };
}

interface Payload {
  protocol: number;
  at: number;
  end: number;
}

function behindIpv4(packet: Uint8Array): Payload | null {
  const [at, end] = [((packet[0] ?? 0) & 15) * 4, word(packet, 2)];
  const isFragment = (word(packet, 6) & 0x3fff) !== 0;
  return at < 20 || end < at || end > packet.length || isFragment ? null : { protocol: packet[9] ?? 0, at, end };
}

function behindIpv6(packet: Uint8Array): Payload | null {
  const end = 40 + word(packet, 4);
  if (packet.length < 40 || end > packet.length) return null;
  let [protocol, at] = [packet[6] ?? 0, 40];
  for (let count = 0; CHAIN.includes(protocol); count++) {
    if (at + 8 > end || count === MAX_EXTENSION_HEADERS) return null;
    [protocol, at] = [packet[at] ?? 0, at + ((packet[at + 1] ?? 0) + 1) * 8];
  }
  return at <= Math.min(end, 40 + MAX_EXTENSION_BYTES) ? { protocol, at, end } : null;
}

/** Bytes of its source and destination addresses, one behind the other. */
export function addressesOf(packet: Uint8Array, { isIpv4 }: Segment): Uint8Array {
  return isIpv4 ? packet.subarray(12, 20) : packet.subarray(8, 40);
}

export const checksumAt = ({ protocol, at }: Segment): number => at + (protocol === TCP ? 16 : 6);

/** A UDP checksum of 0 says "none". */
export function hasChecksum(packet: Uint8Array, segment: Segment): boolean {
  return segment.protocol === TCP || word(packet, checksumAt(segment)) !== 0;
}

export function residualsOf(packet: Uint8Array, segment: Segment): Residuals {
  const { isIpv4, protocol, at, bytes } = segment;
  const pseudo = [...addressesOf(packet, segment), bytes >> 24, (bytes >> 16) & 255, (bytes >> 8) & 255, bytes & 255, 0, 0, 0, protocol];
  // 0 and 0xffff are the same number
  const residual = (sum: number): number => sum % 0xffff;
  return {
    header: isIpv4 ? residual(checksum(packet.subarray(0, (packet[0]! & 15) * 4))) : 0,
    l4: residual(checksum(pseudo, packet.subarray(at, at + bytes))),
  };
}

/** The packet with its ends exchanged; no sum is another by that. */
export function turned(packet: Uint8Array, { isIpv4, at }: Segment): Uint8Array {
  const [from, bytes] = isIpv4 ? [12, 4] : [8, 16];
  const copy = packet.slice();
  copy.set(packet.subarray(from, from + bytes), from + bytes);
  copy.set(packet.subarray(from + bytes, from + bytes * 2), from);
  copy.set(packet.subarray(at, at + 2), at + 2);
  copy.set(packet.subarray(at + 2, at + 4), at);
  return copy;
}

/** The packet with 0xffff in the place of checksums of 0: both are the same number. Of UDP 0 means "none", and stays. */
export function withPlainChecksums(packet: Uint8Array, segment: Segment): Uint8Array {
  const copy = packet.slice();
  const isNone = !hasChecksum(packet, segment);
  for (const at of [...(segment.isIpv4 ? [10] : []), ...(isNone ? [] : [checksumAt(segment)])]) {
    if (word(copy, at) === 0) copy.fill(255, at, at + 2);
  }
  return copy;
}
