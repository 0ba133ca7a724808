/** Frames that bench/pieces puts in place of the laid out ones. The first 12 bytes, the addresses, stay. */
import { FRAME_BYTES, FRAME_PLACE } from "../engine/frame-layout.ts";
import type { LaidOutMemory } from "../engine/laid-out-memory.ts";

const MAC_ADDRESSES_BYTES = 12;
const OFFLOAD_HEADER_BYTES = 10;
const NEEDS_CHECKSUM = 1;
const GSO_TCPV4 = 1;
const TCP_HEADERS_BYTES = 54;

const IPV4_UDP = [0x08, 0x00, 0x45, 0, 0, 50, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
const IPV6_TCP = [0x86, 0xdd, 0x60, 0, 0, 0, 0, 8, 6, 64, ...new Array<number>(40).fill(1)];
const VLAN_IPV4 = [0x81, 0x00, 0, 10, 0x08, 0x00, 0x45, 0, 0, 46, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
const ARP = [0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1];
export const SMALL_FRAMES = { "UDP over IPv4": IPV4_UDP, "TCP over IPv6": IPV6_TCP, "VLAN, TCP over IPv4": VLAN_IPV4, ARP };

/** Writes a frame of 64 bytes over the first one. */
export function putSmallFrame({ memory, first }: LaidOutMemory, behindAddresses: readonly number[]): void {
  const bytes = new Uint8Array(memory.buffer, first + FRAME_PLACE, 64);
  bytes.fill(0, MAC_ADDRESSES_BYTES);
  bytes.set(behindAddresses, MAC_ADDRESSES_BYTES);
}

/** Writes a TCP super-frame over the first one: `segments` segments of `segmentBytes` of payload. */
export function putSuperFrame({ memory, first }: LaidOutMemory, segments: number, segmentBytes: number): void {
  const frame = first + FRAME_PLACE;
  const bytes = TCP_HEADERS_BYTES + segments * segmentBytes;
  new Uint8Array(memory.buffer, frame + MAC_ADDRESSES_BYTES, bytes - MAC_ADDRESSES_BYTES).fill(0);
  const view = new DataView(memory.buffer);
  view.setUint32(first + FRAME_BYTES, bytes, true);
  new Uint8Array(memory.buffer).set([0x08, 0x00, 0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6], frame + MAC_ADDRESSES_BYTES);
  view.setUint16(frame + 16, bytes - 14);
  view.setUint8(frame + 46, 5 << 4);
  const header = frame - OFFLOAD_HEADER_BYTES;
  view.setUint8(header, NEEDS_CHECKSUM);
  view.setUint8(header + 1, GSO_TCPV4);
  for (const [index, value] of [TCP_HEADERS_BYTES, segmentBytes, 34, 16].entries()) view.setUint16(header + 2 + index * 2, value, true);
}
