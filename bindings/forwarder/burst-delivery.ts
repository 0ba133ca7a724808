/** Frames that leave memory ports, handed over several at once: to each port that takes bursts those of the oldest writes that are its, to the
 *  others theirs one by one. Their slots are free when all of them have been given. */
import * as field from "../../assembly/abi/descriptor.ts";
import { EAGAIN } from "../../assembly/abi/errno.ts";
import { TX_ENTRIES } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as state from "../../assembly/abi/worker-state.ts";
import type { Tables } from "../tables/tables.ts";
import type { EngineExports } from "../wasm/module.ts";

/** Writes that are handed over together at most: of the slots of those that wait, so many are free again before the next. */
const MAX_BURST = 64;

/** Gets frames that leave a port: they are as those of a FrameListener, and the list too is valid during the call only. */
// biome-ignore lint/suspicious/noConfusingVoidType: a listener that returns nothing has taken the frames
export type FramesListener = (frames: readonly Uint8Array[]) => boolean | undefined | void;

/** What a port did with what it was given. */
interface Answer {
  isTaken: boolean;
}

/** A port that takes bursts. */
interface Taker extends Answer {
  listener: FramesListener;
  /** The burst that is being gathered. */
  frames: Uint8Array[];
}

const TAKEN: Answer = { isTaken: true };
const REFUSED: Answer = { isTaken: false };

export class BurstDelivery {
  readonly #wasm: EngineExports;
  readonly #words: Uint32Array;
  readonly #buffer: ArrayBufferLike;
  readonly #worker: number;
  readonly #takers = new Map<number, Taker>();
  /** What becomes of each of the oldest writes, in their order; and the ports with a burst of them. */
  readonly #answers: Answer[] = [];
  readonly #given: Taker[] = [];
  /** The last view of a frame in each slot, which serves again where the next one is as long: a view costs more than a frame's way. */
  readonly #views: Uint8Array[] = [];

  constructor(wasm: EngineExports, tables: Tables, worker: number) {
    this.#wasm = wasm;
    this.#words = new Uint32Array(tables.memory.buffer);
    this.#buffer = tables.memory.buffer;
    this.#worker = worker;
  }

  /** One listener a port, or none. */
  listen(to: number, listener: FramesListener | null): void {
    if (listener === null) this.#takers.delete(to);
    else this.#takers.set(to, { listener, frames: [], isTaken: true });
  }

  /** Whether any port takes bursts. */
  get isWanted(): boolean {
    return this.#takers.size > 0;
  }

  /** Hands over the oldest writes.
   *  @param one takes the frames of ports that take no bursts. @param fail gets what a listener of bursts throws. */
  handOver(one: (port: number, frame: Uint8Array) => boolean, fail: (error: unknown) => void): void {
    const count = Math.min(this.#wasm.waitingWrites(this.#worker), MAX_BURST);
    const head = this.#word(this.#worker + map.WORKER_STATE + state.TX_HEAD);
    let isTaken = true;
    for (let position = head; position !== head + count; position++) {
      const answer = this.#gather(position, one);
      this.#answers.push(answer);
      if (answer === REFUSED) isTaken = false;
    }
    for (const taker of this.#given) if (!give(taker, fail)) isTaken = false;
    if (isTaken) this.#wasm.finishWrites(this.#worker, count);
    else for (const answer of this.#answers) this.#finish(answer);
    this.#answers.length = 0;
    this.#given.length = 0;
  }

  #gather(position: number, one: (port: number, frame: Uint8Array) => boolean): Answer {
    const entry = this.#worker + map.TX + (position & (TX_ENTRIES - 1)) * map.TX_ENTRY_BYTES;
    const to = this.#word(entry + 4);
    const view = this.#view(this.#word(entry), to);
    const taker = this.#takers.get(to);
    if (taker === undefined) return one(to, view) ? TAKEN : REFUSED;
    if (taker.frames.length === 0) this.#given.push(taker);
    taker.frames.push(view);
    return taker;
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

  #finish({ isTaken }: Answer): void {
    const entry = this.#wasm.shiftWrite(this.#worker);
    const descriptor = this.#word(entry);
    this.#wasm.finished(this.#worker, descriptor, this.#word(entry + 4), isTaken ? this.#word(descriptor + field.BYTES) : -EAGAIN);
  }

  #word(pointer: number): number {
    return this.#words[pointer >>> 2] as number;
  }
}

function give(taker: Taker, fail: (error: unknown) => void): boolean {
  taker.isTaken = false;
  try {
    taker.isTaken = taker.listener(taker.frames) !== false;
  } catch (error) {
    fail(error);
  }
  taker.frames.length = 0;
  return taker.isTaken;
}
