/** Ageing: a sweep over the MAC table in small, bounded steps, so that a whole pass takes some seconds whatever its size.
 *  On its way it puts back entries that the rings have lost; where a port filled up to its limit meanwhile, they go.
 *  Each worker looks after the entries of the ports that it reads; the order is that of the places, not of the ages. */
import * as map from "../abi/memory-map";
import * as field from "../abi/mac";
import * as record from "../abi/worker";
import * as event from "../abi/event";
import * as state from "../abi/worker-state";
import { SWEEP_SLOTS } from "../abi/limits";
import * as atomic from "../memory/atomic";
import { count, index, nowMs, nowSeconds } from "../memory/worker";
import { entryOf, macOf, networkOf, portOf } from "./mac-entry";
import * as events from "./event-ring";
import * as ring from "./mac-ring";
import * as table from "./mac-table";
import * as networks from "./network-table";
import * as ports from "./port-table";

/** Milliseconds in which the sweep passes over the whole table. */
const PASS_MS: u64 = 4000;

/** Goes on with the sweep as far as time has gone on since the last call: a quarter of the table at most, and nothing while
 *  less than SWEEP_SLOTS places (of a small table: less than a quarter) are due. */
export function advance(worker: usize): void {
  const own = worker + map.WORKER_STATE;
  const elapsedMs = nowMs(worker) - load<u64>(own, state.SWEPT_MS);
  const places = ring.placeCount();
  const due = elapsedMs >= PASS_MS ? <u64>places : (elapsedMs * places) / PASS_MS;
  if (due < <u64>min<u32>(SWEEP_SLOTS, places >> 2)) return;
  store<u64>(own, nowMs(worker), state.SWEPT_MS);
  sweep(worker, <u32>min<u64>(due, places >> 2));
}

/** Visits the next `steps` places. */
export function sweep(worker: usize, steps: u32): void {
  const own = worker + map.WORKER_STATE;
  const places = ring.placeCount();
  let place = load<u32>(own, state.SWEEP_PLACE);
  for (let step: u32 = 0; step < steps; step++) {
    if (place >= places) place = 0;
    visit(worker, entryOf(place));
    place++;
  }
  store<u32>(own, place, state.SWEEP_PLACE);
}

function visit(worker: usize, entry: usize): void {
  const value = atomic.load64(entry + 8);
  if (value == 0 || (value & (<u64>field.FLAG_STATIC << field.FLAGS_SHIFT)) != 0) return;
  const port = portOf(value);
  if (ports.owner(port) != index(worker)) return;
  const key = atomic.load64(entry);
  const ageSeconds = nowSeconds(worker) - <u32>(value >> field.SEEN_SHIFT);
  const isOld = <i32>ageSeconds >= 0 && ageSeconds >= networks.macAgeSeconds(networkOf(key));
  if (!isOld && ring.repair(port, entry)) return;
  if (!table.release(worker, entry, value)) return;
  ring.forget(port);
  count(worker, isOld ? record.AGED : record.EVICTED, 1);
  events.emit(worker, isOld ? event.MAC_AGED : event.MAC_EVICTED, port, networkOf(key), macOf(key), 0);
}
