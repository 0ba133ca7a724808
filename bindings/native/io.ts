/** Reading and writing of descriptors at raw addresses: what the syscall back end does for each frame where io_uring is
 *  forbidden. Addresses are host address + pointer, as numbers (user space ends below 2^47). Results are those of
 *  io_uring: a count of bytes, or the negative errno. */
import { check, orNegativeErrno } from "./errno.ts";
import { lazily } from "./koffi.ts";

const libc = lazily((define) => ({
  read: define<(fd: number, address: number, bytes: number) => number>("int read(int, int64, int)"),
  write: define<(fd: number, address: number, bytes: number) => number>("int write(int, int64, int)"),
  recvmsg: define<(fd: number, header: number, flags: number) => number>("int recvmsg(int, int64, int)"),
  close: define<(fd: number) => number>("int close(int)"),
}));

/** Reads at most `bytes` (below 2^31) to `address`; returns bytes, or -errno. */
export function read(descriptor: number, address: number, bytes: number): number {
  return orNegativeErrno(libc().read(descriptor, address, bytes));
}

/** Writes `bytes` from `address`; returns bytes, or -errno. */
export function write(descriptor: number, address: number, bytes: number): number {
  return orNegativeErrno(libc().write(descriptor, address, bytes));
}

/** Receives by the `struct msghdr` at `headerAddress`; returns bytes, or -errno. The kernel writes the length of the control
 *  data back into the header: set it anew before the next call. */
export function recvmsg(descriptor: number, headerAddress: number, flags: number): number {
  return orNegativeErrno(libc().recvmsg(descriptor, headerAddress, flags));
}

/** Closes a descriptor. @throws PortyardError `system-call-failed`. */
export function closeDescriptor(descriptor: number): void {
  check(libc().close(descriptor), "close");
}
