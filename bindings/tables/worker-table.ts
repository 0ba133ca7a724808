/** The worker table (assembly/abi/worker.ts): what each worker says of itself. */
import * as map from "../../assembly/abi/memory-map.ts";
import * as field from "../../assembly/abi/worker.ts";
import type { IoBackend, WorkerInfo } from "../engine/types.ts";
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
const STATES: Record<number, WorkerInfo["state"]> = { [field.STATE_RUNNING]: "running", [field.STATE_ENDED]: "ended" };

/** By the worker: it runs, as the next incarnation, over this back end. */
export function begin(tables: Tables, worker: number, backend: number, pid: number): void {
  const at = recordOf(worker);
  tables.store32(at + field.INCARNATION, tables.load32(at + field.INCARNATION) + 1);
  tables.store32(at + field.BACKEND, backend);
  tables.store32(at + field.PID, pid);
  tables.store32(at + field.STOP, 0);
  tables.store32(at + field.SLEEPING, 0);
  tables.store32(at + field.STATE, field.STATE_RUNNING);
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
    incarnation: tables.load32(at + field.INCARNATION),
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
  };
}
