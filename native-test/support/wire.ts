/** Frames at a descriptor, by raw addresses as the forwarder's back ends use them: a Wasm memory to read into and write
 *  from, and an epoll to wait on, so that no test sleeps.
 *
 *  0 frame with its virtio-net header (64 KiB and more) | 128 KiB: events | then msghdr, iovec, control data */
import { addToEpoll, createEpoll, EPOLLIN, removeFromEpoll, waitForEvents } from "../../bindings/native/epoll.ts";
import { EAGAIN, EINVAL, errnoName } from "../../bindings/native/errno.ts";
import { closeDescriptor, read, recvmsg, write } from "../../bindings/native/io.ts";
import { hostAddress } from "../../bindings/native/memory.ts";
import { scale } from "../../test/scale.ts";

export const VNET_HEADER_BYTES = 10;
const FRAME_BYTES = 131072;
const EVENTS = FRAME_BYTES;
const MESSAGE = EVENTS + 4096;
const IOVEC = MESSAGE + 56;
const CONTROL = IOVEC + 16;
const CONTROL_BYTES = 48;
const SOL_PACKET = 263;
const PACKET_AUXDATA = 8;
const TP_STATUS_VLAN_VALID = 0x10;
const EMSGSIZE = 90;

const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
const base = Number(hostAddress(memory));
const bytes = new Uint8Array(memory.buffer);
const view = new DataView(memory.buffer);

/** Waits until one of the descriptors is readable and returns it. @throws Error when none is within the patience of tests. */
export function waitReadable(...descriptors: number[]): number {
  const epoll = createEpoll();
  try {
    for (const descriptor of descriptors) addToEpoll(epoll, descriptor, EPOLLIN, BigInt(descriptor));
    if (waitForEvents(epoll, base + EVENTS, 1, scale.nativePatienceMilliseconds) !== 1) throw new Error("no frame came");
    return view.getUint32(EVENTS + 4, true);
  } finally {
    for (const descriptor of descriptors) removeFromEpoll(epoll, descriptor);
    closeDescriptor(epoll);
  }
}

/** The next frame behind its virtio-net header, or null when there is none now. @throws Error on any other errno. */
export function readFrame(descriptor: number): Uint8Array | null {
  const result = read(descriptor, base, FRAME_BYTES);
  if (result === -EAGAIN) return null;
  if (result < 0) throw new Error(`read failed: ${errnoName(result)}`);
  return bytes.slice(0, result);
}

/** Writes a frame behind its virtio-net header. @throws Error on any errno. */
export function writeFrame(descriptor: number, frame: Uint8Array): void {
  const result = writeOnce(descriptor, frame);
  if (result !== frame.length) throw writeFailed(frame, result);
}

/** As `writeFrame`; false when the kernel refuses the frame at the door: too long for the interface, or no whole header. */
export function offerFrame(descriptor: number, frame: Uint8Array): boolean {
  const result = writeOnce(descriptor, frame);
  if (result === -EMSGSIZE || result === -EINVAL) return false;
  if (result !== frame.length) throw writeFailed(frame, result);
  return true;
}

function writeOnce(descriptor: number, frame: Uint8Array): number {
  bytes.set(frame);
  return write(descriptor, base, frame.length);
}

function writeFailed(frame: Uint8Array, result: number): Error {
  const head = Buffer.from(frame.subarray(0, VNET_HEADER_BYTES + 14)).toString("hex");
  return new Error(`write of ${frame.length} bytes (${head}...) ${result < 0 ? `failed: ${errnoName(result)}` : `took ${result}`}`);
}

/** A frame of a packet socket and the VLAN tag that the kernel took out of it (TCI, null for none, and TPID); or null. */
export function receiveFrame(descriptor: number): { frame: Uint8Array; vlan: number | null; tpid: number } | null {
  writeMessageHeader();
  const result = recvmsg(descriptor, base + MESSAGE, 0);
  if (result === -EAGAIN) return null;
  if (result < 0) throw new Error(errnoName(result));
  return { frame: bytes.slice(0, result), vlan: vlanOf(), tpid: view.getUint16(CONTROL + 34, true) };
}

/** A frame to everybody, of a type for experiments (88b5), its payload `mark`, behind an empty virtio-net header.
 *  @param lengthBytes without that header.
 *  @param tag a VLAN tag's 4 bytes. */
export function makeFrame(lengthBytes: number, mark: number, tag: readonly number[] = []): Uint8Array {
  const frame = new Uint8Array(VNET_HEADER_BYTES + lengthBytes).fill(mark, VNET_HEADER_BYTES + 14 + tag.length);
  frame.fill(0xff, VNET_HEADER_BYTES, VNET_HEADER_BYTES + 6);
  frame.set([2, 0, 0, 0, 0, 1, ...tag, 0x88, 0xb5], VNET_HEADER_BYTES + 6);
  return frame;
}

function writeMessageHeader(): void {
  bytes.fill(0, MESSAGE, CONTROL + CONTROL_BYTES);
  view.setBigUint64(MESSAGE + 16, BigInt(base + IOVEC), true);
  view.setBigUint64(MESSAGE + 24, 1n, true);
  view.setBigUint64(MESSAGE + 32, BigInt(base + CONTROL), true);
  view.setBigUint64(MESSAGE + 40, BigInt(CONTROL_BYTES), true);
  view.setBigUint64(IOVEC, BigInt(base), true);
  view.setBigUint64(IOVEC + 8, BigInt(FRAME_BYTES), true);
}

/** struct tpacket_auxdata behind a 16-byte head: status u32, lengths and offsets 12 bytes, TCI u16, TPID u16. */
function vlanOf(): number | null {
  const isAuxdata = view.getUint32(CONTROL + 8, true) === SOL_PACKET && view.getUint32(CONTROL + 12, true) === PACKET_AUXDATA;
  if (!isAuxdata || (view.getUint32(CONTROL + 16, true) & TP_STATUS_VLAN_VALID) === 0) return null;
  return view.getUint16(CONTROL + 32, true);
}
