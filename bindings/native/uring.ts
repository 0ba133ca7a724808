/** io_uring whose rings lie in Wasm memory: AssemblyScript fills the submission entries and reaps the completions by itself,
 *  and only `enter` crosses the border, once for each burst. Needs Linux 6.6 (IORING_SETUP_NO_MMAP 6.5, NO_SQARRAY 6.6);
 *  before 6.10 or so each ring must fit in one page. The kernel switches it off by kernel.io_uring_disabled, and containers by seccomp.
 *
 *  One thread alone may create, submit and reap (SINGLE_ISSUER, DEFER_TASKRUN): the one that calls `createUring`. */
import { readFileSync } from "node:fs";
import { PortyardError } from "../error.ts";
import { EACCES, EINVAL, ENOMEM, ENOSYS, EPERM, errnoName, orNegativeErrno } from "./errno.ts";
import { closeDescriptor } from "./io.ts";
import { lastErrno, lazily } from "./koffi.ts";
import { hostAddress, renewPages } from "./memory.ts";

// the same numbers on every architecture
const SYS_IO_URING_SETUP = 425;
const SYS_IO_URING_ENTER = 426;

export const IORING_ENTER_GETEVENTS = 1;

const SETUP_CQSIZE = 1 << 3;
const SETUP_COOP_TASKRUN = 1 << 8;
const SETUP_SINGLE_ISSUER = 1 << 12;
const SETUP_DEFER_TASKRUN = 1 << 13;
const SETUP_NO_MMAP = 1 << 14;
const SETUP_NO_SQARRAY = 1 << 16;
const SETUP_FLAGS = SETUP_CQSIZE | SETUP_COOP_TASKRUN | SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN | SETUP_NO_MMAP | SETUP_NO_SQARRAY;

// struct io_uring_params: entries, flags, ..., then the offsets of the submission and the completion ring
const PARAMS_BYTES = 120;
const PARAMS_CQ_ENTRIES = 4;
const PARAMS_FLAGS = 8;
const PARAMS_SQ = 40;
const PARAMS_CQ = 80;
const OFFSETS_USER_ADDRESS = 32;

/** What fits in one page each: 64 entries of 64 bytes; 128 completions of 16 bytes behind the rings' head. */
const SMALL = { entries: 64, cqEntries: 128 };

const libc = lazily((define) => ({
  setup: define<(number: number, entries: number, params: Uint8Array) => number>("int syscall(long, uint, void *)"),
  // the sixth is the signal mask, none; its size is then not looked at
  enter: define<(number: number, fd: number, submit: number, complete: number, flags: number, mask: number) => number>(
    "int syscall(long, int, uint, uint, uint, int64)",
  ),
}));

/** A ring; every offset in bytes from `ringsPointer`, each field a u32 but the completion entries (user_data u64, result i32, flags u32). */
export interface Uring {
  descriptor: number;
  entries: number;
  cqEntries: number;
  sq: { head: number; tail: number; mask: number; flags: number; dropped: number };
  cq: { head: number; tail: number; mask: number; flags: number; overflow: number; entries: number };
}

/** Creates a ring over pages of a Wasm memory, in the thread that will use it. Where the kernel refuses the size, one of 64
 *  entries and 128 completions is made instead: look at what comes back. The pages of both rings are new ones: to those of a
 *  ring the kernel writes once more after its close (tried: the tail of the completions, 20 to 25 ms later).
 *  @param hostBase host address of the memory.
 *  @param ringsPointer page aligned, the pages that 4,096 + cqEntries x 16 bytes need.
 *  @param sqesPointer page aligned, entries x 64 bytes.
 *  @throws PortyardError `uring-unavailable`. */
export function createUring(hostBase: bigint, ringsPointer: number, sqesPointer: number, entries: number, cqEntries: number): Uring {
  const rings = hostBase + BigInt(ringsPointer);
  renewPages(rings, 4096 + cqEntries * 16);
  const sqes = hostBase + BigInt(sqesPointer);
  const large = setup(rings, sqes, entries, cqEntries);
  if (typeof large !== "number") return large;
  const small = large === ENOMEM || large === EINVAL ? setup(rings, sqes, SMALL.entries, SMALL.cqEntries) : large;
  if (typeof small !== "number") return small;
  throw uringUnavailable(small);
}

