/** Super-frames and what they are to become: the obvious way, each segment built from the fields that it should have, never
 *  cut out of the bytes of the whole. IPv4 identification counts up, sequence numbers go on, FIN and PSH stay on the last
 *  segment, CWR on the first (with ECN), every length and checksum is the segment's own.                              */
import { type Part, bytes, checksum, u16 } from "./bytes.ts";
import { TYPE_IPV4, TYPE_IPV6, ethernet, tagged } from "./ethernet.ts";
import { type Ends, TCP, UDP, extension, ipv4, ipv6, pseudoHeader } from "./ip.ts";
import { ECN, NEEDS_CHECKSUM, TSO4, TSO6, USO, offload } from "./offload.ts";
import { FIN, PSH, tcp, udp } from "./transport.ts";

export const CWR = 0x80;
const PORTS = { sourcePort: 40_000, targetPort: 5201 };

export interface SuperFrame {
  from: string;
  to: string;
  ends: Ends;
  payload: Uint8Array;
  /** Payload of one segment. */
  segmentBytes: number;
  /** UDP instead of TCP. */
  isUdp?: boolean;
  flags?: number;
  sequence?: number;
  tcpOptions?: ArrayLike<number>;
  ecn?: boolean;
  id?: number;
  ipOptions?: ArrayLike<number>;
  /** IPv6 destination options before L4. */
  hasExtension?: boolean;
  /** Tags of the tenant, outermost first. */
  tags?: number[];
  /** Bytes behind the packet. */
  padding?: Part;
}

/** The frames that leave by a port which takes no super-frames. */
export function segmentsOf(whole: SuperFrame): Uint8Array[] {
  const { payload, segmentBytes, id = 1, sequence = 1, flags = 0x10, ecn = false } = whole;
  const count = Math.max(1, Math.ceil(payload.length / segmentBytes));
  return Array.from({ length: count }, (_, index) => {
    const isLast = index === count - 1;
    const kept = flags & ~(isLast ? 0 : FIN | PSH) & ~(index > 0 && ecn ? CWR : 0);
    const at = index * segmentBytes;
    const fields = { id: (id + index) & 0xffff, sequence: (sequence + at) >>> 0, flags: kept };
    return frameOf(whole, fields, payload.subarray(at, at + segmentBytes));
  });
}

/** The super-frame itself with its virtio-net header: lengths of the whole, the checksum partial. */
export function superFrame(whole: SuperFrame): { frame: Uint8Array; offload: Uint8Array } {
  const { payload, segmentBytes, isUdp = false, id = 1, sequence = 1, flags = 0x10, ecn = false, ends, padding = [] } = whole;
  const frame = frameOf(whole, { id, sequence, flags }, payload);
  const start = frame.length - payload.length - l4Bytes(whole);
  const offset = isUdp ? 6 : 16;
  const sum = checksum(pseudoHeader(ends, isUdp ? UDP : TCP, frame.length - start)) ^ 0xffff;
  frame.set(u16(sum), start + offset);
  const type = (isUdp ? USO : isIpv6(whole) ? TSO6 : TSO4) | (ecn ? ECN : 0);
  const header = { flags: NEEDS_CHECKSUM, type, headerBytes: frame.length - payload.length, segmentBytes, start, offset };
  return { frame: bytes(frame, padding), offload: offload(header) };
}

function isIpv6({ ends }: SuperFrame): boolean {
  return ends.source.includes(":");
}

function l4Bytes({ isUdp = false, tcpOptions = [] }: SuperFrame): number {
  return isUdp ? 8 : 20 + tcpOptions.length;
}

interface Fields {
  id: number;
  sequence: number;
  flags: number;
}

function frameOf(whole: SuperFrame, { id, sequence, flags }: Fields, payload: Uint8Array): Uint8Array {
  const { from, to, ends, isUdp = false, tcpOptions = [], ipOptions = [], hasExtension = false, tags = [] } = whole;
  const segment = { ...PORTS, sequence, acknowledged: 77, flags, options: tcpOptions };
  const l4 = isUdp ? udp(ends, PORTS, payload) : tcp(ends, segment, payload);
  const protocol = isUdp ? UDP : TCP;
  const options = hasExtension ? extension(protocol, 1, 4, 0, 0, 0, 0) : [];
  const packet = isIpv6(whole)
    ? ipv6({ ...ends, next: hasExtension ? 60 : protocol }, options, l4)
    : ipv4({ ...ends, protocol, id, options: ipOptions }, l4);
  const bare = ethernet(to, from, isIpv6(whole) ? TYPE_IPV6 : TYPE_IPV4, packet);
  return tags.length === 0 ? bare : tagged(bare, ...tags.map((vlan) => ({ id: vlan })));
}
