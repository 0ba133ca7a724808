/** The workers of a forwarder, wherever that runs: in a process of its own or in the embedding program. Starts a thread
 *  for each, tells them of descriptors through the tables, ends them. */
import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import * as map from "../../assembly/abi/memory-map.ts";
import { signalEventfd } from "../native/epoll.ts";
import * as ports from "../tables/port-table.ts";
import { Tables } from "../tables/tables.ts";
import * as workers from "../tables/worker-table.ts";
import { loadModule } from "../wasm/module.ts";
import type { ForwarderSettings, WorkerSettings } from "./settings.ts";
import { startThread } from "./thread.ts";

/** How long a worker may take to end when it is asked to. */
const END_MS = 2000;

export class ForwarderHost {
  private readonly settings: ForwarderSettings;
  private readonly memory: WebAssembly.Memory;
  private readonly tables: Tables;
  private readonly eventfds: number[];
  /** What this forwarder holds, by port: the record in the tables may be gone before the descriptor is. */
  private readonly descriptors = new Map<number, number>();
  private readonly threads = new Set<Worker>();
  private readonly onFailure: (error: Error) => void;

  /** @param memory whose tables are formatted or mapped.
   *  @param eventfds one for each worker.
   *  @param onFailure called when a worker that ran ends by an error. */
  constructor(settings: ForwarderSettings, memory: WebAssembly.Memory, eventfds: number[], onFailure: (error: Error) => void) {
    this.settings = settings;
    this.memory = memory;
    this.tables = new Tables(memory);
    this.eventfds = eventfds;
    this.onFailure = onFailure;
  }

  /** Starts all workers; resolves when they run. @throws Error of the one that could not start; then none is left. */
  async start(): Promise<void> {
    const module = loadModule(this.settings.build);
    const starts = this.eventfds.map((eventfd, index) =>
      this.startWorker({ ...this.settings, memory: this.memory, module, index, eventfd }),
    );
    try {
      await Promise.all(starts);
    } catch (error) {
      await Promise.allSettled(starts);
      await this.stop();
      throw error;
    }
  }

  private startWorker(settings: WorkerSettings): Promise<void> {
    const thread = startThread("worker-thread", settings);
    this.threads.add(thread);
    thread.once("exit", () => this.threads.delete(thread));
    return new Promise((resolve, reject) => {
      let isRunning = false;
      thread.once("message", () => {
        isRunning = true;
        resolve();
      });
      thread.once("error", (error: Error) => {
        workers.end(this.tables, settings.index);
        if (isRunning) this.onFailure(error);
        else reject(error);
      });
    });
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
    const exits = [...this.threads].map((thread) => once(thread, "exit"));
    for (let index = 0; index < this.tables.load32(map.HEAD_WORKER_COUNT); index++) workers.requestStop(this.tables, index);
    this.wake();
    const timer = setTimeout(() => this.threads.forEach((thread) => void thread.terminate()), END_MS);
    await Promise.all(exits);
    clearTimeout(timer);
  }
}
