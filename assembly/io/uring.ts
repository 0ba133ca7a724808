/** The io_uring back end (io_uring.h of Linux; linux-io facts in docs/decisions): both rings and the submission entries lie
 *  in the worker's region, so that filling and reaping is plain loads and stores; only io_uring_enter is a system call.
 *
 *      turn:  reap completions -> process frames -> submit writes -> submit reads of ready ports -> (enter)
 *
 *  Every request is "now or never": reads RWF_NOWAIT / MSG_DONTWAIT, writes RWF_NOWAIT. So all of them have completed when
 *  enter returns, one stalled port holds nothing up, and no slot stays with the kernel. A frame is written from the slot
 *  that it was read to.
 *
 *  user_data: kind 8 (bits 56-63) | port 16 (bits 16-31) | slot 16 (bits 0-15)                                          */
import * as map from "../abi/memory-map";
import * as errno from "../abi/errno";
import * as port from "../abi/port";
import * as state from "../abi/worker-state";
import * as view from "../abi/worker-state";
import * as atomic from "../memory/atomic";
import * as desc from "../memory/descriptor";
import * as pool from "../memory/frame-pool";
import { rxCount, txCount, viewOf } from "../memory/worker";
import { processBurst } from "../pipeline";
import * as virtio from "../wire/virtio-net";
import { finished, isGone, lose, received, shiftTx, writeBytes, writeStart } from "./exchange";
import { prepareMessage, restoreFromMessage } from "./message";
import { adapt, dropReady, readyCount, readyPort } from "./ready-list";

const KIND_READ: u64 = 1 << 56;
const KIND_WRITE: u64 = 2 << 56;

const OP_RECVMSG: u8 = 10;
const OP_READ: u8 = 22;
const OP_WRITE: u8 = 23;
const RWF_NOWAIT: u32 = 8;
const MSG_DONTWAIT: u32 = 0x40;

// struct io_uring_sqe
const SQE_OPCODE = 0;
const SQE_DESCRIPTOR = 4;
const SQE_OFFSET = 8;
const SQE_ADDRESS = 16;
const SQE_BYTES = 24;
const SQE_FLAGS = 28;
const SQE_USER_DATA = 32;
const SQE_REST = 40;

// struct io_uring_cqe
const CQE_RESULT = 8;

function own(worker: usize): usize { return worker + map.WORKER_STATE; }

/** One turn; how many requests wait for io_uring_enter. `hold`: read nothing more, so that everything drains (an epoch is
 *  to be passed). */
export function turn(worker: usize, hold: bool): u32 {
  reap(worker);
  processBurst(worker);
  submitWrites(worker);
  if (!hold && rxCount(worker) == 0) submitReads(worker);
  return load<u32>(load<u32>(own(worker), state.SQ_TAIL)) - atomic.load32(load<u32>(own(worker), state.SQ_HEAD));
}

/** Entries that may be submitted now: the submission ring is not full, and every completion has its place. */
function freeEntries(worker: usize): u32 {
  const entries = load<u32>(own(worker), state.SQ_ENTRIES);
  const waiting = load<u32>(load<u32>(own(worker), state.SQ_TAIL)) - atomic.load32(load<u32>(own(worker), state.SQ_HEAD));
  return entries - waiting;
}

/** The next submission entry, empty but for its first fields. Only while freeEntries. */
function nextEntry(worker: usize): usize {
  const tail = load<u32>(load<u32>(own(worker), state.SQ_TAIL));
  return worker + map.URING_SQES + (tail & load<u32>(own(worker), state.SQ_MASK)) * map.URING_SQE_BYTES;
}

function submit(worker: usize, opcode: u8, descriptor: u32, start: usize, bytes: u32, flags: u32, userData: u64): void {
  const entry = nextEntry(worker);
  store<u64>(entry, opcode, SQE_OPCODE);
  store<u32>(entry, descriptor, SQE_DESCRIPTOR);
  store<u64>(entry, 0, SQE_OFFSET);
  store<u64>(entry, load<u64>(map.CONFIG_HOST_BASE) + start, SQE_ADDRESS);
  store<u32>(entry, bytes, SQE_BYTES);
  store<u32>(entry, flags, SQE_FLAGS);
  store<u64>(entry, userData, SQE_USER_DATA);
  store<u64>(entry, 0, SQE_REST);
  store<u64>(entry, 0, SQE_REST + 8);
  store<u64>(entry, 0, SQE_REST + 16);
  const tail = load<u32>(own(worker), state.SQ_TAIL);
  atomic.store32(tail, load<u32>(tail) + 1);
}

function submitWrites(worker: usize): void {
  for (let free = freeEntries(worker); free > 0 && txCount(worker) > 0; ) {
    const entry = shiftTx(worker);
    const descriptor: usize = load<u32>(entry);
    const to = load<u32>(entry, 4);
    const handle = load<u32>(viewOf(worker, to), view.VIEW_DESCRIPTOR);
    if (handle == 0) {
      finished(worker, descriptor, to, -errno.ENODEV);
      continue;
    }
    const data = KIND_WRITE | (<u64>to << 16) | desc.slot(descriptor);
    submit(worker, OP_WRITE, handle - 1, writeStart(worker, descriptor, to), writeBytes(worker, descriptor, to), RWF_NOWAIT, data);
    addPending(worker, state.WRITES_PENDING, 1);
    free--;
  }
}

