/** Precedence of a thread that measures: what it waits for must be what is measured, not the processor that the measured and all its
 *  helpers work on. */
import { lazily } from "../../bindings/native/koffi.ts";

const SCHED_RR = 2;

const libc = lazily((define) => ({
  // sched_param (sched.h) is one int, the priority
  setScheduler: define<(pid: number, policy: number, parameters: Int32Array) => number>("int sched_setscheduler(int, int, void *)"),
}));

/** This thread runs as soon as it can, before all that are not of real time (sched(7)); where that is not permitted, as before. */
export function precede(): void {
  libc().setScheduler(0, SCHED_RR, Int32Array.of(1));
}
