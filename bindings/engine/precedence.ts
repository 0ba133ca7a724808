/** The workers' precedence over what they serve. The kernel's bridge forwards in soft interrupts, ahead of every process; a worker is a
 *  thread that shares processors with the containers that wait for it and with the start of its own successor, and would
 *  wait behind them for a tenth of a second and more (docs/decisions/0012-precedence.md). */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { WORKER_THREAD } from "../forwarder/worker-name.ts";

/** Nice value of a worker (sched(7)); of the daemon of Open vSwitch it is the same. */
export const WORKER_NICE = -10;

/** Gives it to the workers of a forwarder, those that wait for their work among them, to its main thread, which hands it out, and to its
 *  session, which the kernel weighs as one where it groups processes by session (sched_autogroup_enabled). What compiles and
 *  collects garbage stays behind. Where the right is wanting (CAP_SYS_NICE) everything stays as it is.
 *  @param pid the forwarder's process, in a session of its own; null when its workers are threads of this one, of which nothing else
 *  is touched. */
export function givePrecedence(pid: number | null): void {
  const threads = attempt(() => readdirSync(`/proc/${pid ?? "self"}/task`).map(Number)) ?? [];
  for (const tid of threads.filter((each) => each === pid || isWorker(pid, each))) attempt(() => setPriority(tid, WORKER_NICE));
  if (pid !== null) attempt(() => writeFileSync(`/proc/${pid}/autogroup`, String(WORKER_NICE)));
}

function isWorker(pid: number | null, tid: number): boolean {
  return attempt(() => readFileSync(`/proc/${pid ?? "self"}/task/${tid}/comm`, "utf8"))?.startsWith(WORKER_THREAD) ?? false;
}

/** Undefined when it is not permitted, or the thread has ended meanwhile. */
function attempt<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
