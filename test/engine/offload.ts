/** virtio-net headers as a kernel writes them for a frame, and as it never would: the engine must survive both. */
import type { Random } from "../support/packet/random.ts";
import * as virtio from "./virtio-net.ts";

/** Offsets at which headers of real frames begin. */
const STARTS = [0, 14, 18, 34, 38, 54, 58, 74];
const OFFSETS = [0, 2, 6, 10, 16];
const SEGMENTS = [0, 1, 2, 7, 8, 100, 536, 1448, 65535];
const ETHERNET_BYTES = 14;
const UDP = 17;

/** A header for `frame`: one that fits its protocols, values that mean something, or any bytes at all. */
export function randomOffload(source: Random, frame: Uint8Array): Uint8Array {
  const kind = source.below(8);
  if (kind === 0) return source.bytes(virtio.OFFLOAD_HEADER_BYTES);
  if (kind > 3) return fitting(source, frame);
  const start = source.pick([...STARTS, frame.length, Math.max(0, frame.length - 2)]);
  const headerBytes = source.pick([0, frame.length, frame.length + 1, ...STARTS]);
  return header(source.below(4), source.pick(virtio.GSO_TYPES), headerBytes, source.pick(SEGMENTS), start, source.pick(OFFSETS));
}

/** What the kernel would say of a TCP or UDP super-frame, were this one; its segments are small, so that there are some. */
function fitting(source: Random, frame: Uint8Array): Uint8Array {
  const isIpv6 = frame[12] === 0x86;
  const start = ETHERNET_BYTES + (isIpv6 ? 40 : ((frame[ETHERNET_BYTES] ?? 0) & 15) * 4);
  const isUdp = frame[isIpv6 ? 20 : 23] === UDP;
  const type = isUdp ? virtio.GSO_UDP_L4 : isIpv6 ? virtio.GSO_TCPV6 : virtio.GSO_TCPV4;
  const ecn = isUdp ? 0 : source.pick([0, virtio.GSO_ECN]);
  return header(virtio.NEEDS_CHECKSUM, source.pick([type | ecn, virtio.GSO_NONE]), 0, 1 + source.below(40), start, isUdp ? 6 : 16);
}

function header(flags: number, type: number, headerBytes: number, segmentBytes: number, start: number, offset: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(virtio.OFFLOAD_HEADER_BYTES));
  view.setUint8(0, flags);
  view.setUint8(1, type);
  for (const [index, value] of [headerBytes, segmentBytes, start, offset].entries()) view.setUint16(2 + index * 2, value, true);
  return new Uint8Array(view.buffer);
}
