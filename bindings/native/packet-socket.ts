/** Packet sockets (packet(7)): every frame of an interface, ours to read and to write, behind the same 10-byte virtio-net
 *  header as a TAP's. A VLAN tag is taken out of the frame into ancillary data, so reads are recvmsg with room for
 *  PACKET_AUXDATA. The kernel's own stack sees the frames too. */
import { release } from "node:os";
import { PortyardError } from "../error.ts";
import { check, EPERM, systemCallFailed } from "./errno.ts";
import { closeDescriptor } from "./io.ts";
import { lastErrno, lazily } from "./koffi.ts";

const AF_PACKET = 17;
const SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0x800 | 0x80000;
const ETH_P_ALL = 3;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SOL_PACKET = 263;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_AUXDATA = 8;
const PACKET_VNET_HDR = 15;
const PACKET_QDISC_BYPASS = 20;
const PACKET_IGNORE_OUTGOING = 23;
const PACKET_MR_PROMISC = 1;

/** The default keeps 4 of 100 frames of 60 kB; the kernel books twice this. */
const RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024;

const libc = lazily((define) => ({
  socket: define<(family: number, type: number, protocol: number) => number>("int socket(int, int, int)"),
  setsockopt: define<(fd: number, level: number, option: number, value: Uint8Array, bytes: number) => number>(
    "int setsockopt(int, int, int, void *, uint)",
  ),
  bind: define<(fd: number, address: Uint8Array, bytes: number) => number>("int bind(int, void *, uint)"),
}));

export interface PacketSocket {
  /** Non-blocking; closes at exec, and with it the promiscuous mode that it holds. */
  descriptor: number;
  /** Takes UDP super-frames (Linux 6.2); partial checksums and TCP super-frames it always takes. */
  uso: boolean;
}

/** Opens a packet socket on the interface with that index in the calling thread's network namespace.
 *  @throws PortyardError `no-rights`; `system-call-failed` (ENODEV: no such interface; ENETDOWN comes with the first read). */
export function openPacketSocket(interfaceIndex: number): PacketSocket {
  const descriptor = openSocket();
  try {
    setOption(descriptor, PACKET_VNET_HDR, "PACKET_VNET_HDR");
    setOption(descriptor, PACKET_IGNORE_OUTGOING, "PACKET_IGNORE_OUTGOING");
    setOption(descriptor, PACKET_AUXDATA, "PACKET_AUXDATA");
    setOption(descriptor, PACKET_QDISC_BYPASS, "PACKET_QDISC_BYPASS");
    raiseReceiveBuffer(descriptor);
    bindTo(descriptor, interfaceIndex);
    joinPromiscuously(descriptor, interfaceIndex);
    return { descriptor, uso: kernelIsAtLeast(6, 2) };
  } catch (error) {
    closeDescriptor(descriptor);
    throw error;
  }
}

/** True when the running kernel is of that version or newer. */
export function kernelIsAtLeast(major: number, minor: number): boolean {
  const [runningMajor = 0, runningMinor = 0] = release()
    .split(".")
    .map((part) => Number.parseInt(part, 10));
  return runningMajor > major || (runningMajor === major && runningMinor >= minor);
}

/** Protocol 0: it hears nothing before it is bound. */
function openSocket(): number {
  const descriptor = libc().socket(AF_PACKET, SOCK_RAW_NONBLOCK_CLOEXEC, 0);
  if (descriptor >= 0) return descriptor;
  const errno = lastErrno();
  if (errno !== EPERM) throw systemCallFailed("socket(AF_PACKET)", errno);
  throw new PortyardError("no-rights", "This process may not open packet sockets.", {
    path: "socket(AF_PACKET)",
    remedy: "Run as root, or with the capabilities CAP_NET_RAW and CAP_NET_ADMIN.",
  });
}

function setOption(descriptor: number, option: number, name: string): void {
  check(libc().setsockopt(descriptor, SOL_PACKET, option, int32(1), 4), `setsockopt(${name})`);
}

function raiseReceiveBuffer(descriptor: number): void {
  const bytes = int32(RECEIVE_BUFFER_BYTES);
  if (libc().setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, bytes, 4) >= 0) return;
  check(libc().setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, bytes, 4), "setsockopt(SO_RCVBUF)");
}

/** struct sockaddr_ll: family u16, protocol u16 (big endian), index i32, then what only senders without a header need. */
function bindTo(descriptor: number, interfaceIndex: number): void {
  const address = new DataView(new ArrayBuffer(20));
  address.setUint16(0, AF_PACKET, true);
  address.setUint16(2, ETH_P_ALL, false);
  address.setInt32(4, interfaceIndex, true);
  check(libc().bind(descriptor, new Uint8Array(address.buffer), 20), "bind(AF_PACKET)", `interface ${interfaceIndex}`);
}

/** struct packet_mreq: index i32, type u16, address length u16, address. */
function joinPromiscuously(descriptor: number, interfaceIndex: number): void {
  const request = new DataView(new ArrayBuffer(16));
  request.setInt32(0, interfaceIndex, true);
  request.setUint16(4, PACKET_MR_PROMISC, true);
  check(
    libc().setsockopt(descriptor, SOL_PACKET, PACKET_ADD_MEMBERSHIP, new Uint8Array(request.buffer), 16),
    "setsockopt(PACKET_ADD_MEMBERSHIP)",
  );
}

function int32(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}
