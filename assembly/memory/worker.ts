/** A worker's region and its record: pointers, and the counters that only this worker writes.
 *  `worker` is the region's first address everywhere; it is made by `region(index)` and formatted by `format`. */
import * as map from "../abi/memory-map";
import * as record from "../abi/worker";
import * as state from "../abi/worker-state";
import * as view from "../abi/worker-state";
import { DROP_LOG_ENTRIES, WORKER_SLOTS, RX_ENTRIES, TX_ENTRIES, MAX_PORTS, MIN_READS } from "../abi/limits";

/** Region of worker `index`; the place of the first is set at start. */
export function region(index: u32): usize { return load<u32>(map.CONFIG_WORKERS) + index * map.WORKER_BYTES; }
export function recordOf(index: u32): usize { return map.WORKERS + index * map.WORKER_RECORD_BYTES; }

export function recordPointer(worker: usize): usize { return load<u32>(worker + map.WORKER_STATE, state.RECORD); }
export function index(worker: usize): u32 { return load<u32>(worker + map.WORKER_STATE, state.INDEX); }
export function nowSeconds(worker: usize): u32 { return load<u32>(worker + map.WORKER_STATE, state.NOW_SECONDS); }
/** Microseconds, wraps. */
export function nowUs(worker: usize): u32 { return load<u32>(worker + map.WORKER_STATE, state.NOW_US); }
export function nowMs(worker: usize): u64 { return load<u64>(worker + map.WORKER_STATE, state.NOW_MS); }

/** How this worker sees `port` (abi/worker-state.ts, VIEW_*). */
export function viewOf(worker: usize, port: u32): usize { return worker + map.WORKER_PORTS + port * map.WORKER_PORT_BYTES; }

/** True when this worker may write to `port`. */
export function isUsable(worker: usize, port: u32): bool { return load<u32>(viewOf(worker, port), view.VIEW_DESCRIPTOR) != 0; }

/** Adds to a u64 field of the worker's own record. */
export function count(worker: usize, field: u32, by: u64): void {
  const pointer = recordPointer(worker) + field;
  store<u64>(pointer, load<u64>(pointer) + by);
}

/** Sets the time of this turn. */
export function setNow(worker: usize, nowMs: f64): void {
  const milliseconds = <u64>nowMs;
  store<u64>(worker + map.WORKER_STATE, milliseconds, state.NOW_MS);
  store<u32>(worker + map.WORKER_STATE, <u32>(milliseconds / 1000), state.NOW_SECONDS);
  store<u32>(worker + map.WORKER_STATE, <u32><u64>(nowMs * 1000), state.NOW_US);
}

/** Makes region `regionIndex` ready for a new incarnation of worker `index`: everything empty, all slots free, no port seen.
 *  The record in the tables keeps its counters. */
export function format(regionIndex: u32, index: u32): usize {
  const worker = region(regionIndex);
  memory.fill(worker + map.WORKER_STATE, 0, map.DESCRIPTORS_END - map.WORKER_STATE);
  const own = worker + map.WORKER_STATE;
  store<u32>(own, index, state.INDEX);
  store<u32>(own, <u32>recordOf(index), state.RECORD);
  store<u32>(own, load<u32>(map.HEAD_COUNTERS) + index * map.WORKER_COUNTERS_BYTES, state.COUNTERS);
  store<u32>(own, WORKER_SLOTS, state.FREE_COUNT);
  store<u32>(own, <u32>own + state.DROP_LOG, state.DROP_LOG_POINTER);
  store<u32>(own, DROP_LOG_ENTRIES - 1, state.DROP_LOG_MASK);
  for (let slot: u32 = 0; slot < <u32>WORKER_SLOTS; slot++) {
    store<u32>(worker + map.FREE_SLOTS + slot * 4, WORKER_SLOTS - 1 - slot);
    store<u32>(worker + map.DESCRIPTORS + slot * map.DESCRIPTOR_BYTES + 8, slot);
  }
  for (let port: u32 = 0; port < <u32>MAX_PORTS; port++) store<u32>(viewOf(worker, port), MIN_READS, view.VIEW_BUDGET);
  settle(recordOf(index));
  return worker;
}

/** What a dead predecessor had under way is lost: its slots count as released, its frames as lost. Where more came to an end
 *  than had been counted as made, it died between its outputs and their count: these were copies. */
function settle(own: usize): void {
  store<u64>(own, load<u64>(own, record.TAKEN), record.RELEASED);
  store<u32>(own, 0, record.SLOT_IN_WORK);
  const entered = load<u64>(own, record.RECEIVED) + load<u64>(own, record.ORIGINATED) + load<u64>(own, record.COPIES) + load<u64>(own, record.SEGMENTS);
  const left = load<u64>(own, record.SENT) + load<u64>(own, record.DROPPED) + load<u64>(own, record.CONSUMED) + load<u64>(own, record.LOST);
  if (entered >= left) store<u64>(own, load<u64>(own, record.LOST) + entered - left, record.LOST);
  else store<u64>(own, load<u64>(own, record.COPIES) + left - entered, record.COPIES);
}

// waiting frames and writes: running counts, so that full and empty differ
/** Frames that were received and wait to be processed. */
export function rxCount(worker: usize): u32 {
  return load<u32>(worker + map.WORKER_STATE, state.RX_TAIL) - load<u32>(worker + map.WORKER_STATE, state.RX_HEAD);
}
/** Writes that wait for the back end. */
export function txCount(worker: usize): u32 {
  return load<u32>(worker + map.WORKER_STATE, state.TX_TAIL) - load<u32>(worker + map.WORKER_STATE, state.TX_HEAD);
}

/** Queues the descriptor of a received frame. There is always room: RX_ENTRIES >= WORKER_SLOTS. */
export function pushRx(worker: usize, descriptor: usize): void {
  const tail = load<u32>(worker + map.WORKER_STATE, state.RX_TAIL);
  store<u32>(worker + map.RX + (tail & (RX_ENTRIES - 1)) * 4, <u32>descriptor);
  store<u32>(worker + map.WORKER_STATE, tail + 1, state.RX_TAIL);
}

/** The oldest frame that waits; only when rxCount is not 0. */
export function shiftRx(worker: usize): usize {
  const head = load<u32>(worker + map.WORKER_STATE, state.RX_HEAD);
  store<u32>(worker + map.WORKER_STATE, head + 1, state.RX_HEAD);
  return load<u32>(worker + map.RX + (head & (RX_ENTRIES - 1)) * 4);
}

/** The entry of the queue of writes that running count `position` names: descriptor u32, port u32. */
export function txEntry(worker: usize, position: u32): usize {
  return worker + map.TX + (position & (TX_ENTRIES - 1)) * map.TX_ENTRY_BYTES;
}
