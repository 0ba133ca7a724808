/** Backends (abi/backend.ts) as balancers see them: may one be chosen, how busy and how fast is it. */
import * as map from "../abi/memory-map";
import * as field from "../abi/backend";
import * as atomic from "../memory/atomic";
import { decay } from "./decay";

/** Of a response time, as 0 is none. */
const LEAST_MS: f64 = 0.000001;
/** Milliseconds in which a response time that is not confirmed loses 63 % of its weight. */
const WINDOW_MS: f64 = 10000;

export function recordOf(backend: u32): usize { return load<u32>(map.HEAD_BACKENDS) + backend * map.BACKEND_BYTES; }
export function weight(record: usize): u32 { return load<u32>(record, field.WEIGHT); }
/** Index of the service that it belongs to. */
export function serviceOf(record: usize): u32 { return load<u32>(record, field.SERVICE); }
/** Its own port; 0: the one that a rule of its service says. */
export function ownPort(record: usize): u32 { return load<u32>(record, field.PORT); }
/** Address of the 16 bytes of its address. */
export function addressOf(record: usize): usize { return record + field.ADDRESS; }
/** Of the station at its address; 0: not known. */
export function macOf(record: usize): u64 { return atomic.load64(record + field.MAC); }
export function setMac(record: usize, mac: u64): void { atomic.store64(record + field.MAC, mac); }
/** The next backend with its address in its network: index + 1, or 0. */
export function nextOf(record: usize): u32 { return load<u32>(record, field.NEXT); }
/** True until it is drained, left out or gone, however many flows it has. */
export function isWanted(record: usize): bool { return load<u32>(record) == field.USABLE && weight(record) != 0; }
export function active(record: usize): u32 { return atomic.load32(record + field.ACTIVE); }

/** True when a new flow may go to it. */
export function isUsable(record: usize): bool {
  if (load<u32>(record) != field.USABLE || weight(record) == 0) return false;
  const limit = load<u32>(record, field.MAX_ACTIVE);
  return limit == 0 || active(record) < limit;
}

/** Smoothed response time in milliseconds, less the longer nothing was measured; 0: never. */
export function responseMs(record: usize, nowMs: f64): f64 {
  const idleMs = nowMs - load<f64>(record, field.MEASURED_MS);
  return load<f64>(record, field.RESPONSE_MS) * decay(idleMs / WINDOW_MS);
}

/** Takes a measured response time in: a greater one counts at once, a smaller one as far as the last is past (peak EWMA). */
export function measure(record: usize, ms: f64, nowMs: f64): void {
  const before = load<f64>(record, field.RESPONSE_MS);
  const kept = decay((nowMs - load<f64>(record, field.MEASURED_MS)) / WINDOW_MS);
  const smoothed = before == 0 || ms > before ? ms : ms + (before - ms) * kept;
  store<f64>(record, max<f64>(smoothed, LEAST_MS), field.RESPONSE_MS);
  store<f64>(record, nowMs, field.MEASURED_MS);
}

/** Load that the backend reports, in thousandths, while it counts; else -1. */
export function reportedLoad(record: usize, nowSeconds: u32): i32 {
  const until = load<u32>(record, field.LOAD_UNTIL);
  return until != 0 && nowSeconds <= until ? load<i32>(record, field.LOAD) : -1;
}

/** A flow begins. */
export function begin(record: usize): void {
  hold(record);
  picked(record);
}
/** It has one flow more, or is about to: before anybody could end that one. */
export function hold(record: usize): void { atomic.add32(record + field.ACTIVE, 1); }
/** A flow has come to it. */
export function picked(record: usize): void { atomic.add64(record + field.PICKED, 1); }

/** It has answered. */
export function answered(record: usize): void { atomic.add64(record + field.ANSWERED, 1); }

/** A flow has failed. */
export function fail(record: usize): void { atomic.add64(record + field.FAILED, 1); }

/** A flow ends. A count is never trusted after a death: it does not go below 0. */
export function finish(record: usize): void {
  if (atomic.add32(record + field.ACTIVE, -1) == 0) atomic.add32(record + field.ACTIVE, 1);
}
