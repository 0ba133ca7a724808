/** The same backend for the same key as long as the set of backends stays as it is, each as often as its weight says. */
import * as services from "../tables/service-table";
import * as hash from "../tables/hash";

/** Index of a backend + 1; 0: none is usable. */
export function pick(worker: usize, service: usize, slate: usize, key: u64): u32 {
  return services.usableFromTurn(slate, services.below(hash.of64(key), services.turns(slate)));
}
