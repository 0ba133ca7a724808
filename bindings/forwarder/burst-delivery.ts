/** Frames that leave memory ports, handed over several at once: to each port that takes bursts those of the oldest writes that are its, to the
 *  others theirs one by one. Their slots are free when all of them have been given. */
import * as field from "../../assembly/abi/descriptor.ts";
import { EAGAIN } from "../../assembly/abi/errno.ts";
import { TX_ENTRIES } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as state from "../../assembly/abi/worker-state.ts";
import type { Tables } from "../tables/tables.ts";
import type { EngineExports } from "../wasm/module.ts";
import type { Outlet, Outlets } from "./outlets.ts";

/** Writes that are handed over together at most: of the slots of those that wait, so many are free again before the next. */
const MAX_BURST = 64;

export class BurstDelivery {
  readonly #wasm: EngineExports;
  readonly #words: Uint32Array;
  readonly #buffer: ArrayBufferLike;
  readonly #worker: number;
  readonly #outlets: Outlets;
  /** Ports with a burst of the oldest writes; and the places among these of the frames that were refused. */
  readonly #gathered: Outlet[] = [];
  readonly #refused = new Set<number>();
  /** The last view of a frame in each slot, which serves again where the next one is as long: a view costs more than a frame's way. */
  readonly #views: Uint8Array[] = [];

  constructor(wasm: EngineExports, tables: Tables, worker: number, outlets: Outlets) {
    this.#wasm = wasm;
    this.#words = new Uint32Array(tables.memory.buffer);
    this.#buffer = tables.memory.buffer;
    this.#worker = worker;
    this.#outlets = outlets;
  }

  /** Hands over the oldest writes. */
  handOver(): void {
    const count = Math.min(this.#wasm.waitingWrites(this.#worker), MAX_BURST);
    const head = this.#word(this.#worker + map.WORKER_STATE + state.TX_HEAD);
    for (let place = 0; place < count; place++) this.#gather(head + place, place);
    for (const outlet of this.#gathered) this.#outlets.giveGathered(outlet, this.#refuse);
    if (this.#refused.size === 0) this.#wasm.finishWrites(this.#worker, count);
    else for (let place = 0; place < count; place++) this.#finish(!this.#refused.has(place));
    this.#gathered.length = 0;
    this.#refused.clear();
  }

  readonly #refuse = (place: number): void => void this.#refused.add(place);

  /** Where a burst has begun to be gathered the frames that follow wait behind it, whoever listens by now. */
  #gather(position: number, place: number): void {
    const entry = this.#worker + map.TX + (position & (TX_ENTRIES - 1)) * map.TX_ENTRY_BYTES;
    const to = this.#word(entry + 4);
    const view = this.#view(this.#word(entry), to);
    const outlet = this.#outlets.of(to);
    if (outlet === undefined || (outlet.onBurst === null && outlet.frames.length === 0)) {
      if (!this.#outlets.give(outlet, to, view)) this.#refused.add(place);
      return;
    }
    if (outlet.frames.length === 0) this.#gathered.push(outlet);
    outlet.frames.push(view);
    outlet.places.push(place);
  }

  #view(descriptor: number, to: number): Uint8Array {
    const start = this.#wasm.writeStart(this.#worker, descriptor, to);
    const bytes = this.#word(descriptor + field.FRAME) + this.#word(descriptor + field.BYTES) - start;
    const slot = this.#word(descriptor + field.SLOT);
    const last = this.#views[slot];
    if (last !== undefined && last.byteOffset === start && last.length === bytes) return last;
    const view = new Uint8Array(this.#buffer, start, bytes);
    this.#views[slot] = view;
    return view;
  }

  #finish(isTaken: boolean): void {
    const entry = this.#wasm.shiftWrite(this.#worker);
    const descriptor = this.#word(entry);
    this.#wasm.finished(this.#worker, descriptor, this.#word(entry + 4), isTaken ? this.#word(descriptor + field.BYTES) : -EAGAIN);
  }

  #word(pointer: number): number {
    return this.#words[pointer >>> 2] as number;
  }
}
