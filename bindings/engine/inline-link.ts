/** Isolation "inline": one worker in the calling thread, memory ports only. What a forwarder would do at its next turn is
 *  done at once. */
import { DirectWay } from "../forwarder/direct-way.ts";
import type { ForwarderLink } from "../forwarder/link.ts";
import { MemoryWorker } from "../forwarder/memory-worker.ts";
import { PortyardError } from "../error.ts";
import * as ports from "../tables/port-table.ts";
import type { EngineStore } from "./store.ts";
import type { BurstListener, PortListener } from "./types.ts";

/** Seconds of the tables have 32 bits. */
export const LATEST_MS = 2 ** 32 * 1000 - 1;

export class InlineLink implements ForwarderLink {
  readonly pid = null;
  readonly standbyPid = null;
  private store: EngineStore | null = null;
  private worker: MemoryWorker | null = null;

  /** Gives the link its memory; before `start`. */
  use(store: EngineStore): void {
    this.store = store;
  }

  async start(): Promise<void> {
    if (this.store === null) return;
    const { wasm, tables, agent } = this.store;
    this.worker = new MemoryWorker(wasm, tables, 0, 0, () => true);
    this.worker.logDrops(agent);
  }

  /** Nothing outlives this process. */
  async adopt(): Promise<[]> {
    return [];
  }

  settleIn(): void {}

  leave(): void {}

  async attach({ port }: { port: number }): Promise<void> {
    if (this.store === null) return;
    ports.attach(this.store.tables, port, 0);
    this.store.publish();
  }

  async detach(port: number): Promise<void> {
    this.worker?.listen(port, null, null);
  }

  /** Time of the last tick in milliseconds, 0 before the first. */
  nowMs = 0;

  /** Whoever listened to the port before does so no more. */
  onFrame(port: number, listener: PortListener): void {
    this.memory.listen(port, listener, null);
  }

  /** As onFrame. */
  onBurst(port: number, listener: BurstListener): void {
    this.memory.listen(port, null, listener);
  }

  /** Sets the worker's time; ageing goes on as far as it is due. @throws PortyardError `bad-argument`. */
  setTime(nowMs: number): void {
    if (!(nowMs >= this.nowMs && nowMs <= LATEST_MS)) throw badTime(nowMs, this.nowMs);
    this.nowMs = nowMs;
    this.memory.setTime(nowMs);
  }

  /** The worker takes the change at once. */
  wake(): void {
    this.worker?.applyEpoch();
  }

  /** The worker, for the ports that feed it. */
  get memory(): MemoryWorker {
    if (this.worker === null) throw new Error("the engine is not started");
    return this.worker;
  }

  /** The short way through the worker. */
  directWay(): DirectWay {
    const { wasm, tables, agent } = this.store as EngineStore;
    return new DirectWay(wasm, tables, this.memory.address, agent);
  }

  async stop(): Promise<void> {
    this.worker?.end();
  }
}

function badTime(value: number, lastMs: number): PortyardError {
  return new PortyardError("bad-argument", `The time of an engine goes from ${lastMs} to no ${value} ms.`, {
    path: "nowMs",
    value,
    remedy: `Give milliseconds from ${lastMs} to ${LATEST_MS}, of a clock that never goes back.`,
  });
}
