/** The short way through a worker whose ports are in memory, for replays: one frame after the other, a plain one in a single call
 *  (assembly/io/direct.ts) and, where it lies in the engine's memory, without an object for it. Listeners of ports and of drops hear
 *  nothing of what goes this way: what leaves is told to whoever puts the frame in, and is always taken. */
import * as field from "../../assembly/abi/descriptor.ts";
import { MAX_FRAME_BYTES, TX_ENTRIES } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as state from "../../assembly/abi/worker-state.ts";
import type { Tables } from "../tables/tables.ts";
import type { EngineExports } from "../wasm/module.ts";
import { type DropListener, DropLog } from "./drop-log.ts";

/** A frame of `bytes` bytes leaves `port`, and lies at `place` of the engine's memory during the call. */
type LeaveListener = (port: number, place: number, bytes: number) => void;

export class DirectWay {
  /** The engine's memory. */
  readonly memory: Uint8Array;
  readonly #wasm: EngineExports;
  readonly #words: Uint32Array;
  readonly #worker: number;
  /** Where a frame from elsewhere is put first. */
  readonly #stage: Uint8Array;
  #room: Uint8Array;
  /** The last one that frames came from, and where its first byte lies in the engine's memory, -1 elsewhere. */
  #source: Uint8Array | null = null;
  #sourcePlace = -1;
  readonly #drops: DropLog;

  /** @param agent region of the worker's thread's agent, which takes no frame: what is lent are its slots. */
  constructor(wasm: EngineExports, tables: Tables, worker: number, agent: number) {
    const room = tables.bytes.subarray(agent + map.SLOTS, agent + map.AGENT_DROP_LOG);
    this.memory = tables.bytes;
    this.#wasm = wasm;
    this.#words = new Uint32Array(tables.memory.buffer);
    this.#worker = worker;
    this.#stage = room.subarray(0, MAX_FRAME_BYTES);
    this.#room = room.subarray(MAX_FRAME_BYTES);
    this.#drops = new DropLog(tables, worker, agent);
  }

  /** Memory that frames are best read to and written from: of the engine while there is some, then any. */
  lend(bytes: number): Uint8Array {
    if (bytes > this.#room.length) return new Uint8Array(bytes);
    const lent = this.#room.subarray(0, bytes);
    this.#room = this.#room.subarray(bytes);
    return lent;
  }

  /** Takes the `bytes` bytes at `at` of `source`, up to MAX_FRAME_BYTES, their way from `port`. */
  pass(port: number, source: Uint8Array, at: number, bytes: number, leaves: LeaveListener): void {
    if (source !== this.#source) this.#look(source);
    const place = this.#sourcePlace < 0 ? this.#bring(source, at, bytes) : this.#sourcePlace + at;
    this.#deliver(this.#wasm.pass(this.#worker, port, place, bytes), leaves);
  }

  /** The same for a frame that was cut when it was captured, and had `originalBytes` bytes before, up to MAX_FRAME_BYTES. */
  passCut(port: number, source: Uint8Array, at: number, bytes: number, originalBytes: number, leaves: LeaveListener): void {
    const slot = this.#wasm.takeSlot(this.#worker);
    const place = this.#wasm.framePlace(this.#worker, slot);
    this.memory.set(source.subarray(at, at + bytes), place);
    this.memory.fill(0, place + bytes, place + originalBytes);
    this.#wasm.clearOffload(place);
    this.#wasm.processCut(this.#worker, slot, port, place, originalBytes, originalBytes - bytes);
    this.#deliver(this.#wasm.waitingWrites(this.#worker), leaves);
  }

  /** The same for a frame that has a virtio-net header: `offload`, 10 bytes. */
  passOffload(port: number, source: Uint8Array, at: number, bytes: number, offload: Uint8Array, leaves: LeaveListener): void {
    const place = this.#wasm.admit(this.#worker, port, bytes);
    this.memory.set(source.subarray(at, at + bytes), place);
    this.memory.set(offload, place - offload.length);
    this.#deliver(this.#wasm.process(this.#worker), leaves);
  }

  /** Tells of what has ended since the last call: to be called after each frame. */
  reportEnds(listener: DropListener): void {
    this.#drops.take(listener);
  }

  #look(source: Uint8Array): void {
    this.#source = source;
    this.#sourcePlace = source.buffer === this.memory.buffer ? source.byteOffset : -1;
  }

  #bring(source: Uint8Array, at: number, bytes: number): number {
    this.#stage.set(source.subarray(at, at + bytes));
    return this.#stage.byteOffset;
  }

  #deliver(waiting: number, leaves: LeaveListener): void {
    if (waiting === 0) return;
    const words = this.#words;
    const head = this.#state(state.TX_HEAD);
    for (let position = 0; position < waiting; position++) {
      const entry = (this.#worker + map.TX + ((head + position) & (TX_ENTRIES - 1)) * map.TX_ENTRY_BYTES) >>> 2;
      const descriptor = words[entry] as number;
      leaves(
        words[entry + 1] as number,
        words[(descriptor + field.FRAME) >>> 2] as number,
        words[(descriptor + field.BYTES) >>> 2] as number,
      );
    }
    this.#wasm.finishWrites(this.#worker, waiting);
  }

  #state(offset: number): number {
    return this.#words[(this.#worker + map.WORKER_STATE + offset) >>> 2] as number;
  }
}
