/** One turn after the other of a schedule in which each backend has as many as its weight says, far apart from each other (smooth weighted
 *  round robin). That is round robin; the weights are in the schedule, which bindings/service/schedule.ts computes. */
import * as roundRobin from "./round-robin";

/** Index of a backend + 1; 0: none is usable. */
export function pick(worker: usize, service: usize, slate: usize, key: u64): u32 { return roundRobin.pick(worker, service, slate, key); }
