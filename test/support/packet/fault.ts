/** A frame of which a worker of the debug build dies on purpose (assembly/abi/fault.ts). */
import { FAULT_KIND_OFFSET, FAULT_WORD_OFFSET } from "../../../assembly/abi/fault.ts";
import type { Part } from "./bytes.ts";
import { BROADCAST, TYPE_EXPERIMENT, ethernet, padded, station } from "./ethernet.ts";

const WORD = "pyrdfail";

/** To everybody, from station 66.
 *  @param kind FAULT_* of abi/fault.ts.
 *  @param payload what follows. */
export function faultFrame(kind: number, ...payload: Part[]): Uint8Array {
  const frame = padded(ethernet(BROADCAST, station(66), TYPE_EXPERIMENT, WORD, kind, ...payload));
  if (FAULT_KIND_OFFSET !== FAULT_WORD_OFFSET + WORD.length) throw new Error("the frame is not laid out as abi/fault.ts says");
  return frame;
}
