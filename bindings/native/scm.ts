/** Messages with descriptors between two processes (unix(7), SCM_RIGHTS): how the forwarder, which may open nothing, gets
 *  its devices. A SOCK_SEQPACKET socket keeps messages apart and is reliable; the path is 0600 from its first moment on.
 *
 *  All calls block: accept and receive belong into a thread of their own, which `shutdownSocket` ends from any other. */
import { PortyardError } from "../error.ts";
import { check, ECONNRESET, EINTR, EINVAL, systemCallFailed } from "./errno.ts";
import { closeDescriptor } from "./io.ts";
import { lastErrno, lazily } from "./koffi.ts";
import { decodeMessage, descriptorsOf, encodeMessage, MAX_DESCRIPTORS, type MessageBlock } from "./scm-message.ts";

export { MAX_DESCRIPTORS } from "./scm-message.ts";

const AF_UNIX = 1;
const SOCK_SEQPACKET_CLOEXEC = 5 | 0x80000;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SHUT_RDWR = 2;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;
const MSG_CTRUNC = 8;
const MSG_TRUNC = 0x20;
const MAX_PATH_BYTES = 107;
const BACKLOG = 8;

const libc = lazily((define) => ({
  socket: define<(family: number, type: number, protocol: number) => number>("int socket(int, int, int)"),
  fchmod: define<(fd: number, mode: number) => number>("int fchmod(int, uint)"),
  bind: define<(fd: number, address: Uint8Array, bytes: number) => number>("int bind(int, void *, uint)"),
  connect: define<(fd: number, address: Uint8Array, bytes: number) => number>("int connect(int, void *, uint)"),
  listen: define<(fd: number, backlog: number) => number>("int listen(int, int)"),
  accept: define<(fd: number, address: null, bytes: null, flags: number) => number>("int accept4(int, void *, void *, int)"),
  shutdown: define<(fd: number, how: number) => number>("int shutdown(int, int)"),
  sendmsg: define<(fd: number, header: bigint, flags: number) => number>("int sendmsg(int, int64, int)"),
  recvmsg: define<(fd: number, header: bigint, flags: number) => number>("int recvmsg(int, int64, int)"),
  getsockopt: define<(fd: number, level: number, option: number, value: Uint8Array, bytes: Uint32Array) => number>(
    "int getsockopt(int, int, int, void *, void *)",
  ),
}));

/** Listens at `path`, which must not exist.
 *  @param mode permissions of the socket's file.
 *  @throws PortyardError `path-too-long`; `system-call-failed` (EADDRINUSE: the file exists). */
export function listen(path: string, mode = 0o600): number {
  const descriptor = openSocket();
  try {
    const address = socketAddress(path);
    // before bind: there is then no moment at which the file has other permissions
    check(libc().fchmod(descriptor, mode), "fchmod", path);
    check(libc().bind(descriptor, address, address.length), "bind", path);
    check(libc().listen(descriptor, BACKLOG), "listen", path);
    return descriptor;
  } catch (error) {
    closeDescriptor(descriptor);
    throw error;
  }
}

/** Waits for the next connection; null after `shutdownSocket(listener)`. */
export function accept(listener: number): number | null {
  for (;;) {
    const descriptor = libc().accept(listener, null, null, 0x80000);
    if (descriptor >= 0) return descriptor;
    const errno = lastErrno();
    if (errno === EINVAL) return null;
    if (errno !== EINTR) throw systemCallFailed("accept4", errno);
  }
}

/** Connects to a listener. @throws PortyardError `path-too-long`; `system-call-failed` (ECONNREFUSED, ENOENT: nobody listens). */
export function connect(path: string): number {
  const descriptor = openSocket();
  try {
    const address = socketAddress(path);
    check(libc().connect(descriptor, address, address.length), "connect", path);
    return descriptor;
  } catch (error) {
    closeDescriptor(descriptor);
    throw error;
  }
}

