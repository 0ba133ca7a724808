/** The virtio-net header (linux/virtio_net.h) as tests write it: 10 bytes, little endian, all 0 unless said otherwise. */
import { bytes } from "./bytes.ts";

export const NEEDS_CHECKSUM = 1;
export const DATA_VALID = 2;
export const TSO4 = 1;
export const TSO6 = 4;
export const USO = 5;
export const ECN = 0x80;

export interface Offload {
  flags?: number;
  type?: number;
  headerBytes?: number;
  /** Payload of one segment. */
  segmentBytes?: number;
  /** From the frame's first byte. */
  start?: number;
  /** From `start`. */
  offset?: number;
}

export function offload({ flags = 0, type = 0, headerBytes = 0, segmentBytes = 0, start = 0, offset = 0 }: Offload): Uint8Array {
  return bytes(flags, type, ...[headerBytes, segmentBytes, start, offset].flatMap((value) => [value & 0xff, value >> 8]));
}

/** A checksum that is to be completed. */
export function partial(start: number, offset: number): Uint8Array {
  return offload({ flags: NEEDS_CHECKSUM, start, offset });
}

export const PLAIN = offload({});
