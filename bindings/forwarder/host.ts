/** The workers of a forwarder, wherever that runs: in a process of its own or in the embedding program. Starts a thread
 *  for each, tells them of descriptors through the tables, ends them. A worker that dies is begun anew in its thread
 *  (worker-thread.ts); a thread that hangs or ends unasked is replaced here, and the others do not notice. */
import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import * as record from "../../assembly/abi/worker.ts";
import { signalEventfd } from "../native/epoll.ts";
import { threadCpuMs } from "../native/process.ts";
import * as ports from "../tables/port-table.ts";
import { Tables } from "../tables/tables.ts";
import * as workers from "../tables/worker-table.ts";
import { loadModule } from "../wasm/module.ts";
import type { Death, Obituary } from "./burial.ts";
import { HANG_MS, Heartbeat, LOOK_MS } from "./heartbeat.ts";
import { closeHeld } from "./held.ts";
import type { LinkListener } from "./link.ts";
import type { ForwarderSettings, ThreadSettings, WorkerOrder } from "./settings.ts";
import { startThread } from "./thread.ts";
import type { ThreadNews } from "./worker-thread.ts";

/** How long a worker may take to end when it is asked to. */
const END_MS = 2000;
/** When the processor is no longer wanted by the worker that begins. */
const SPARE_AFTER_MS = 200;

export interface HostListener extends Pick<LinkListener, "log"> {
  /** A worker is dead and has no successor. */
  failed(error: Error): void;
}

/** The thread of a worker that runs. */
interface Running {
  index: number;
  thread: Worker;
  heartbeat: Heartbeat;
  /** Why its thread was ended; null: it was not. */
  death: Death | null;
}

const HANG: Death = { kind: record.DEATH_HANG, reason: `no heartbeat in ${HANG_MS} ms of processor time` };

export class ForwarderHost {
  private readonly settings: ForwarderSettings;
  private readonly memory: WebAssembly.Memory;
  private readonly tables: Tables;
  private eventfds: number[] = [];
  /** Threads that were started before there was work for them. */
  private readonly waiting: Worker[] = [];
  /** What this forwarder holds, by port: the record in the tables may be gone before the descriptor is. */
  private readonly descriptors = new Map<number, number>();
  private readonly threads = new Set<Worker>();
  private readonly running = new Set<Running>();
  private readonly listener: HostListener;
  private watch: NodeJS.Timeout | undefined;
  private isStopping = false;

  /** @param memory whose tables are formatted or mapped before \`start\`. */
  constructor(settings: ForwarderSettings, memory: WebAssembly.Memory, listener: HostListener) {
    this.settings = settings;
    this.memory = memory;
    this.tables = new Tables(memory);
    this.listener = listener;
  }

  /** Starts the threads, and lets them load what they need; resolves when they wait for their work. @throws Error of one that could not. */
  async prepare(): Promise<void> {
    const { workers: count } = this.settings.layout;
    for (let index = 0; index < count; index++) this.waiting.push(this.startThread());
    await Promise.all(this.waiting.map((thread) => once(thread, "message")));
  }

  /** Keeps one thread waiting, which takes the place of one that hangs or ends. */
  private keepSpare(): void {
    if (this.isStopping || this.waiting.length > 0) return;
    const thread = this.startThread();
    this.waiting.push(thread);
    const forget = () => {
      if (this.waiting.includes(thread)) this.waiting.splice(this.waiting.indexOf(thread), 1);
    };
    thread.once("error", forget).once("exit", forget);
  }

  private startThread(): Worker {
    const data = { ...this.settings, memory: this.memory, module: loadModule(this.settings.build) } satisfies ThreadSettings;
    return startThread("worker-thread", data);
  }

  /** Starts all workers; resolves when they run.
   *  @param eventfds one for each worker.
   *  @throws Error of the one that could not start; then none is left. */
  async start(eventfds: number[]): Promise<void> {
    this.eventfds = eventfds;
    this.isStopping = false;
    const starts = this.eventfds.map((_, index) => this.startWorker(index, null));
    try {
      await Promise.all(starts);
    } catch (error) {
      await Promise.allSettled(starts);
      await this.stop();
      throw error;
    }
    this.watch = setInterval(() => this.lookForHangs(), LOOK_MS).unref();
  }

