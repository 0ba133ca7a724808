/** Between the pipeline and whatever moves frames: a received frame gets its descriptor here, a finished write gives its
 *  slot back here and is counted as sent or as a drop with the reason that the kernel's answer means. */
import * as map from "../abi/memory-map";
import * as reason from "../abi/drop-reason";
import * as state from "../abi/worker-state";
import * as view from "../abi/worker-state";
import * as port from "../abi/port";
import * as desc from "../memory/descriptor";
import * as pool from "../memory/frame-pool";
import { pushRx, txEntry, viewOf } from "../memory/worker";
import * as counter from "../tables/counter";
import * as ethernet from "../wire/ethernet";
import * as vlan from "../wire/vlan";
import * as virtio from "../wire/virtio-net";
import * as errno from "../abi/errno";
import { pushTag } from "../path/5-egress/tag";

/** Queues a frame of `bytes` bytes at `frame` in the slot of `descriptor` for the pipeline. Its virtio-net header lies in
 *  the 10 bytes below. */
export function received(worker: usize, descriptor: usize, from: u32, frame: usize, bytes: u32): void {
  describe(descriptor, from, frame, bytes);
  pushRx(worker, descriptor);
}

/** Says where the frame lies and from where it came. */
// @ts-ignore: decorator
@inline
export function describe(descriptor: usize, from: u32, frame: usize, bytes: u32): void {
  desc.setFrame(descriptor, frame);
  desc.setBytes(descriptor, bytes);
  desc.setPort(descriptor, from);
}

/** Puts back the tag that a packet socket took out of the frame (PACKET_AUXDATA). A frame without a whole Ethernet header
 *  stays as it is. */
export function restoreTag(descriptor: usize, tpid: u32, tci: u32): void {
  desc.setL3(descriptor, 0);
  desc.setL4(descriptor, 0);
  if (desc.bytes(descriptor) >= ethernet.HEADER_BYTES) pushTag(descriptor, vlan.isTag(tpid) ? tpid : ethernet.ETHER_TYPE_VLAN, tci);
}

/** A write of `bytes` bytes (with or without virtio-net header) ended with `result`: bytes written, or -errno. */
export function finished(worker: usize, descriptor: usize, to: u32, result: i32): void {
  if (result >= 0) counter.sent(worker, to, desc.bytes(descriptor));
  else counter.dropped(worker, to, reasonOf(-result));
  pool.release(worker, descriptor);
}

/** What the kernel's refusal of a write means. */
function reasonOf(error: i32): u32 {
  if (error == errno.EAGAIN || error == errno.ENOBUFS || error == errno.ENOMEM) return reason.PORT_FULL;
  if (error == errno.EIO || error == errno.ENETDOWN) return reason.PORT_DOWN;
  return isGone(error) ? reason.PORT_GONE : reason.PORT_REFUSED;
}

/** Errors that say that the device behind a descriptor is gone for good. */
export function isGone(error: i32): bool {
  return error == errno.EBADFD || error == errno.ENODEV || error == errno.ENXIO || error == errno.EBADF;
}

/** The port's device is no longer there: it is neither read nor written from now on. Its agent reads the errno. */
export function lose(worker: usize, lost: u32, error: i32): void {
  const own = viewOf(worker, lost);
  store<u32>(own, 0, view.VIEW_DESCRIPTOR);
  store<u32>(own, error, view.VIEW_ERRNO);
  const counted = worker + map.WORKER_STATE;
  store<u32>(counted, load<u32>(counted, state.LOST) + 1, state.LOST);
}

/** First byte of what is written to `to` of this frame, and how many bytes: with the virtio-net header where the port wants it. */
export function writeStart(worker: usize, descriptor: usize, to: u32): usize {
  return desc.frame(descriptor) - headerBytes(worker, to);
}
/** How many bytes from writeStart on. */
export function writeBytes(worker: usize, descriptor: usize, to: u32): u32 {
  return desc.bytes(descriptor) + headerBytes(worker, to);
}
function headerBytes(worker: usize, to: u32): u32 {
  return (load<u32>(viewOf(worker, to), view.VIEW_FLAGS) & port.FLAG_VNET) != 0 ? virtio.HEADER_BYTES : 0;
}

/** Takes the oldest entry off the queue of writes; only when txCount is not 0. */
export function shiftTx(worker: usize): usize {
  const head = load<u32>(worker + map.WORKER_STATE, state.TX_HEAD);
  store<u32>(worker + map.WORKER_STATE, head + 1, state.TX_HEAD);
  return txEntry(worker, head);
}
