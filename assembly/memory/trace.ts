/** Notes of a frame's way (abi/trace.ts), for an explanation. `if (TRACE) note(...)` leaves nothing behind in the builds that forward.
 *  There is one worker then; the trace lies behind its region. */
import * as field from "../abi/trace";
import * as map from "../abi/memory-map";
import { DROP } from "../abi/descriptor";
import * as desc from "./descriptor";

/** True in the build `explain` (asconfig.json). */
// @ts-ignore: an integer constant of the compiler's
export const TRACE: bool = isDefined(PORTYARD_TRACE);

/** Writes one note. */
export function note(step: u32, outcome: u32, port: u32 = 0, number: u32 = 0, low: u64 = 0, high: u64 = 0): void {
  const trace = load<u32>(map.CONFIG_WORKERS) + map.WORKER_BYTES;
  const made = load<u32>(trace);
  store<u32>(trace, made + 1);
  if (made >= <u32>field.TRACE_ENTRIES) return;
  const entry = trace + field.TRACE_HEAD_BYTES + made * field.TRACE_NOTE_BYTES;
  store<u32>(entry, step);
  store<u32>(entry, outcome, 4);
  store<u32>(entry, port, 8);
  store<u32>(entry, number, 12);
  store<u64>(entry, low, 16);
  store<u64>(entry, high, 24);
}

/** A stage has come to `verdict`, which is returned. */
// @ts-ignore: decorator
@inline
export function noted(step: u32, descriptor: usize, verdict: u32): u32 {
  if (TRACE) noteStage(step, descriptor, verdict);
  return verdict;
}

function noteStage(step: u32, descriptor: usize, verdict: u32): void {
  const frame = <u32>desc.frame(descriptor);
  const layers = <u64>desc.etherType(descriptor) | (offsetOf(desc.l3(descriptor), frame) << 16) | (offsetOf(desc.l4(descriptor), frame) << 32);
  const reason = verdict == DROP ? desc.reason(descriptor) : 0;
  note(step, verdict, reason, desc.flags(descriptor), layers | (<u64>desc.protocol(descriptor) << 48), desc.network(descriptor));
}

function offsetOf(header: usize, frame: u32): u64 { return header == 0 ? 0 : <u64>(<u32>header - frame); }

/** A note about the 16 bytes at `address`. */
export function noteAddress(step: u32, outcome: u32, port: u32, family: u32, address: usize): void {
  note(step, outcome, port, family, load<u64>(address), load<u64>(address, 8));
}
