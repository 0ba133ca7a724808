/** Of two backends that are drawn the one with the least load for its weight: nearly as good as the least of all, at a cost that does not
 *  grow with their number, and without everybody running to the same one (Mitzenmacher 2001). */
import * as backends from "../tables/backend-table";
import * as random from "./random";
import { ofLoad } from "./score";

/** Index of a backend + 1; 0: none is usable. */
export function pick(worker: usize, service: usize, slate: usize, key: u64): u32 {
  const first = random.pickEvenly(worker, service, slate, 0);
  const second = random.pickEvenly(worker, service, slate, first);
  if (first == 0 || second == 0) return first;
  return ofLoad(worker, backends.recordOf(second - 1)) < ofLoad(worker, backends.recordOf(first - 1)) ? second : first;
}
