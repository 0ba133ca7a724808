/** TAP devices: an interface of the kernel whose other end is this descriptor. Every frame is behind a 10-byte virtio-net
 *  header; with offloads on it may be a super-frame of up to 64 KiB whose checksum is still partial, worth 4-5 times the
 *  TCP throughput (linux/if_tun.h, virtio 1.2 section 5.1.6).
 *
 *  Opened in the network namespace of the calling thread, and to be opened in the host's: a TAP that was opened inside a
 *  container's namespace keeps that namespace alive for ever. A second opening of an attached device is EBUSY. */
import { closeSync, constants, openSync } from "node:fs";
import { PortyardError } from "../error.ts";
import { check, EBADFD, EINVAL, EPERM, failedWith, systemCallFailed } from "./errno.ts";
import { interfaceIndex } from "./interface.ts";
import { lastErrno, lazily } from "./koffi.ts";

const TUN_DEVICE = "/dev/net/tun";
const TUNSETIFF = 0x400454ca;
const TUNSETPERSIST = 0x400454cb;
const TUNSETOFFLOAD = 0x400454d0;
const TUNGETIFF = 0x800454d2;
const TUNSETVNETHDRSZ = 0x400454d8;
const TUNGETDEVNETNS = 0x54e3;
const IFF_TAP = 0x2;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
const TUN_F_CSUM = 1;
const TUN_F_TSO4 = 2;
const TUN_F_TSO6 = 4;
const TUN_F_TSO_ECN = 8;
const TUN_F_USO4 = 0x20;
const TUN_F_USO6 = 0x40;
const OFFLOAD_TCP = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
const OFFLOAD_ALL = OFFLOAD_TCP | TUN_F_USO4 | TUN_F_USO6;
const IFREQ_BYTES = 40;
const IFREQ_FLAGS = 16;
const VNET_HEADER_BYTES = 10;

/** Characters of an interface's name at most. */
export const MAX_INTERFACE_NAME = 15;

const libc = lazily((define) => ({
  ioctlPointer: define<(fd: number, request: number, argument: Uint8Array) => number>("int ioctl(int, ulong, void *)"),
  ioctlValue: define<(fd: number, request: number, argument: number) => number>("int ioctl(int, ulong, long)"),
}));

export interface Tap {
  /** Non-blocking; closes at exec. */
  descriptor: number;
  name: string;
  /** What the kernel may hand over, and takes: partial checksums, TCP super-frames, UDP super-frames (Linux 6.2). */
  checksum: boolean;
  tso: boolean;
  uso: boolean;
}

/** Makes the TAP `name`, or attaches to one that is there without an owner.
 *  @param name 1-15 characters.
 *  @param options.offload take super-frames and partial checksums.
 *  @throws PortyardError `tun-missing`, `no-rights`, `interface-name-invalid`; `system-call-failed` (EBUSY: it has an owner). */
