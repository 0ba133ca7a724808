/** What a process says of itself, and the rights that it gives up. Capabilities belong to threads (capabilities(7)): a
 *  thread, and a process, takes over those of the thread that starts it, so they are dropped before that. */
import { check, EINVAL, EPERM, systemCallFailed } from "./errno.ts";
import { lastErrno, lazily } from "./koffi.ts";

const PR_SET_NAME = 15;
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const CAPABILITY_VERSION_3 = 0x20080522;
const CAPABILITIES = 64;
// clock numbers of threads (linux/posix-timers.h): the complement of the thread's number, the kind in the lowest three bits
const CPUCLOCK_SCHED = 2;
const CPUCLOCK_PER_THREAD = 4;

const libc = lazily((define) => ({
  setName: define<(option: number, name: string) => number>("int prctl(int, const char *)"),
  prctl: define<(option: number, a: number, b: number, c: number, d: number) => number>("int prctl(int, ulong, ulong, ulong, ulong)"),
  capset: define<(header: Uint32Array, data: Uint32Array) => number>("int capset(void *, void *)"),
  gettid: define<() => number>("int gettid()"),
  clockGettime: define<(clock: number, time: BigInt64Array) => number>("int clock_gettime(int, void *)"),
}));

/** Names this thread, as `ps -L` and /proc/PID/task/TID/comm show it: at most 15 bytes, the rest is cut off. */
export function setThreadName(name: string): void {
  check(libc().setName(PR_SET_NAME, name), "prctl(PR_SET_NAME)");
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

/** Gives up every capability of this thread for good: the bounding, ambient, inheritable, permitted and effective sets are
 *  empty afterwards, and no exec brings one back, not even as root. Threads that run already keep theirs (Node's own pool
 *  of file system threads among them): call it first of all, or in the thread that then starts the process without rights.
 *  Open descriptors stay usable. */
export function dropCapabilities(): void {
  check(libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)");
  check(libc().prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl(PR_CAP_AMBIENT)");
  for (let capability = 0; capability < CAPABILITIES; capability++) dropFromBoundingSet(capability);
  const header = Uint32Array.of(CAPABILITY_VERSION_3, 0);
  check(libc().capset(header, new Uint32Array(6)), "capset");
}

/** EINVAL: this kernel has no such capability. EPERM: a thread without CAP_SETPCAP, whose other sets go all the same. */
function dropFromBoundingSet(capability: number): void {
  if (libc().prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) >= 0) return;
  const errno = lastErrno();
  if (errno !== EINVAL && errno !== EPERM) throw systemCallFailed("prctl(PR_CAPBSET_DROP)", errno);
}