/** Sends one message; the descriptors stay open here.
 *  @param payload 1 byte to about 200 KiB (an empty message would read as the end).
 *  @throws PortyardError `message-invalid`; `system-call-failed` (EPIPE: the other side is gone). */
export function sendWithDescriptors(socket: number, payload: Uint8Array, descriptors: readonly number[]): void {
  if (payload.length === 0 || descriptors.length > MAX_DESCRIPTORS) {
    throw new PortyardError("message-invalid", `A message has 1 byte or more and at most ${MAX_DESCRIPTORS} descriptors.`, {
      value: { bytes: payload.length, descriptors: descriptors.length },
      remedy: "Send the descriptors in several messages.",
    });
  }
  const message = encodeMessage(payload, descriptors);
  while (libc().sendmsg(socket, message.address, MSG_NOSIGNAL) < 0) {
    const errno = lastErrno();
    if (errno !== EINTR) throw systemCallFailed("sendmsg", errno);
  }
}

export interface Message {
  payload: Uint8Array;
  descriptors: number[];
}

/** Waits for the next message; null when the other side has closed, or after `shutdownSocket`. The descriptors close at exec.
 *  @throws PortyardError `message-truncated` when it was larger than `maxBytes` (its descriptors are closed); `system-call-failed`. */
export function receive(socket: number, maxBytes: number): Message | null {
  const message = decodeMessage(maxBytes);
  const bytes = receiveBytes(socket, message);
  if (bytes === 0) return null;
  const descriptors = descriptorsOf(message);
  if ((message.flags() & (MSG_TRUNC | MSG_CTRUNC)) === 0) return { payload: message.payload.slice(0, bytes), descriptors };
  descriptors.forEach(closeDescriptor);
  throw new PortyardError(
    "message-truncated",
    `A message was larger than ${maxBytes} bytes, or its descriptors exceed the limit of open files.`,
    {
      value: bytes,
      remedy: "Raise `ulimit -n`.",
    },
  );
}

/** Bytes received, 0 at the end. */
function receiveBytes(socket: number, message: MessageBlock): number {
  for (;;) {
    const bytes = libc().recvmsg(socket, message.address, MSG_CMSG_CLOEXEC);
    if (bytes >= 0) return bytes;
    const errno = lastErrno();
    if (errno === ECONNRESET) return 0;
    if (errno !== EINTR) throw systemCallFailed("recvmsg", errno);
  }
}

/** Ends a socket in both directions: a thread that waits in `accept` or `receive` returns null. It is still to be closed. */
export function shutdownSocket(socket: number): void {
  libc().shutdown(socket, SHUT_RDWR);
}

export interface PeerCredentials {
  pid: number;
  uid: number;
  gid: number;
}

/** Who was at the other end when the connection was made. */
export function peerCredentials(socket: number): PeerCredentials {
  const value = new DataView(new ArrayBuffer(12));
  check(libc().getsockopt(socket, SOL_SOCKET, SO_PEERCRED, new Uint8Array(value.buffer), Uint32Array.of(12)), "getsockopt(SO_PEERCRED)");
  return { pid: value.getInt32(0, true), uid: value.getUint32(4, true), gid: value.getUint32(8, true) };
}

function openSocket(): number {
  return check(libc().socket(AF_UNIX, SOCK_SEQPACKET_CLOEXEC, 0), "socket(AF_UNIX)");
}

/** struct sockaddr_un: family u16, path with its final 0. */
function socketAddress(path: string): Uint8Array {
  const bytes = Buffer.from(path);
  if (bytes.length > MAX_PATH_BYTES) {
    throw new PortyardError("path-too-long", `The path of a socket has at most ${MAX_PATH_BYTES} bytes.`, { path, value: bytes.length });
  }
  const address = new Uint8Array(2 + bytes.length + 1);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(bytes, 2);
  return address;
}