export function openTap(name: string, options: { offload: boolean }): Tap {
  const request = interfaceRequest(name, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
  const descriptor = openTun();
  try {
    attach(descriptor, request, name);
    const size = new Uint8Array(Int32Array.of(VNET_HEADER_BYTES).buffer);
    check(libc().ioctlPointer(descriptor, TUNSETVNETHDRSZ, size), "ioctl(TUNSETVNETHDRSZ)", name);
    return { descriptor, name, ...setOffload(descriptor, name, options.offload) };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Whether the TAP `name` of the calling thread's namespace has an owner; an interface that is no TAP of ours counts as held. */
export function isTapHeld(name: string): boolean {
  if (interfaceIndex(name) === null) return false;
  try {
    closeSync(openTap(name, { offload: true }).descriptor);
    return false;
  } catch (error) {
    if (failedWith(error, "EBUSY", "EINVAL")) return true;
    throw error;
  }
}

/** Keeps the device (true) when its last descriptor closes, or lets it go with it (false, as it begins). */
export function setPersistent(descriptor: number, persistent: boolean): void {
  check(libc().ioctlValue(descriptor, TUNSETPERSIST, persistent ? 1 : 0), "ioctl(TUNSETPERSIST)");
}

/** Where the device is now, wherever it was moved and whatever its namespace is called; null when it is gone with that,
 *  and on kernels before 5.8, which do not tell.
 *  @returns its name there, and a descriptor of the namespace that the caller closes. */
export function locateTap(descriptor: number): { name: string; namespace: number } | null {
  const request = new Uint8Array(IFREQ_BYTES);
  if (libc().ioctlPointer(descriptor, TUNGETIFF, request) < 0) return nullWhenUnknown("ioctl(TUNGETIFF)");
  const namespace = libc().ioctlValue(descriptor, TUNGETDEVNETNS, 0);
  if (namespace < 0) return nullWhenUnknown("ioctl(TUNGETDEVNETNS)");
  return { name: Buffer.from(request.subarray(0, request.indexOf(0))).toString(), namespace };
}

function nullWhenUnknown(call: string): null {
  const errno = lastErrno();
  if (errno === EBADFD || errno === EINVAL) return null;
  throw systemCallFailed(call, errno);
}

function attach(descriptor: number, request: Uint8Array, name: string): void {
  if (libc().ioctlPointer(descriptor, TUNSETIFF, request) >= 0) return;
  const errno = lastErrno();
  throw errno === EPERM ? noRights("ioctl(TUNSETIFF)", name) : systemCallFailed("ioctl(TUNSETIFF)", errno, name);
}

function setOffload(descriptor: number, name: string, offload: boolean): { checksum: boolean; tso: boolean; uso: boolean } {
  if (!offload) {
    check(libc().ioctlValue(descriptor, TUNSETOFFLOAD, 0), "ioctl(TUNSETOFFLOAD)", name);
    return { checksum: false, tso: false, uso: false };
  }
  if (libc().ioctlValue(descriptor, TUNSETOFFLOAD, OFFLOAD_ALL) >= 0) return { checksum: true, tso: true, uso: true };
  if (lastErrno() !== EINVAL) throw systemCallFailed("ioctl(TUNSETOFFLOAD)", lastErrno(), name);
  check(libc().ioctlValue(descriptor, TUNSETOFFLOAD, OFFLOAD_TCP), "ioctl(TUNSETOFFLOAD)", name);
  return { checksum: true, tso: true, uso: false };
}

function openTun(): number {
  try {
    return openSync(TUN_DEVICE, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (error) {
    const { code = "", errno = 0 } = error as NodeJS.ErrnoException;
    if (code === "EACCES" || code === "EPERM") throw noRights("open", TUN_DEVICE);
    if (code !== "ENOENT" && code !== "ENODEV" && code !== "ENXIO") throw systemCallFailed("open", errno, TUN_DEVICE);
    throw new PortyardError("tun-missing", `${TUN_DEVICE} cannot be opened: the kernel's tun module is not there (${code}).`, {
      path: TUN_DEVICE,
      value: code,
      remedy: "Load it (`modprobe tun`); in a container pass `--device /dev/net/tun`; or use a `packet` port.",
    });
  }
}

function noRights(call: string, path: string): PortyardError {
  return new PortyardError("no-rights", `This process may not make network devices: ${call} was refused.`, {
    path,
    remedy: "Run as root, or with the capabilities CAP_NET_ADMIN and CAP_SYS_ADMIN.",
  });
}

/** struct ifreq: name (16 bytes with its final 0), flags u16. */
function interfaceRequest(name: string, flags: number): Uint8Array {
  const bytes = Buffer.from(name);
  if (bytes.length === 0 || bytes.length > MAX_INTERFACE_NAME) {
    throw new PortyardError("interface-name-invalid", `An interface's name has 1 to ${MAX_INTERFACE_NAME} bytes.`, { value: name });
  }
  const request = new Uint8Array(IFREQ_BYTES);
  request.set(bytes);
  new DataView(request.buffer).setUint16(IFREQ_FLAGS, flags, true);
  return request;
}
