/** Every length that matters: runts, the shortest and longest frames of a wire, jumbos, the longest frame of a slot and one more. */
import { ramp } from "../../test/support/packet/bytes.ts";
import { TYPE_EXPERIMENT, ethernet, station } from "../../test/support/packet/ethernet.ts";
import { MAX_FRAME_BYTES } from "../../assembly/abi/limits.ts";

const HEADER_BYTES = 14;
const LONG = [576, 1280, 1514, 1515, 1518, 1522, 2048, 4096, 9014, 9018];
const LONGEST = [65535, 65549, MAX_FRAME_BYTES, MAX_FRAME_BYTES + 1, 80000];

function frame(length: number): Uint8Array {
  const whole = ethernet(station(2), station(1), TYPE_EXPERIMENT, ramp(Math.max(0, length - HEADER_BYTES)));
  return whole.subarray(0, length);
}

/** Frames of 0 to 68 bytes: at every length the first bytes of the same frame. */
export function short(): Uint8Array[] {
  return Array.from({ length: 69 }, (_, length) => frame(length));
}

export function long(): Uint8Array[] {
  return LONG.map(frame);
}

/** For a packed file: their contents repeat. */
export function longest(): Uint8Array[] {
  return LONGEST.map(frame);
}
