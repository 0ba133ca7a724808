/** virtio-net headers as a kernel would never write them, and as it does: the engine must survive both. */
import { GSO_TYPES, OFFLOAD_HEADER_BYTES } from "./virtio-net.ts";
import type { Random } from "../support/packet/random.ts";

/** Offsets at which headers of real frames begin, and the ends of what fits. */
const STARTS = [0, 14, 18, 34, 38, 54, 58, 74];
const OFFSETS = [0, 2, 6, 10, 16];
const SEGMENTS = [0, 1, 2, 7, 8, 100, 536, 1448, 65535];

/** A header for a frame of `frameBytes` bytes: mostly of values that mean something, sometimes of any. */
export function randomOffload(source: Random, frameBytes: number): Uint8Array {
  if (source.below(8) === 0) return source.bytes(OFFLOAD_HEADER_BYTES);
  const view = new DataView(new ArrayBuffer(OFFLOAD_HEADER_BYTES));
  view.setUint8(0, source.below(4));
  view.setUint8(1, source.pick(GSO_TYPES));
  view.setUint16(2, source.pick([0, frameBytes, frameBytes + 1, ...STARTS]), true);
  view.setUint16(4, source.pick(SEGMENTS), true);
  view.setUint16(6, source.pick([...STARTS, frameBytes, Math.max(0, frameBytes - 2)]), true);
  view.setUint16(8, source.pick(OFFSETS), true);
  return new Uint8Array(view.buffer);
}
