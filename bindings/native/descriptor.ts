/** A second descriptor of what a descriptor refers to (fcntl(2), F_DUPFD_CLOEXEC): whoever closes one of them leaves the other. */
import { check } from "./errno.ts";
import { lazily } from "./koffi.ts";

const F_DUPFD_CLOEXEC = 1030;
/** Those below are the standard streams. */
const FIRST = 3;

const libc = lazily((define) => ({
  fcntl: define<(fd: number, command: number, least: number) => number>("int fcntl(int, int, int)"),
}));

/** A new descriptor, 3 or greater, that programs which this process starts do not get.
 *  @throws PortyardError `system-call-failed` (EBADF, EMFILE), `koffi-missing`. */
export function duplicate(descriptor: number): number {
  return check(libc().fcntl(descriptor, F_DUPFD_CLOEXEC, FIRST), "fcntl(F_DUPFD_CLOEXEC)", String(descriptor));
}
