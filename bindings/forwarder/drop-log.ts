/** The drops of a worker that is run by calls, one by one, as its log has them (assembly/abi/worker-state.ts). The log is a long one: whoever
 *  takes what is new after each frame misses none. */
import { LONG_DROP_LOG_ENTRIES } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as state from "../../assembly/abi/worker-state.ts";
import type { Tables } from "../tables/tables.ts";

/** Learns of a frame, or a copy or segment of one, that ends: `reason` is one of abi/drop-reason.ts, `port` the one at fault. */
export type DropListener = (port: number, reason: number) => void;

export class DropLog {
  readonly #words: Uint32Array;
  /** Of the worker's state, in words. */
  readonly #state: number;
  /** Its first entry, in words. */
  readonly #log: number;
  /** Drops that were told. */
  #seen: number;

  /** Gives `worker` the long log that lies in the region `agent` of its thread's agent. */
  constructor(tables: Tables, worker: number, agent: number) {
    this.#words = new Uint32Array(tables.memory.buffer);
    this.#state = (worker + map.WORKER_STATE) >>> 2;
    this.#log = (agent + map.AGENT_DROP_LOG) >>> 2;
    tables.store32(worker + map.WORKER_STATE + state.DROP_LOG_POINTER, agent + map.AGENT_DROP_LOG);
    tables.store32(worker + map.WORKER_STATE + state.DROP_LOG_MASK, LONG_DROP_LOG_ENTRIES - 1);
    this.#seen = this.#drops();
  }

  /** What was dropped so far is told to nobody more, also where `take` is about to. */
  skip(): void {
    this.#seen = this.#drops();
  }

  /** Tells of what was dropped since the last call, of one frame at most, in its order. */
  take(listener: DropListener): void {
    while (this.#seen !== this.#drops()) {
      const entry = this.#words[this.#log + (this.#seen & (LONG_DROP_LOG_ENTRIES - 1))] as number;
      this.#seen = (this.#seen + 1) >>> 0;
      listener(entry >>> 16, entry & 0xffff);
    }
  }

  #drops(): number {
    return this.#words[this.#state + (state.DROPS >>> 2)] as number;
  }
}
