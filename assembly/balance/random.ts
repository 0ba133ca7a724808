/** A backend by chance, as often as its weight says. */
import * as services from "../tables/service-table";

/** Index of a backend + 1; 0: none is usable. */
export function pick(worker: usize, service: usize, slate: usize, key: u64): u32 {
  return services.usableFromTurn(slate, services.below(services.draw(worker, service), services.turns(slate)));
}

/** The same whatever the weights, and not `other`. */
export function pickEvenly(worker: usize, service: usize, slate: usize, other: u32): u32 {
  return services.usableFrom(slate, services.below(services.draw(worker, service), services.count(slate)), other);
}
