/** A backend by chance, as often as its weight says. */
import * as services from "../tables/service-table";

/** Index of a backend + 1; 0: none is usable. */
export function pick(worker: usize, service: usize, slate: usize, key: u64): u32 {
  const turns = services.turns(slate);
  if (turns == 0) return 0;
  const drawn = services.below(services.draw(worker, service), turns);
  for (let step: u32 = 0; step < turns; step++) {
    const backend = services.usableAt(slate, services.turnAt(slate, (drawn + step) % turns));
    if (backend != 0) return backend;
  }
  return 0;
}

/** The same whatever the weights, and not `other`. */
export function pickEvenly(worker: usize, service: usize, slate: usize, other: u32): u32 {
  const count = services.count(slate);
  const drawn = services.below(services.draw(worker, service), count);
  for (let step: u32 = 0; step < count; step++) {
    const backend = services.usableAt(slate, (drawn + step) % count);
    if (backend != 0 && backend != other) return backend;
  }
  return 0;
}
