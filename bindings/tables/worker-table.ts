/** The worker table (assembly/abi/worker.ts): what each worker says of itself. */
import * as map from "../../assembly/abi/memory-map.ts";
import * as field from "../../assembly/abi/worker.ts";
import type { IoBackend, WorkerInfo } from "../engine/types.ts";
import * as flowCounts from "./flow-counts.ts";
import type { Tables } from "./tables.ts";

/** Address of a worker's record. */
export function recordOf(worker: number): number {
  return map.WORKERS + worker * map.WORKER_RECORD_BYTES;
}

const BACKENDS: Record<number, IoBackend> = {
  [field.BACKEND_URING]: "uring",
  [field.BACKEND_SYSCALL]: "syscall",
  [field.BACKEND_MEMORY]: "memory",
};
/** Descriptors that a worker opens for itself alone. */
const HELD = [field.RING_DESCRIPTOR, field.EPOLL_DESCRIPTOR];
const STATES: Record<number, WorkerInfo["state"]> = { [field.STATE_RUNNING]: "running", [field.STATE_ENDED]: "ended" };

/** By whoever starts the worker's thread, before: nobody has asked it to stop, and it holds nothing. */
export function prepare(tables: Tables, worker: number): void {
  for (const offset of [field.STOP, ...HELD]) tables.store32(recordOf(worker) + offset, 0);
}

/** By the worker: it runs, as the next incarnation, over this back end.
 *  @param tid the kernel's number of its thread, 0 when that is not watched. */
export function begin(tables: Tables, worker: number, backend: number, pid: number, tid = 0): void {
  const at = recordOf(worker);
  tables.store32(at + field.INCARNATION, incarnation(tables, worker) + 1);
  tables.store32(at + field.BACKEND, backend);
  tables.store32(at + field.PID, pid);
  tables.store32(at + field.TID, tid);
  tables.store32(at + field.SLEEPING, 0);
  tables.store32(at + field.STATE, field.STATE_RUNNING);
}

/** How manieth life of the worker this is. */
export function incarnation(tables: Tables, worker: number): number {
  return tables.load32(recordOf(worker) + field.INCARNATION);
}
/** How often it has set its time, and the thread that does it. */
export function pulse(tables: Tables, worker: number): { heartbeat: number; tid: number } {
  const at = recordOf(worker);
  return { heartbeat: tables.load32(at + field.HEARTBEAT), tid: tables.load32(at + field.TID) };
}

/** By the worker: it has opened a descriptor that nobody else knows of.
 *  @param which RING_DESCRIPTOR or EPOLL_DESCRIPTOR of abi/worker.ts. */
export function hold(tables: Tables, worker: number, which: number, descriptor: number): void {
  tables.store32(recordOf(worker) + which, descriptor + 1);
}

/** What the worker has opened and not closed, for its end or by whoever has proof of its death: the caller closes it. */
export function takeHeld(tables: Tables, worker: number): number[] {
  const held = HELD.map((offset) => tables.load32(recordOf(worker) + offset) - 1);
  for (const offset of HELD) tables.store32(recordOf(worker) + offset, 0);
  return held.filter((descriptor) => descriptor >= 0);
}

/** Slot that the worker was working on, and the port of its frame; null between two frames. */
export function frameInWork(tables: Tables, worker: number): { slot: number; port: number } | null {
  const at = recordOf(worker);
  const slot = tables.load32(at + field.SLOT_IN_WORK) - 1;
  return slot < 0 ? null : { slot, port: tables.load32(at + field.PORT_IN_WORK) };
}

/** By the worker, or by whoever has proof of its death. */
export function end(tables: Tables, worker: number): void {
  tables.store32(recordOf(worker) + field.STATE, field.STATE_ENDED);
}

/** True from `begin` to `end`. */
export function isRunning(tables: Tables, worker: number): boolean {
  return tables.load32(recordOf(worker) + field.STATE) === field.STATE_RUNNING;
}
/** The last configuration epoch that the worker has passed. */
export function epochSeen(tables: Tables, worker: number): number {
  return tables.load32(recordOf(worker) + field.EPOCH_SEEN);
}
/** What moves the worker's frames; null before its first start. */
export function backend(tables: Tables, worker: number): IoBackend | null {
  return BACKENDS[tables.load32(recordOf(worker) + field.BACKEND)] ?? null;
}
/** Asks the worker to end after its turn; whoever asks must wake it too. */
export function requestStop(tables: Tables, worker: number): void {
  tables.store32(recordOf(worker) + field.STOP, 1);
}

/** True when every running worker has passed `epoch`. */
export function havePassed(tables: Tables, epoch: number): boolean {
  for (let worker = 0; worker < tables.load32(map.HEAD_WORKER_COUNT); worker++) {
    if (isRunning(tables, worker) && ((epochSeen(tables, worker) - epoch) | 0) < 0) return false;
  }
  return true;
}

/** Everything that a worker counts, at this moment. */
export function read(tables: Tables, worker: number): WorkerInfo {
  const at = recordOf(worker);
  const count = (offset: number) => tables.count(at + offset);
  return {
    worker,
    state: STATES[tables.load32(at + field.STATE)] ?? "absent",
    io: backend(tables, worker),
    pid: tables.load32(at + field.PID),
    incarnation: incarnation(tables, worker),
    received: count(field.RECEIVED),
    originated: count(field.ORIGINATED),
    copies: count(field.COPIES),
    segments: count(field.SEGMENTS),
    sent: count(field.SENT),
    dropped: count(field.DROPPED),
    consumed: count(field.CONSUMED),
    slotsTaken: count(field.TAKEN),
    slotsReleased: count(field.RELEASED),
    turns: tables.load32(at + field.HEARTBEAT),
    learned: count(field.LEARNED),
    moved: count(field.MOVED),
    evicted: count(field.EVICTED),
    aged: count(field.AGED),
    notLearned: count(field.NOT_LEARNED),
    flooded: count(field.FLOODED),
    answered: count(field.ANSWERED),
    lost: count(field.LOST),
    flows: flowCounts.read(tables, at),
  };
}
