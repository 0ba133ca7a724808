/** The end of a burst in a benchmark: the pipeline over all that was received, and its writes taken as ports in memory take them. */
import * as exchange from "../../assembly/io/exchange";
import * as desc from "../../assembly/memory/descriptor";
import { txCount } from "../../assembly/memory/worker";
import { processBurst } from "../../assembly/pipeline";

/** How many were sent. */
export function finish(worker: usize): u32 {
  processBurst(worker);
  let sent: u32 = 0;
  for (; txCount(worker) != 0; sent++) {
    const entry = exchange.shiftTx(worker);
    const descriptor: usize = load<u32>(entry);
    exchange.finished(worker, descriptor, load<u32>(entry, 4), <i32>desc.bytes(descriptor));
  }
  return sent;
}
