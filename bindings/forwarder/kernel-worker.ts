/** A worker over kernel ports: the loop around the Wasm instance. It knows no message, and learns of every change from the
 *  tables.
 *
 *      time and ageing -> (new epoch: hold until drained, make the views anew) -> read, process, write -> poll or wait   */
import * as event from "../../assembly/abi/event.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as field from "../../assembly/abi/port.ts";
import * as record from "../../assembly/abi/worker.ts";
import * as state from "../../assembly/abi/worker-state.ts";
import { hostAddress } from "../native/memory.ts";
import { threadId } from "../native/process.ts";
import * as ports from "../tables/port-table.ts";
import { Tables } from "../tables/tables.ts";
import * as workers from "../tables/worker-table.ts";
import { type EngineExports, instantiateEngine } from "../wasm/module.ts";
import { bury, type Death, type Obituary } from "./burial.ts";
import { monotonicMs } from "./clock.ts";
import { closeHeld } from "./held.ts";
import type { WorkerSettings } from "./settings.ts";
import { SyscallIo } from "./syscall-io.ts";
import { UringIo } from "./uring-io.ts";
import { applyEpoch } from "./views.ts";
import { Waiter } from "./waiter.ts";

/** What moves the frames of a worker. */
export interface WorkerIo {
  /** Reads, processes, writes; false when nothing is left to do. `hold`: finish what is under way, read nothing more. */
  step(hold: boolean): boolean;
}

/** A busy worker looks for newly ready ports once in so many turns. */
const POLL_TURNS = 2;
/** Turns in which everything that was read has been written; a port that takes nothing drops it. */
const DRAIN_TURNS = 100;

export class KernelWorker {
  /** Of the incarnation before, when that died in this process. */
  readonly obituary: Obituary | null;
  private readonly settings: WorkerSettings;
  private readonly tables: Tables;
  private readonly wasm: EngineExports;
  private readonly worker: number;
  private readonly io: WorkerIo;
  private readonly waiter: Waiter;
  private lost = 0;

  /** Formats the region and reports the worker running; in the thread that will run it.
   *  @param death of its predecessor in this region, which is buried before; null for the first.
   *  @throws PortyardError `uring-unavailable`, `worker-failed`. */
  constructor(settings: WorkerSettings, death: Death | null) {
    this.settings = settings;
    this.tables = new Tables(settings.memory);
    this.wasm = instantiateEngine(settings.module, settings.memory);
    this.obituary = death === null ? null : bury(settings, this.tables, this.wasm, death);
    this.worker = this.wasm.formatWorker(settings.index, settings.index);
    const hostBase = hostAddress(settings.memory);
    const Io = settings.io === "uring" ? UringIo : SyscallIo;
    this.io = new Io(this.wasm, this.tables, this.worker, hostBase, settings.index);
    const events = Number(hostBase) + this.worker + map.EPOLL_EVENTS;
    this.waiter = new Waiter(this.wasm, this.tables, this.worker, settings.index, events, settings.eventfd, settings.spinMicroseconds);
    const backend = settings.io === "uring" ? record.BACKEND_URING : record.BACKEND_SYSCALL;
    workers.begin(this.tables, settings.index, backend, process.pid, threadId());
    if (this.obituary !== null) this.announce(this.obituary);
  }

  /** Runs until somebody asks it to stop. @throws Error of which this incarnation died; what it held is closed then, and
   *  another may take its place. */
  run(): void {
    try {
      this.loop();
    } finally {
      closeHeld(this.tables, this.settings.index);
    }
    workers.end(this.tables, this.settings.index);
  }

  /** Events for whoever owns the engine. */
  private announce({ port, kind, fileNumber, shut }: Obituary): void {
    this.wasm.setTime(this.worker, monotonicMs());
    this.wasm.emitWorkerDown(this.worker, port === null ? 0 : port + 1, kind, fileNumber ?? 0);
    if (shut !== null) this.wasm.emitEvent(this.worker, event.PORT_SHUT, shut, field.SHUT_POISON);
    this.wasm.emitEvent(this.worker, event.WORKER_UP, 0, workers.incarnation(this.tables, this.settings.index));
  }

  private loop(): void {
    const stop = workers.recordOf(this.settings.index) + record.STOP;
    for (let turn = 0; this.tables.load32(stop) === 0; turn++) {
      this.wasm.setTime(this.worker, monotonicMs());
      const hold = this.wasm.isEpochNew(this.worker);
      const isBusy = this.io.step(hold);
      if (this.tables.load32(this.worker + map.WORKER_STATE + state.LOST) !== this.lost) this.reportLost();
      if (hold) this.passEpochIfDrained();
      else if (!isBusy) this.waiter.wait();
      else if (turn % POLL_TURNS === 0) this.waiter.poll();
    }
    this.drain();
  }

  /** What was read before the end still goes its way. */
  private drain(): void {
    for (let turn = 0; turn < DRAIN_TURNS && !this.wasm.isDrained(this.worker); turn++) this.io.step(true);
  }

  private passEpochIfDrained(): void {
    if (!this.wasm.isDrained(this.worker)) return;
    applyEpoch(this.wasm, this.tables, this.worker, this.settings.index, (port, descriptor, before) =>
      this.change(port, descriptor, before),
    );
  }

  private change(port: number, descriptor: number, before: number): number {
    if (before >= 0) this.waiter.remove(before);
    if (descriptor < 0) return 0;
    const errno = this.waiter.add(port, descriptor);
    if (errno === 0) this.wasm.markReady(this.worker, port);
    return errno;
  }

  /** Tells the agent of ports whose device went away. */
  private reportLost(): void {
    this.lost = this.tables.load32(this.worker + map.WORKER_STATE + state.LOST);
    for (let port = 0; port < ports.end(this.tables); port++) {
      const errno = this.wasm.lostErrno(this.worker, port);
      if (errno === 0 || ports.actual(this.tables, port) === field.GONE) continue;
      const descriptor = ports.attachedDescriptor(this.tables, port);
      if (descriptor >= 0) this.waiter.remove(descriptor);
      ports.setActual(this.tables, port, field.GONE, errno);
      this.wasm.emitEvent(this.worker, event.PORT_GONE, port, errno);
    }
  }
}
