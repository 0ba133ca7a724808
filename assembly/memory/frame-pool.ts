/** The frame slots of a worker: a stack of free ones, last in first out, so that idle slots stay cold. A slot is held by
 *  references: one while it is processed, one for each write that is queued or that the kernel has. Taken = released +
 *  in flight at any time. Private to the worker; limits: WORKER_SLOTS, and SLOT_RESERVE below which nothing is read. */
import * as map from "../abi/memory-map";
import * as record from "../abi/worker";
import * as state from "../abi/worker-state";
import { SLOT_RESERVE, WORKER_SLOTS } from "../abi/limits";
import { CHECKS } from "./checks";
import * as desc from "./descriptor";
import { count } from "./worker";

export function freeCount(worker: usize): u32 { return load<u32>(worker + map.WORKER_STATE, state.FREE_COUNT); }

/** Slots that may be given to reads: those beyond the reserve that processing needs for copies and segments. */
export function readableCount(worker: usize): u32 {
  const free = freeCount(worker);
  return free > <u32>SLOT_RESERVE ? free - SLOT_RESERVE : 0;
}

export function descriptorOf(worker: usize, slot: u32): usize { return worker + map.DESCRIPTORS + slot * map.DESCRIPTOR_BYTES; }

/** First address of a slot: the message header of recvmsg. */
export function slotOf(worker: usize, slot: u32): usize { return worker + map.SLOTS + slot * map.SLOT_BYTES; }

/** Where a frame is read to: the virtio-net header lies right below it. */
export function framePlace(worker: usize, slot: u32): usize { return slotOf(worker, slot) + map.SLOT_FRAME; }

/** Takes a slot with one reference; its descriptor, or 0 when none is free. */
export function take(worker: usize): usize {
  const free = freeCount(worker);
  if (free == 0) return 0;
  store<u32>(worker + map.WORKER_STATE, free - 1, state.FREE_COUNT);
  const descriptor = descriptorOf(worker, load<u32>(worker + map.FREE_SLOTS + (free - 1) * 4));
  desc.setReferences(descriptor, 1);
  count(worker, record.TAKEN, 1);
  return descriptor;
}

export function hold(descriptor: usize): void { desc.setReferences(descriptor, desc.references(descriptor) + 1); }

/** Gives back one reference; the slot is free when the last one is. */
export function release(worker: usize, descriptor: usize): void {
  const left = desc.references(descriptor) - 1;
  desc.setReferences(descriptor, left);
  if (left != 0) return;
  const free = freeCount(worker);
  if (CHECKS) assert(free < <u32>WORKER_SLOTS, "a slot was released twice");
  store<u32>(worker + map.FREE_SLOTS + free * 4, desc.slot(descriptor));
  store<u32>(worker + map.WORKER_STATE, free + 1, state.FREE_COUNT);
  count(worker, record.RELEASED, 1);
}
