/** The backend that will answer soonest, as far as anybody knows: smoothed response time (peak EWMA) x (active + 1) / weight. One that was never
 *  measured gets a flow at once, and no other before that was answered, unless all else is slower than a second. */
import { pickLeast } from "./least";

/** Index of a backend + 1; 0: none is usable. `slate` has at least one. */
export function pick(worker: usize, service: usize, slate: usize, key: u64): u32 { return pickLeast(worker, service, slate, true); }
