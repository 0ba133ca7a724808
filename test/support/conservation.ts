/** The law that holds whenever nothing is under way: every frame that came to be has ended, every slot taken is back
 *  (assembly/abi/worker.ts).                                                                                         */
import type { WorkerInfo } from "../../bindings/engine/types.ts";

/** Returns its argument. @throws Error that says by how much the law is broken. */
export function conserved(totals: WorkerInfo): WorkerInfo {
  const began = totals.received + totals.originated + totals.copies + totals.segments;
  const ended = totals.sent + totals.dropped + totals.consumed;
  if (began !== ended) throw new Error(`${began} frames came to be and ${ended} ended: ${JSON.stringify(totals)}`);
  if (totals.slotsTaken !== totals.slotsReleased) throw new Error(`${totals.slotsTaken - totals.slotsReleased} slots are not given back`);
  return totals;
}
