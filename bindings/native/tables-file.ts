/** The file under the tables region (design section 2): on tmpfs, mode 0600, and reserved to its last byte, because a
 *  sparse file on a full tmpfs is SIGBUS at the first touch, in the middle of forwarding.
 *
 *  A lock on one byte of it proves that whoever took that byte is alive: it goes with the last descriptor of the opening
 *  that took it (open file description locks, fcntl(2)). A descriptor handed on by SCM_RIGHTS or fork carries the lock, so
 *  each process opens the file for itself before it takes its byte. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, statfsSync, unlinkSync } from "node:fs";
import { PortyardError } from "../error.ts";
import { check, EAGAIN, EINTR, ENOSPC, systemCallFailed } from "./errno.ts";
import { lastErrno, lazily } from "./koffi.ts";

const TMPFS_MAGIC = 0x01021994;
const F_OFD_GETLK = 36;
const F_OFD_SETLK = 37;
const F_WRLCK = 1;
const F_UNLCK = 2;

/** Bytes of the file that prove a life. */
export const AGENT_LIFE = 0;
export const FORWARDER_LIFE = 1;

const libc = lazily((define) => ({
  posixFallocate: define<(fd: number, offset: number, bytes: number) => number>("int posix_fallocate(int, int64, int64)"),
  fcntl: define<(fd: number, command: number, lock: Uint8Array) => number>("int fcntl(int, int, void *)"),
}));

export interface TablesFile {
  descriptor: number;
  path: string;
  /** Size of the file: what was asked for, or more if it was there and larger. */
  bytes: number;
  /** True when this call made it: it holds zeros. */
  created: boolean;
}

/** True when `path` (it must exist) lies on a tmpfs. */
export function isTmpfs(path: string): boolean {
  return statfsSync(path).type === TMPFS_MAGIC;
}

/** Bytes that may still be written on the file system of `path` (it must exist). */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/** Opens or creates the file and reserves `bytes` of it. It is never made smaller. The descriptor closes at exec.
 *  @throws PortyardError `koffi-missing`, `tmpfs-full` (nothing is left behind); `system-call-failed`. */
export function openTablesFile(path: string, bytes: number): TablesFile {
  libc(); // before a file is made that could not be reserved
  const { descriptor, created } = openOrCreate(path);
  const before = fstatSync(descriptor).size;
  const errno = reserve(descriptor, bytes);
  if (errno === 0) return { descriptor, path, bytes: Math.max(before, bytes), created };
  if (created) unlinkSync(path);
  else if (fstatSync(descriptor).size > before) ftruncateSync(descriptor, before);
  closeSync(descriptor);
  throw errno === ENOSPC ? tmpfsFull(path, bytes) : systemCallFailed("posix_fallocate", errno, path);
}

function openOrCreate(path: string): { descriptor: number; created: boolean } {
  const flags = constants.O_RDWR | constants.O_NOFOLLOW;
  try {
    return { descriptor: openSync(path, flags | constants.O_CREAT | constants.O_EXCL, 0o600), created: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw openFailed(path, error);
  }
  try {
    return { descriptor: openSync(path, flags), created: false };
  } catch (error) {
    throw openFailed(path, error);
  }
}

function openFailed(path: string, error: unknown): PortyardError {
  return systemCallFailed("open", Math.abs((error as NodeJS.ErrnoException).errno ?? 0), path);
}

function reserve(descriptor: number, bytes: number): number {
  let errno = EINTR;
  while (errno === EINTR) errno = libc().posixFallocate(descriptor, 0, bytes);
  return errno;
}

function tmpfsFull(path: string, bytes: number): PortyardError {
  return new PortyardError("tmpfs-full", `There is no room for the tables: ${path} needs ${bytes} bytes.`, {
    path,
    value: bytes,
    remedy: "Free space there, make the tmpfs larger (`mount -o remount,size=…`), or lower `tables` in the configuration.",
  });
}

/** Takes the lock on one byte of the file. It is held until the descriptor, with all its copies, is closed.
 *  @returns false when another opening of the file holds it. */
export function claimLife(descriptor: number, byte: number): boolean {
  if (libc().fcntl(descriptor, F_OFD_SETLK, flock(byte)) === 0) return true;
  const errno = lastErrno();
  if (errno === EAGAIN) return false;
  throw systemCallFailed("fcntl(F_OFD_SETLK)", errno);
}

/** Gives back the lock on one byte. A close does not while the file is still mapped. */
export function releaseLife(descriptor: number, byte: number): void {
  check(libc().fcntl(descriptor, F_OFD_SETLK, flock(byte, F_UNLCK)), "fcntl(F_OFD_SETLK)");
}

/** True when somebody holds the lock on that byte through another opening of the file than this descriptor's. */
export function isAlive(descriptor: number, byte: number): boolean {
  const lock = flock(byte);
  check(libc().fcntl(descriptor, F_OFD_GETLK, lock), "fcntl(F_OFD_GETLK)");
  return new DataView(lock.buffer).getInt16(0, true) !== F_UNLCK;
}

/** struct flock: type i16, whence i16, (pad), start i64, length i64, pid i32 (0 for this kind of lock). */
function flock(byte: number, type = F_WRLCK): Uint8Array {
  const view = new DataView(new ArrayBuffer(32));
  view.setInt16(0, type, true);
  view.setBigInt64(8, BigInt(byte), true);
  view.setBigInt64(16, 1n, true);
  return new Uint8Array(view.buffer);
}
