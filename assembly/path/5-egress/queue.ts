/** The last step in Wasm: a write waits in the worker's queue for the back end, which holds the frame's slot until the
 *  port has taken or refused it. */
import * as map from "../../abi/memory-map";
import * as reason from "../../abi/drop-reason";
import * as state from "../../abi/worker-state";
import { TX_ENTRIES } from "../../abi/limits";
import * as pool from "../../memory/frame-pool";
import { txCount, txEntry } from "../../memory/worker";
import * as counter from "../../tables/counter";

/** Queues one write of the frame to `output`, or counts QUEUE_FULL there. */
export function queue(worker: usize, descriptor: usize, output: u32): void {
  if (txCount(worker) == TX_ENTRIES) return counter.dropped(worker, output, reason.QUEUE_FULL);
  const tail = load<u32>(worker + map.WORKER_STATE, state.TX_TAIL);
  const entry = txEntry(worker, tail);
  store<u32>(entry, <u32>descriptor);
  store<u32>(entry, output, 4);
  store<u32>(worker + map.WORKER_STATE, tail + 1, state.TX_TAIL);
  pool.hold(descriptor);
}
