/** Network namespaces (network_namespaces(7)) belong to threads: this one steps into another and back, without a pause in
 *  which other code could run. Devices are opened in the host's namespace and only looked at in others. */
import { closeSync, openSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { PortyardError } from "../error.ts";
import { EINVAL, EPERM, systemCallFailed } from "./errno.ts";
import { lastErrno, lazily } from "./koffi.ts";

const NAMED = "/run/netns";
const OWN = "/proc/thread-self/ns/net";
const CLONE_NEWNET = 0x40000000;

const libc = lazily((define) => ({
  setns: define<(fd: number, kind: number) => number>("int setns(int, int)"),
  unshare: define<(kind: number) => number>("int unshare(int)"),
}));

/** The path of a network namespace: an absolute path is one already, a name lies below /run/netns. */
export function namespacePath(nameOrPath: string): string {
  return isAbsolute(nameOrPath) ? nameOrPath : join(NAMED, nameOrPath);
}

/** Calls `inside` with this thread in the network namespace at `path`, and comes back whatever it does. A program that
 *  it starts stays there.
 *  @param inside must not be asynchronous: the thread is back before a promise goes on.
 *  @throws PortyardError `namespace-missing`, `no-rights`; `namespace-stuck` when there was no way back: end the process. */
export function withNamespace<Result>(path: string, inside: () => Result): Result {
  return andBack(() => enterNamespace(path), inside);
}

/** The same in a new network namespace, which goes when nothing is in it any more. */
export function withNewNamespace<Result>(inside: () => Result): Result {
  return andBack(makeNamespace, inside);
}

function andBack<Result>(enter: () => void, inside: () => Result): Result {
  const own = openSync(OWN, "r");
  try {
    enter();
    try {
      return inside();
    } finally {
      comeBack(own);
    }
  } finally {
    closeSync(own);
  }
}

function makeNamespace(): void {
  if (libc().unshare(CLONE_NEWNET) < 0) throw refused("(a new one)", lastErrno());
}

function enterNamespace(path: string): void {
  const descriptor = openNamespace(path);
  try {
    if (libc().setns(descriptor, CLONE_NEWNET) < 0) throw refused(path, lastErrno());
  } finally {
    closeSync(descriptor);
  }
}

/** Opens the namespace at `path` for reading. @throws PortyardError `namespace-missing`; `system-call-failed`. */
export function openNamespace(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    const { code, errno = 0 } = error as NodeJS.ErrnoException;
    throw code === "ENOENT" || code === "ENOTDIR" ? namespaceMissing(path, "does not exist") : systemCallFailed("open", errno, path);
  }
}

/** The error of a namespace that is not there; `why` ends the sentence "The network namespace at PATH …". */
export function namespaceMissing(path: string, why: string): PortyardError {
  return new PortyardError("namespace-missing", `The network namespace at ${path} ${why}.`, {
    path,
    value: path,
    remedy: "Make it first (`ip netns add NAME`), or start the container that it belongs to.",
  });
}

function refused(path: string, errno: number): PortyardError {
  if (errno === EINVAL) return namespaceMissing(path, "is no network namespace, or no longer one");
  if (errno !== EPERM) return systemCallFailed("setns", errno, path);
  return new PortyardError("no-rights", `This process may not enter the network namespace at ${path}.`, {
    path,
    remedy: "Run as root, or with the capability CAP_SYS_ADMIN.",
  });
}

function comeBack(own: number): void {
  if (libc().setns(own, CLONE_NEWNET) >= 0) return;
  throw new PortyardError("namespace-stuck", "This thread cannot return to its own network namespace.", {
    path: OWN,
    value: lastErrno(),
    remedy: "End this process: what it does next would happen in the wrong namespace.",
  });
}
