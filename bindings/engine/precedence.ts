/** The workers' precedence over what they serve. The kernel's bridge forwards in soft interrupts, ahead of every process; a worker is a
 *  thread that shares processors with the containers that wait for it and with the start of its own successor, and would
 *  wait behind them for a tenth of a second and more (docs/decisions/0012-precedence.md). */
import { writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import type { Tables } from "../tables/tables.ts";
import * as workers from "../tables/worker-table.ts";

/** Nice value of a worker (sched(7)); of the daemon of Open vSwitch it is the same. */
export const WORKER_NICE = -10;

/** Gives it to the running workers of a forwarder, and to the session of that, which the kernel weighs as one where it groups
 *  processes by session (sched_autogroup_enabled). Where the right is wanting (CAP_SYS_NICE) everything stays as it is.
 *  @param pid the forwarder's process; null when its workers are threads of this one. */
export function givePrecedence(tables: Tables, layout: { workers: number }, pid: number | null): void {
  for (let worker = 0; worker < layout.workers; worker++) giveWorkerPrecedence(tables, worker, pid);
  if (pid !== null) attempt(() => writeFileSync(`/proc/${pid}/autogroup`, String(WORKER_NICE)));
}

/** Gives it to the thread in which a worker runs by now. */
export function giveWorkerPrecedence(tables: Tables, worker: number, pid: number | null): void {
  const { pid: owner, tid } = workers.thread(tables, worker);
  const isTheirs = tid > 0 && owner === (pid ?? process.pid);
  if (isTheirs && workers.isRunning(tables, worker)) attempt(() => setPriority(tid, WORKER_NICE));
}

function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // not permitted, or it has ended meanwhile
  }
}
