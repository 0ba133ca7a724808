/** Blocking IPv4 sockets, as a program in a container would use them, straight through the system calls: Node's own
 *  sockets go through its event loop and cost a tenth of the rate that is to be measured, raw ICMP they lack altogether.
 *  Used only in the containers' processes, which have nothing else to wait for.
 *  Every call throws PortyardError: `system-call-failed`, `peer-silent` after the limit of limitWaits. */
import { PortyardError } from "../../../bindings/error.ts";
import { EAGAIN, errnoNumber, systemCallFailed } from "../../../bindings/native/errno.ts";
import { lastErrno } from "../../../bindings/native/koffi.ts";
import { libc } from "../libc.ts";

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_RAW = 3;
const IPPROTO_ICMP = 1;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const ADDRESS_BYTES = 16;
/** Of a connect whose time limit came first. */
const EINPROGRESS = errnoNumber("EINPROGRESS");

/** @returns a descriptor of a TCP socket. */
export const tcpSocket = (): number => checked("socket", libc().socket(AF_INET, SOCK_STREAM, 0));

/** @returns a descriptor of a raw ICMP socket; needs CAP_NET_RAW in this namespace. */
export const icmpSocket = (): number => checked("socket", libc().socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));

/** Every later call on `socket` gives up after `milliseconds`. */
export function limitWaits(socket: number, milliseconds: number): void {
  const interval = Buffer.alloc(16);
  interval.writeBigInt64LE(BigInt(Math.trunc(milliseconds / 1000)), 0);
  interval.writeBigInt64LE(BigInt(Math.trunc(milliseconds % 1000) * 1000), 8);
  checked("setsockopt", libc().setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, interval, interval.length));
  checked("setsockopt", libc().setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, interval, interval.length));
}

/** Binds to every address and listens. @returns the port that the kernel chose. */
export function listenAnywhere(socket: number): number {
  const address = socketAddress("0.0.0.0", 0);
  checked("bind", libc().bind(socket, address, ADDRESS_BYTES));
  checked("listen", libc().listen(socket, 1));
  checked("getsockname", libc().getsockname(socket, address, Buffer.from(Uint32Array.of(ADDRESS_BYTES).buffer)));
  return address.readUInt16BE(2);
}

export const accept = (socket: number): number => checked("accept", libc().accept(socket, null, null));

/** Connects a TCP socket. @param address IPv4, dotted. */
export function connect(socket: number, address: string, port: number): void {
  checked("connect", libc().connect(socket, socketAddress(address, port), ADDRESS_BYTES), `${address}:${port}`);
}

/** @returns bytes taken by the kernel: all of them, unless the time limit came first. */
export const send = (socket: number, bytes: Uint8Array): number => checked("send", libc().send(socket, bytes, bytes.length, MSG_NOSIGNAL));

/** Sends one packet to an IPv4 address. */
export function sendTo(socket: number, bytes: Uint8Array, address: string): void {
  checked("sendto", libc().sendto(socket, bytes, bytes.length, 0, socketAddress(address, 0), ADDRESS_BYTES), address);
}

/** @returns bytes received, 0 at the stream's end. */
export const receive = (socket: number, bytes: Uint8Array): number => checked("recv", libc().recv(socket, bytes, bytes.length, 0));

/** @returns bytes received, or -1 when nothing came (now, or within the time limit when `wait`). */
export const receiveAny = (socket: number, bytes: Uint8Array, wait: boolean): number =>
  libc().recv(socket, bytes, bytes.length, wait ? 0 : MSG_DONTWAIT);

/** Closes; what was sent still arrives. */
export function close(socket: number): void {
  libc().close(socket);
}

function checked(call: string, result: number, target?: string): number {
  if (result >= 0) return result;
  const errno = lastErrno();
  if (errno !== EAGAIN && errno !== EINPROGRESS) throw systemCallFailed(call, errno, target);
  throw new PortyardError("peer-silent", `${call}: nothing came${target === undefined ? "" : ` from ${target}`} within the time limit.`);
}

function socketAddress(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(ADDRESS_BYTES);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(address.split(".").map(Number), 4);
  return bytes;
}
