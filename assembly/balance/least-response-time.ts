/** The backend that will answer soonest, as far as anybody knows: smoothed response time (peak EWMA) x (active + 1) / weight. One that was never
 *  measured gets a flow at once, and no other before that was answered, unless all else is slower than UNMEASURED_MS. */
import * as field from "../abi/backend";
import { nowMs } from "../memory/worker";
import * as backends from "../tables/backend-table";
import * as services from "../tables/service-table";

/** Assumed of one that has its first flow and has not answered yet. */
const UNMEASURED_MS: f64 = 1000;

/** Index of a backend + 1; 0: none is usable. `slate` has at least one. */
export function pick(worker: usize, service: usize, slate: usize, key: u64): u32 {
  const count = services.count(slate);
  const first = services.drawn(worker, service);
  let best: u32 = 0;
  let least: f64 = Infinity;
  for (let step: u32 = 0; step < count; step++) {
    const backend = services.usableAt(slate, (first + step) % count);
    if (backend == 0) continue;
    const cost = score(worker, backends.recordOf(backend - 1));
    if (cost >= least) continue;
    least = cost;
    best = backend;
  }
  return best;
}

/** Milliseconds for its weight; 0 of one that is to be tried. */
export function score(worker: usize, record: usize): f64 {
  const active = backends.active(record);
  const smoothed = backends.responseMs(record, <f64>nowMs(worker));
  const isMeasured = load<f64>(record, field.RESPONSE_MS) != 0;
  if (!isMeasured && active == 0) return 0;
  return (isMeasured ? smoothed : UNMEASURED_MS) * <f64>(active + 1) * field.WEIGHT_ONE / <f64>backends.weight(record);
}