function addPending(worker: usize, which: u32, by: u32): void {
  const pointer = own(worker) + which;
  store<u32>(pointer, load<u32>(pointer) + by);
}

/** Reads of the ready ports, each as many as its budget, in turns: the list is begun at another place every time. */
function submitReads(worker: usize): void {
  const ports = readyCount(worker);
  if (ports == 0) return;
  const first = load<u32>(own(worker), state.READY_NEXT) % ports;
  store<u32>(own(worker), first + 1, state.READY_NEXT);
  for (let i: u32 = 0; i < ports; i++) {
    const room = min<u32>(freeEntries(worker), pool.readableCount(worker));
    if (room == 0) return;
    submitPortReads(worker, readyPort(worker, (first + i) % ports), room);
  }
}

function submitPortReads(worker: usize, from: u32, room: u32): void {
  const target = viewOf(worker, from);
  if (load<u32>(target, view.VIEW_PENDING) != 0 || load<u32>(target, view.VIEW_DESCRIPTOR) == 0) return;
  const reads = min<u32>(load<u32>(target, view.VIEW_BUDGET), room);
  for (let i: u32 = 0; i < reads; i++) submitRead(worker, target, from, pool.take(worker));
  store<u32>(target, reads, view.VIEW_ASKED);
  store<u32>(target, reads, view.VIEW_PENDING);
  store<u32>(target, 0, view.VIEW_GOT);
  store<u32>(target, 0, view.VIEW_EMPTY);
  store<u32>(target, 0, view.VIEW_EDGE);
  addPending(worker, state.READS_PENDING, reads);
}

function submitRead(worker: usize, target: usize, from: u32, descriptor: usize): void {
  const slot = desc.slot(descriptor);
  const handle = load<u32>(target, view.VIEW_DESCRIPTOR) - 1;
  const data = KIND_READ | (<u64>from << 16) | slot;
  const start = pool.framePlace(worker, slot) - virtio.HEADER_BYTES;
  if ((load<u32>(target, view.VIEW_FLAGS) & port.FLAG_AUXDATA) == 0) {
    return submit(worker, OP_READ, handle, start, map.SLOT_BYTES - map.SLOT_FRAME + virtio.HEADER_BYTES, RWF_NOWAIT, data);
  }
  prepareMessage(pool.slotOf(worker, slot), start);
  submit(worker, OP_RECVMSG, handle, pool.slotOf(worker, slot), 1, MSG_DONTWAIT, data);
}

/** Takes every completion that is there. */
function reap(worker: usize): void {
  const headPointer: usize = load<u32>(own(worker), state.CQ_HEAD);
  const mask = load<u32>(own(worker), state.CQ_MASK);
  const entries: usize = load<u32>(own(worker), state.CQ_ENTRIES_POINTER);
  let head = load<u32>(headPointer);
  const tail = atomic.load32(load<u32>(own(worker), state.CQ_TAIL));
  for (; head != tail; head++) {
    const completion = entries + (head & mask) * map.URING_CQE_BYTES;
    complete(worker, load<u64>(completion), load<i32>(completion, CQE_RESULT));
  }
  atomic.store32(headPointer, head);
}

function complete(worker: usize, userData: u64, result: i32): void {
  const descriptor = pool.descriptorOf(worker, <u32>userData & 0xffff);
  const which = <u32>(userData >> 16) & 0xffff;
  if ((userData & KIND_WRITE) != 0) {
    addPending(worker, state.WRITES_PENDING, -1);
    finished(worker, descriptor, which, result);
    return;
  }
  addPending(worker, state.READS_PENDING, -1);
  completeRead(worker, viewOf(worker, which), which, descriptor, result);
}

function completeRead(worker: usize, target: usize, from: u32, descriptor: usize, result: i32): void {
  if (result >= <i32>virtio.HEADER_BYTES) {
    store<u32>(target, load<u32>(target, view.VIEW_GOT) + 1, view.VIEW_GOT);
    accept(worker, target, from, descriptor, <u32>result - virtio.HEADER_BYTES);
  } else {
    pool.release(worker, descriptor);
    store<u32>(target, 1, view.VIEW_EMPTY);
    if (result < 0 && isGone(-result)) lose(worker, from, -result);
  }
  const pending = load<u32>(target, view.VIEW_PENDING) - 1;
  store<u32>(target, pending, view.VIEW_PENDING);
  if (pending == 0 && !adapt(target)) dropReady(worker, from);
}

function accept(worker: usize, target: usize, from: u32, descriptor: usize, bytes: u32): void {
  const slot = desc.slot(descriptor);
  received(worker, descriptor, from, pool.framePlace(worker, slot), bytes);
  if ((load<u32>(target, view.VIEW_FLAGS) & port.FLAG_AUXDATA) != 0) restoreFromMessage(pool.slotOf(worker, slot), descriptor);
}
