/** The notes of a frame's way (assembly/abi/trace.ts), as an explaining module left them. */
import * as field from "../../assembly/abi/trace.ts";
import type { Tables } from "../tables/tables.ts";

/** The meaning of each field is that of its step. */
export interface Note {
  step: number;
  outcome: number;
  port: number;
  number: number;
  low: bigint;
  high: bigint;
}

/** Bytes of a trace. */
export const TRACE_BYTES = field.TRACE_HEAD_BYTES + field.TRACE_ENTRIES * field.TRACE_NOTE_BYTES;

/** Forgets the notes at `place`. */
export function clearTrace(tables: Tables, place: number): void {
  tables.store32(place, 0);
}

/** The notes at `place`. @throws Error when there was no room for all of them: half a way is none. */
export function readTrace(tables: Tables, place: number): Note[] {
  const count = tables.load32(place);
  if (count > field.TRACE_ENTRIES) throw new Error(`a frame's way has ${count} notes, and there is room for ${field.TRACE_ENTRIES}`);
  return Array.from({ length: count }, (_, index) => {
    const at = place + field.TRACE_HEAD_BYTES + index * field.TRACE_NOTE_BYTES;
    const [step, outcome, port, number] = [0, 4, 8, 12].map((offset) => tables.load32(at + offset));
    return { step, outcome, port, number, low: tables.load64(at + 16), high: tables.load64(at + 24) } as Note;
  });
}