  /** Resolves when worker `index` runs.
   *  @param death of its predecessor in this process. */
  private startWorker(index: number, death: Death | null): Promise<void> {
    workers.prepare(this.tables, index);
    const thread = this.waiting.pop() ?? this.startThread();
    setTimeout(() => this.keepSpare(), SPARE_AFTER_MS).unref();
    thread.postMessage({ index, eventfd: this.eventfds[index] as number, death } satisfies WorkerOrder);
    const running: Running = { index, thread, heartbeat: new Heartbeat(), death: null };
    this.threads.add(thread);
    return new Promise((resolve, reject) => {
      let failure: Error | null = null;
      thread.on("message", (news: ThreadNews) => {
        if (news.kind === "waiting") return;
        const { obituary } = news;
        this.running.add(running);
        if (obituary !== null) this.report(obituary);
        resolve();
      });
      thread.once("error", (error: Error) => {
        failure = error;
      });
      thread.once("exit", (status) => {
        this.threads.delete(thread);
        closeHeld(this.tables, index);
        const reason = failure ?? new Error(`its thread ended with status ${status}`);
        if (this.running.delete(running)) this.ended(index, running.death ?? { kind: record.DEATH_EXIT, reason: reason.message });
        else reject(reason);
      });
    });
  }

  /** The thread of a worker that ran has ended: asked or not. */
  private ended(index: number, death: Death): void {
    if (this.isStopping) return workers.end(this.tables, index);
    this.startWorker(index, death).catch((error: Error) => {
      workers.end(this.tables, index);
      if (!this.isStopping) this.listener.failed(error);
    });
  }

  /** A thread in an endless loop hears nothing: it is ended where it is. */
  private lookForHangs(): void {
    for (const running of this.running) {
      const { heartbeat, tid } = workers.pulse(this.tables, running.index);
      if (running.death !== null || !running.heartbeat.look(heartbeat, threadCpuMs(tid))) continue;
      running.death = HANG;
      void running.thread.terminate();
    }
  }

  /** Of a worker that has a successor. */
  private report({ worker, reason, port, file, problem, shut }: Obituary): void {
    const nameOf = (index: number | null) => (index === null ? null : ports.name(this.tables, index));
    this.listener.log("error", "a worker died and was started again", { worker, reason, port: nameOf(port), file, problem });
    if (shut === null) return;
    this.listener.log("error", "a port is shut: its frames kill its worker", { worker, port: nameOf(shut) });
    this.wake();
  }

  /** A port's descriptor is there. */
  attach(port: number, descriptor: number): void {
    this.descriptors.set(port, descriptor);
    ports.attach(this.tables, port, descriptor);
    this.publish();
  }

  /** Forgets a port's descriptor and returns it, for its owner to close; -1 when there is none. Only after the grace period. */
  detach(port: number): number {
    const descriptor = this.descriptors.get(port) ?? -1;
    this.descriptors.delete(port);
    return descriptor;
  }

  /** Everything that a new agent needs: the eventfd of each worker, and what is held for each port. */
  held(): { eventfds: number[]; descriptors: ReadonlyMap<number, number> } {
    return { eventfds: this.eventfds, descriptors: this.descriptors };
  }

  /** Ends a change of the tables: next epoch, and the workers are woken. Returns the epoch. */
  publish(): number {
    const epoch = this.tables.raiseEpoch();
    this.wake();
    return epoch;
  }

  wake(): void {
    for (const eventfd of this.eventfds) signalEventfd(eventfd);
  }

  /** Asks all workers to stop and waits until their threads have ended; one that does not hear is ended where it is. */
  async stop(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.watch);
    const spares = this.waiting.splice(0).map((thread) => thread.terminate());
    const exits = [...this.threads].map((thread) => once(thread, "exit"));
    for (let index = 0; index < this.eventfds.length; index++) workers.requestStop(this.tables, index);
    this.wake();
    const timer = setTimeout(() => this.threads.forEach((thread) => void thread.terminate()), END_MS);
    await Promise.all([...exits, ...spares]);
    clearTimeout(timer);
  }
}
