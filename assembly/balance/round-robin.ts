/** One turn after the other of the slate's schedule, in which each backend has one. Each worker goes through it for itself; the turn of one
 *  that may not be chosen is passed over. */
import * as services from "../tables/service-table";

/** Index of a backend + 1; 0: none is usable. */
export function pick(worker: usize, service: usize, slate: usize, key: u64): u32 {
  const turn = services.usableTurn(slate, services.nextTurn(worker, service, slate));
  if (turn < 0) return 0;
  const backend = services.backendAt(slate, services.turnAt(slate, turn)) + 1;
  services.haveTurn(worker, service, slate, turn, backend);
  return backend;
}
