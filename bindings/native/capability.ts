/** The rights that a process gives up. Capabilities belong to threads (capabilities(7)): a thread, and a process, takes over those of
 *  the thread that starts it, so they are dropped before that. */
import { readFileSync } from "node:fs";
import { check, EINVAL, EPERM, systemCallFailed } from "./errno.ts";
import { lastErrno, lazily } from "./koffi.ts";

const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const CAPABILITY_VERSION_3 = 0x20080522;
const CAPABILITIES = 64;
const F_SETFD = 2;
const STANDARD_STREAMS = [0, 1, 2];
/** Set in the environment of a program that has begun anew: where the bounding set cannot be emptied, root would do so for ever. */
const BEGUN = "PORTYARD_BEGUN_WITHOUT_CAPABILITIES";

const libc = lazily((define) => ({
  prctl: define<(option: number, a: number, b: number, c: number, d: number) => number>("int prctl(int, ulong, ulong, ulong, ulong)"),
  capset: define<(header: Uint32Array, data: Uint32Array) => number>("int capset(void *, void *)"),
  fcntl: define<(fd: number, command: number, flags: number) => number>("int fcntl(int, int, int)"),
  execve: define<(path: string, args: (string | null)[], environment: (string | null)[]) => number>(
    "int execve(const char *, const char **, const char **)",
  ),
}));

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

/** Gives up every capability of this whole process: of this thread, and, since Node has started threads of its own by now, by beginning
 *  the same program anew in their place. Returns when there is nothing left to give up.
 *  @throws PortyardError `system-call-failed`, `koffi-missing`. */
export function beginWithoutCapabilities(): void {
  if (!hasCapabilities()) return;
  dropCapabilities();
  if (process.env[BEGUN] !== undefined) return;
  const environment = Object.entries({ ...process.env, [BEGUN]: "1" }).map(([name, value]) => `${name}=${value}`);
  // Node has marked them to be closed
  for (const stream of STANDARD_STREAMS) libc().fcntl(stream, F_SETFD, 0);
  const args = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  check(libc().execve(process.execPath, [...args, null], [...environment, null]), "execve", process.execPath);
}

/** Whether this process may do what others may not, or could by starting a program as root. */
function hasCapabilities(): boolean {
  const status = readFileSync("/proc/self/status", "utf8");
  const sets = process.geteuid?.() === 0 ? ["CapPrm", "CapInh", "CapAmb", "CapBnd"] : ["CapPrm", "CapInh", "CapAmb"];
  return sets.some((set) => BigInt(`0x${new RegExp(`^${set}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1] ?? "0"}`) !== 0n);
}