/** The ring, or the errno. */
function setup(rings: bigint, sqes: bigint, entries: number, cqEntries: number): Uring | number {
  const params = new DataView(new ArrayBuffer(PARAMS_BYTES));
  params.setUint32(PARAMS_CQ_ENTRIES, cqEntries, true);
  params.setUint32(PARAMS_FLAGS, SETUP_FLAGS, true);
  params.setBigUint64(PARAMS_SQ + OFFSETS_USER_ADDRESS, sqes, true);
  params.setBigUint64(PARAMS_CQ + OFFSETS_USER_ADDRESS, rings, true);
  const descriptor = libc().setup(SYS_IO_URING_SETUP, entries, new Uint8Array(params.buffer));
  return descriptor < 0 ? lastErrno() : described(descriptor, params);
}

function described(descriptor: number, params: DataView): Uring {
  const sq = (index: number) => params.getUint32(PARAMS_SQ + index * 4, true);
  const cq = (index: number) => params.getUint32(PARAMS_CQ + index * 4, true);
  return {
    descriptor,
    entries: params.getUint32(0, true),
    cqEntries: params.getUint32(PARAMS_CQ_ENTRIES, true),
    sq: { head: sq(0), tail: sq(1), mask: sq(2), flags: sq(4), dropped: sq(5) },
    cq: { head: cq(0), tail: cq(1), mask: cq(2), overflow: cq(4), entries: cq(5), flags: cq(6) },
  };
}

/** Hands `submitCount` entries over and waits for `completeCount` completions. With DEFER_TASKRUN completions appear only
 *  inside a call with IORING_ENTER_GETEVENTS.
 *  @returns entries consumed, or -errno. */
export function enter(descriptor: number, submitCount: number, completeCount: number, flags: number): number {
  return orNegativeErrno(libc().enter(SYS_IO_URING_ENTER, descriptor, submitCount, completeCount, flags, 0));
}

/** Whether rings can be made here and now, by making one; the reason is a sentence.
 *  @throws PortyardError `koffi-missing`, `linux-only`: then nothing was tried. */
export function probeUring(): { available: boolean; reason: string; remedy: string | null } {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const base = hostAddress(memory);
  try {
    const ring = createUring(base, 0, 32768, 256, 1024);
    closeDescriptor(ring.descriptor);
    return { available: true, reason: `rings of ${ring.entries} entries and ${ring.cqEntries} completions`, remedy: null };
  } catch (error) {
    if (!(error instanceof PortyardError)) throw error;
    return { available: false, reason: error.message, remedy: error.remedy };
  }
}

function uringUnavailable(errno: number): PortyardError {
  const disabled = readDisabled();
  const reasons: Record<number, string> = {
    [EPERM]: disabled === 0 ? "a seccomp profile forbids it" : `kernel.io_uring_disabled is ${disabled}`,
    [EACCES]: "a security policy forbids it",
    [ENOSYS]: "this kernel has none",
    [EINVAL]: "this kernel is too old for rings in the caller's memory (Linux 6.6)",
    [ENOMEM]: "this kernel refuses rings of that size, or the limit of locked memory is too low",
  };
  return new PortyardError(
    "uring-unavailable",
    `io_uring cannot be used: ${reasons[errno] ?? "io_uring_setup failed"} (${errnoName(errno)}).`,
    {
      value: errnoName(errno),
      remedy:
        "Set `sysctl kernel.io_uring_disabled=0`, allow io_uring in the container's seccomp profile, raise `ulimit -l`, or use the syscall back end (about 20 % slower).",
    },
  );
}

/** kernel.io_uring_disabled: 0 allowed, 1 for the privileged, 2 off; 0 where the kernel has no such setting. */
function readDisabled(): number {
  try {
    return Number(readFileSync("/proc/sys/kernel/io_uring_disabled", "utf8"));
  } catch {
    return 0;
  }
}
