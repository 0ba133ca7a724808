/** The ports that may have something to read: one edge-triggered epoll descriptor fills the list, a read that finds nothing
 *  takes the port off it. A worker with 1,000 idle ports looks at none of them. */
import * as map from "../abi/memory-map";
import * as state from "../abi/worker-state";
import * as view from "../abi/worker-state";
import { MAX_READS, MIN_READS } from "../abi/limits";
import { viewOf } from "../memory/worker";

export function readyCount(worker: usize): u32 { return load<u32>(worker + map.WORKER_STATE, state.READY_COUNT); }
export function readyPort(worker: usize, position: u32): u32 { return load<u16>(worker + map.READY + position * 2); }

/** Puts an owned, usable port on the list, once. */
export function markReady(worker: usize, port: u32): void {
  const own = viewOf(worker, port);
  if (load<u32>(own, view.VIEW_DESCRIPTOR) == 0 || load<u32>(own, view.VIEW_OWNED) == 0) return;
  // An edge that comes while reads are out counts for the reads after them.
  store<u32>(own, 1, view.VIEW_EDGE);
  if (load<u32>(own, view.VIEW_READY) != 0) return;
  store<u32>(own, 1, view.VIEW_READY);
  const count = readyCount(worker);
  store<u16>(worker + map.READY + count * 2, <u16>port);
  store<u32>(worker + map.WORKER_STATE, count + 1, state.READY_COUNT);
}

/** Takes the port at `position` off the list; the last one takes its place. */
export function removeReady(worker: usize, position: u32): void {
  const last = readyCount(worker) - 1;
  store<u32>(viewOf(worker, readyPort(worker, position)), 0, view.VIEW_READY);
  store<u16>(worker + map.READY + position * 2, <u16>readyPort(worker, last));
  store<u32>(worker + map.WORKER_STATE, last, state.READY_COUNT);
}

/** Takes `port` off the list if it is there. */
export function dropReady(worker: usize, port: u32): void {
  if (load<u32>(viewOf(worker, port), view.VIEW_READY) == 0) return;
  const ports = readyCount(worker);
  for (let position: u32 = 0; position < ports; position++) {
    if (readyPort(worker, position) == port) return removeReady(worker, position);
  }
}

/** After a round of reads of one port: all came back with frames: ask for twice as many; under half did: for half.
 *  True when the port stays ready: nothing said "no more", or epoll reported it again meanwhile. */
export function adapt(own: usize): bool {
  const asked = load<u32>(own, view.VIEW_ASKED);
  const got = load<u32>(own, view.VIEW_GOT);
  const budget = load<u32>(own, view.VIEW_BUDGET);
  if (got == asked) store<u32>(own, min<u32>(budget * 2, MAX_READS), view.VIEW_BUDGET);
  else if (got * 2 < asked) store<u32>(own, max<u32>(budget / 2, MIN_READS), view.VIEW_BUDGET);
  if (load<u32>(own, view.VIEW_DESCRIPTOR) == 0) return false;
  return load<u32>(own, view.VIEW_EMPTY) == 0 || load<u32>(own, view.VIEW_EDGE) != 0;
}
