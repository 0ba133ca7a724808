/** Counters of ports as this worker counts them (abi/counter.ts): single writer, so plain adds; readers sum the workers. */
import * as map from "../abi/memory-map";
import * as field from "../abi/counter";
import * as record from "../abi/worker";
import * as state from "../abi/worker-state";
import * as step from "../abi/trace";
import { TRACE, note } from "../memory/trace";
import { count } from "../memory/worker";

function counters(worker: usize, port: u32): usize {
  return load<u32>(worker + map.WORKER_STATE, state.COUNTERS) + port * map.COUNTER_BYTES;
}

function add(pointer: usize, by: u64): void { store<u64>(pointer, load<u64>(pointer) + by); }

/** A frame came in by `port`, with `bytes` bytes. */
export function received(worker: usize, port: u32, bytes: u32): void {
  const pointer = counters(worker, port);
  add(pointer + field.RECEIVED_FRAMES, 1);
  add(pointer + field.RECEIVED_BYTES, bytes);
  count(worker, record.RECEIVED, 1);
}

/** A port has taken a frame of `bytes` bytes. */
export function sent(worker: usize, port: u32, bytes: u32): void {
  const pointer = counters(worker, port);
  add(pointer + field.SENT_FRAMES, 1);
  add(pointer + field.SENT_BYTES, bytes);
  count(worker, record.SENT, 1);
}

/** A frame ends here: `reason` is one of abi/drop-reason.ts, `port` the one at fault. */
export function dropped(worker: usize, port: u32, reason: u32): void {
  if (TRACE) note(step.DROP, reason, port);
  const pointer = counters(worker, port);
  add(pointer + field.DROPPED_FRAMES, 1);
  add(pointer + field.REASONS + reason * 8, 1);
  count(worker, record.DROPPED, 1);
  log(worker + map.WORKER_STATE, port, reason);
}

function log(own: usize, port: u32, reason: u32): void {
  const drops = load<u32>(own, state.DROPS);
  const entry: usize = load<u32>(own, state.DROP_LOG_POINTER) + (drops & load<u32>(own, state.DROP_LOG_MASK)) * 4;
  store<u32>(entry, (port << 16) | reason);
  store<u32>(own, drops + 1, state.DROPS);
}
