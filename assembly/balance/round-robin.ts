/** One turn after the other of the slate's schedule, in which each backend has one. Each worker goes through it for itself; the turn of one
 *  that may not be chosen is passed over. */
import * as services from "../tables/service-table";

/** Index of a backend + 1; 0: none is usable. */
export function pick(worker: usize, service: usize, slate: usize, key: u64): u32 {
  const turns = services.turns(slate);
  const next = services.nextTurn(worker, service, slate);
  for (let step: u32 = 0; step < turns; step++) {
    const turn = (next + step) % turns;
    const backend = services.usableAt(slate, services.turnAt(slate, turn));
    if (backend == 0) continue;
    services.haveTurn(worker, service, slate, turn, backend);
    return backend;
  }
  return 0;
}
