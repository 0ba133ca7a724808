/** The least of all backends that may be chosen; of several the first from where this worker is in its round, so that equals share. */
import * as backends from "../tables/backend-table";
import * as services from "../tables/service-table";
import { ofLoad, ofResponseTime } from "./score";

/** Index + 1 of the backend with the least score, by response time or by load; 0: none is usable. `slate` has at least one. */
// @ts-ignore: decorator
@inline
export function pickLeast(worker: usize, service: usize, slate: usize, byTime: bool): u32 {
  const count = services.count(slate);
  const first = services.drawn(worker, service);
  let best: u32 = 0;
  let least: f64 = Infinity;
  for (let step: u32 = 0; step < count; step++) {
    const backend = services.usableAt(slate, (first + step) % count);
    if (backend == 0) continue;
    const record = backends.recordOf(backend - 1);
    const score = byTime ? ofResponseTime(worker, record) : ofLoad(worker, record);
    if (score >= least) continue;
    least = score;
    best = backend;
  }
  return best;
}
