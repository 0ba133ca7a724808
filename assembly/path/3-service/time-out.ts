/** Established connections that were silent for too long end with a reset to both sides, so that neither waits for ever for one that is
 *  forgotten here. A few at each turn of the worker, while there is room for frames. */
import { SLOT_RESERVE } from "../../abi/limits";
import * as pool from "../../memory/frame-pool";
import { flagsOf, wordOf } from "../../tables/flow-entry";
import * as flows from "../../tables/flow-table";
import { resetEnds } from "./reset";

/** Ends those that the sweep has announced. */
export function endOutOfTime(worker: usize): void {
  while (pool.freeCount(worker) > <u32>SLOT_RESERVE) {
    const entry = flows.nextOutOfTime(worker);
    if (entry == 0) return;
    const word = wordOf(entry);
    resetEnds(worker, entry, flagsOf(word));
    flows.expireTold(worker, entry, word);
  }
}
