/** The same backend for the same key as long as the set of backends stays as it is, each as often as its weight says. */
import * as services from "../tables/service-table";
import * as hash from "../tables/hash";

/** Index of a backend + 1; 0: none is usable. */
export function pick(worker: usize, service: usize, slate: usize, key: u64): u32 {
  const turns = services.turns(slate);
  if (turns == 0) return 0;
  const first = services.below(hash.of64(key), turns);
  for (let step: u32 = 0; step < turns; step++) {
    const backend = services.usableAt(slate, services.turnAt(slate, (first + step) % turns));
    if (backend != 0) return backend;
  }
  return 0;
}
