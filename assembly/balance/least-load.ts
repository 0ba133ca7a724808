/** The backend with the least load for its weight: (active + 1) / weight, or what it reports of itself, while that counts. Of several the
 *  first from where this worker is in its round, so that equals share. */
import * as field from "../abi/backend";
import { nowSeconds } from "../memory/worker";
import * as backends from "../tables/backend-table";
import * as services from "../tables/service-table";

/** Index of a backend + 1; 0: none is usable. `slate` has at least one. */
export function pick(worker: usize, service: usize, slate: usize, key: u64): u32 {
  const count = services.count(slate);
  const first = services.drawn(worker, service);
  let best: u32 = 0;
  let least: f64 = Infinity;
  for (let step: u32 = 0; step < count; step++) {
    const backend = services.usableAt(slate, (first + step) % count);
    if (backend == 0) continue;
    const load = score(worker, backends.recordOf(backend - 1));
    if (load >= least) continue;
    least = load;
    best = backend;
  }
  return best;
}

/** Load for its weight. */
export function score(worker: usize, record: usize): f64 {
  const reported = backends.reportedLoad(record, nowSeconds(worker));
  const load: f64 = reported >= 0 ? <f64>reported / field.LOAD_ONE : <f64>(backends.active(record) + 1);
  return load * field.WEIGHT_ONE / <f64>backends.weight(record);
}
