/** The kernel's error numbers and their names, as Linux has them on x64, arm64 and riscv64 (asm-generic). Node's own table
 *  lacks some that matter here, EBADFD (a TAP whose network namespace went) among them.
 *
 *  Calls on the hot path return a negative number, as io_uring does; all others throw `system-call-failed`. */
import { PortyardError } from "../error.ts";
import { lastErrno } from "./koffi.ts";

/** Names by number, from 1 on; empty where the number is not in use. */
const NAMES = (
  "EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST EXDEV ENODEV " +
  "ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG " +
  "ENOLCK ENOSYS ENOTEMPTY ELOOP - ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH ENOCSI EL2HLT EBADE EBADR EXFULL " +
  "ENOANO EBADRQC EBADSLT - EBFONT ENOSTR ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP " +
  "EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS " +
  "ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT " +
  "EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN " +
  "ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM " +
  "EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED EOWNERDEAD ENOTRECOVERABLE " +
  "ERFKILL EHWPOISON"
).split(" ");
const NUMBERS = new Map(NAMES.map((name, index) => [name, index + 1]));

export const EPERM = 1;
export const ENOENT = 2;
export const EINTR = 4;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EBUSY = 16;
export const ENODEV = 19;
export const EINVAL = 22;
export const ENOSPC = 28;
export const ENOSYS = 38;
export const EBADFD = 77;
export const ENETDOWN = 100;
export const ECONNRESET = 104;

/** Name of an error number, either sign: 19 and -19 are "ENODEV". A number that is not in use is "E" and its digits. */
export function errnoName(errno: number): string {
  const number = Math.abs(errno);
  const name = NAMES[number - 1];
  return name === undefined || name === "-" ? `E${number}` : name;
}

/** Number of an error name ("ENODEV" is 19), or null when Linux has no such name. */
export function errnoNumber(name: string): number | null {
  return (name === "-" ? undefined : NUMBERS.get(name)) ?? null;
}

/** The error of a call that failed; its `value` is the errno's name.
 *  @param call the call as a person would write it, `ioctl(TUNSETIFF)`.
 *  @param errno either sign.
 *  @param path the file, device or option that it was about. */
export function systemCallFailed(call: string, errno: number, path?: string): PortyardError {
  const about = path === undefined ? "" : ` for ${path}`;
  const fields = { value: errnoName(errno), ...(path === undefined ? {} : { path }) };
  return new PortyardError("system-call-failed", `${call} failed${about}: ${errnoName(errno)}.`, fields);
}

/** Passes a libc result through.
 *  @throws PortyardError `system-call-failed` when it is negative. */
export function check(result: number, call: string, path?: string): number {
  if (result < 0) throw systemCallFailed(call, lastErrno(), path);
  return result;
}

/** A libc result as io_uring would give it: itself, or the negative errno. */
export function orNegativeErrno(result: number): number {
  return result < 0 ? -lastErrno() : result;
}

/** True when `error` is a failed call with one of these errno names. */
export function failedWith(error: unknown, ...names: string[]): boolean {
  return error instanceof PortyardError && error.code === "system-call-failed" && names.includes(String(error.value));
}
