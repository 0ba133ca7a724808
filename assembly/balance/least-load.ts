/** The backend with the least load for its weight: (active + 1) / weight, or what it reports of itself, while that counts. */
import { pickLeast } from "./least";

/** Index of a backend + 1; 0: none is usable. `slate` has at least one. */
export function pick(worker: usize, service: usize, slate: usize, key: u64): u32 { return pickLeast(worker, service, slate, false); }
