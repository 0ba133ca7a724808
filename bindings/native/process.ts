/** What a process says of itself. */
import { check } from "./errno.ts";
import { lazily } from "./koffi.ts";

const PR_SET_PDEATHSIG = 1;
const PR_SET_NAME = 15;
const SIGKILL = 9;
// clock numbers of threads (linux/posix-timers.h): the complement of the thread's number, the kind in the lowest three bits
const CPUCLOCK_SCHED = 2;
const CPUCLOCK_PER_THREAD = 4;

const libc = lazily((define) => ({
  setName: define<(option: number, name: string) => number>("int prctl(int, const char *)"),
  prctl: define<(option: number, value: number) => number>("int prctl(int, ulong)"),
  gettid: define<() => number>("int gettid()"),
  clockGettime: define<(clock: number, time: BigInt64Array) => number>("int clock_gettime(int, void *)"),
}));

/** Names this thread, as `ps -L` and /proc/PID/task/TID/comm show it: at most 15 bytes, the rest is cut off. */
export function setThreadName(name: string): void {
  check(libc().setName(PR_SET_NAME, name), "prctl(PR_SET_NAME)");
}

/** Lets the kernel kill this process when the thread that started it ends; one whose parent has ended already ends here.
 *  @param parent process id of who started it. */
export function dieWithParent(parent: number): void {
  check(libc().prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl(PR_SET_PDEATHSIG)");
  if (process.ppid !== parent) process.exit(1);
}

/** Takes that back. */
export function outliveParent(): void {
  check(libc().prctl(PR_SET_PDEATHSIG, 0), "prctl(PR_SET_PDEATHSIG)");
}

/** Processor time in milliseconds that a thread of this process has used; 0 when there is no such thread.
 *  @param tid the kernel's number of it (1-4,194,304). */
export function threadCpuMs(tid: number): number {
  const time = new BigInt64Array(2);
  const clock = (~tid << 3) | CPUCLOCK_PER_THREAD | CPUCLOCK_SCHED;
  if (libc().clockGettime(clock, time) < 0) return 0;
  return Number(time[0]) * 1000 + Number(time[1]) / 1e6;
}

/** The kernel's number of this thread. */
export function threadId(): number {
  return libc().gettid();
}
