/** What is asked of an interface by its name in the calling thread's network namespace, without starting a program. */

import { check, EINVAL, ENODEV, errnoNumber, systemCallFailed } from "./errno.ts";
import { closeDescriptor } from "./io.ts";
import { lastErrno, lazily } from "./koffi.ts";
import { addressOf } from "./memory.ts";

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 2 | 0x80000;
const SIOCETHTOOL = 0x8946;
const ETHTOOL_GFLAGS = 0x25;
const ETHTOOL_SFLAGS = 0x26;
const ETH_FLAG_LRO = 1 << 15;
const NAME_BYTES = 16;
const REQUEST_BYTES = 40;
// struct sockaddr_ll: family u16, protocol u16, index i32, ...
const SOCKADDR_LL_BYTES = 20;
const SOCKADDR_LL_INDEX = 4;

const libc = lazily((define) => ({
  nameToIndex: define<(name: string) => number>("uint if_nametoindex(const char *)"),
  indexToName: define<(index: number, name: Uint8Array) => bigint>("uint64 if_indextoname(uint, void *)"),
  getsockname: define<(fd: number, address: Uint8Array, bytes: Uint32Array) => number>("int getsockname(int, void *, void *)"),
  socket: define<(family: number, type: number, protocol: number) => number>("int socket(int, int, int)"),
  ioctl: define<(fd: number, request: number, argument: Uint8Array) => number>("int ioctl(int, ulong, void *)"),
}));

/** The kernel's index of an interface, 1 or more, or null when there is none of that name. */
export function interfaceIndex(name: string): number | null {
  const index = libc().nameToIndex(name);
  return index === 0 ? null : index;
}

/** The interface that a packet socket is bound to; null when it is gone. */
export function boundInterface(descriptor: number): string | null {
  const address = new DataView(new ArrayBuffer(SOCKADDR_LL_BYTES));
  check(libc().getsockname(descriptor, new Uint8Array(address.buffer), Uint32Array.of(SOCKADDR_LL_BYTES)), "getsockname");
  const name = new Uint8Array(NAME_BYTES);
  const index = address.getUint32(SOCKADDR_LL_INDEX, true);
  return libc().indexToName(index, name) === 0n ? null : Buffer.from(name.subarray(0, name.indexOf(0))).toString();
}

/** Switches large receive offload, whose merged frames cannot be forwarded.
 *  @returns what it was before; false where the device has none. */
export function setLargeReceiveOffload(name: string, on: boolean): boolean {
  const socket = check(libc().socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0), "socket(AF_INET)");
  try {
    const flags = ethtool(socket, name, ETHTOOL_GFLAGS, 0);
    const before = (flags & ETH_FLAG_LRO) !== 0;
    if (before !== on) ethtool(socket, name, ETHTOOL_SFLAGS, flags ^ ETH_FLAG_LRO);
    return before;
  } finally {
    closeDescriptor(socket);
  }
}

/** struct ethtool_value: command u32, data u32, whose address stands behind the name in struct ifreq. Returns the data;
 *  0 where the device knows no such command. */
function ethtool(socket: number, name: string, command: number, data: number): number {
  const value = Uint32Array.of(command, data);
  const request = new Uint8Array(REQUEST_BYTES);
  request.set(Buffer.from(name).subarray(0, NAME_BYTES - 1));
  new DataView(request.buffer).setBigUint64(NAME_BYTES, addressOf(value.buffer), true);
  if (libc().ioctl(socket, SIOCETHTOOL, request) >= 0) return value[1] as number;
  const errno = lastErrno();
  if (errno === errnoNumber("EOPNOTSUPP") || errno === EINVAL) return 0;
  throw systemCallFailed(errno === ENODEV ? "ioctl(SIOCETHTOOL)" : `ioctl(SIOCETHTOOL, ${command})`, errno, name);
}
