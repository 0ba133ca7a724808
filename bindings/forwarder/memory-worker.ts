/** The memory back end: a worker whose ports are fed and emptied by calls instead of descriptors. Frames are written into
 *  slots, processed, and handed to a listener while they still lie there. The code that forwards is that of the other back
 *  ends; time is an argument. Used by inline isolation, explanations and the tests; a replay goes a shorter way through the same
 *  worker (direct-way.ts). */
import * as map from "../../assembly/abi/memory-map.ts";
import { EAGAIN } from "../../assembly/abi/errno.ts";
import { MAX_FRAME_BYTES } from "../../assembly/abi/limits.ts";
import { HEADER_BYTES } from "../../assembly/abi/virtio-net.ts";
import * as record from "../../assembly/abi/worker.ts";
import * as worker from "../tables/worker-table.ts";
import type { Tables } from "../tables/tables.ts";
import type { EngineExports } from "../wasm/module.ts";
import { PortyardError } from "../error.ts";
import type { BurstListener, PortListener } from "../engine/types.ts";
import { BurstDelivery } from "./burst-delivery.ts";
import { type DropListener, DropLog } from "./drop-log.ts";
import { type FrameListener, Outlets } from "./outlets.ts";
import { applyEpoch } from "./views.ts";

/** virtio-net header of 10 bytes below each frame. */
export const OFFLOAD_HEADER_BYTES = HEADER_BYTES;

/** Frames that are put in before they go their way, so that as many can be answered. */
const PUT_IN = 128;

export class MemoryWorker {
  readonly address: number;
  private readonly wasm: EngineExports;
  private readonly tables: Tables;
  private readonly words: Uint32Array;
  private readonly index: number;
  private isRunning = false;
  /** Cut frames that wait: one that a listener puts in waits until it has returned. */
  private readonly cuts: (() => void)[] = [];
  private drops: DropLog | null = null;
  private dropListener: DropListener | null = null;
  private readonly outlets: Outlets;
  private readonly bursts: BurstDelivery;
  /** What a listener threw first, until `run` is done. */
  private thrown: { error: unknown } | null = null;

  /** Formats region `region` for worker `index` and reports it running.
   *  @param listener takes what leaves ports without a listener of their own. */
  constructor(wasm: EngineExports, tables: Tables, index: number, region: number, listener: FrameListener) {
    this.wasm = wasm;
    this.tables = tables;
    this.words = new Uint32Array(tables.memory.buffer);
    this.index = index;
    this.address = wasm.formatWorker(region, index);
    this.outlets = new Outlets(listener, this.fail);
    this.bursts = new BurstDelivery(wasm, tables, this.address, this.outlets);
    worker.begin(tables, index, record.BACKEND_MEMORY, process.pid);
    this.applyEpoch();
  }

  /** Takes what the tables say now; called when they changed. */
  applyEpoch(): void {
    if (this.wasm.isEpochNew(this.address)) applyEpoch(this.wasm, this.tables, this.address, this.index, () => 0);
  }

  /** Sets the monotonic time of what follows, in milliseconds; ageing goes on as far as it is due. */
  setTime(nowMs: number): void {
    if (this.wasm.setTime(this.address, nowMs) > 0) this.run();
  }

  /** Puts a frame into `port` and takes all waiting frames their way.
   *  @param frame 0-65,568 bytes; one that is longer than a slot takes is refused with `frame-too-long`.
   *  @param offload virtio-net header of 10 bytes, or nothing for a plain frame. */
  receive(port: number, frame: Uint8Array, offload?: Uint8Array): void {
    this.enqueue(port, frame, offload);
    this.run();
  }

  /** Puts a frame into `port`, to be processed by the next `run`; makes room by running when no slot is free. */
  enqueue(port: number, frame: Uint8Array, offload?: Uint8Array): void {
    if (frame.length > MAX_FRAME_BYTES) {
      throw new PortyardError("frame-too-long", `A frame has ${frame.length} bytes; a slot takes ${MAX_FRAME_BYTES}.`, {
        value: frame.length,
      });
    }
    const place = this.admit(port, frame.length);
    this.tables.bytes.set(frame, place);
    if (offload !== undefined) this.tables.bytes.set(offload.subarray(0, OFFLOAD_HEADER_BYTES), place - OFFLOAD_HEADER_BYTES);
  }

  /** As `receive`, of several plain frames. */
  receiveAll(port: number, frames: readonly Uint8Array[]): void {
    for (const [index, frame] of frames.entries()) {
      this.enqueue(port, frame);
      if ((index + 1) % PUT_IN === 0) this.work();
    }
    this.run();
  }

  /** As `receive`, of a frame that had `originalBytes` bytes before it was cut to `frame`, which fits a slot. */
  receiveCut(port: number, frame: Uint8Array, originalBytes: number): void {
    const slot = this.takeSlot();
    const place = this.wasm.framePlace(this.address, slot);
    this.tables.bytes.set(frame, place);
    this.tables.bytes.fill(0, place + frame.length, place + Math.min(originalBytes, MAX_FRAME_BYTES));
    this.wasm.clearOffload(place);
    this.cuts.push(() => this.wasm.processCut(this.address, slot, port, place, originalBytes, originalBytes - frame.length));
    this.run();
  }

  /** As `enqueue`, with the frame's last byte at the last byte of the slot's memory: for worker regions at the end of the
   *  memory, slot 511 ends where the memory ends, and an over-read traps. */
  enqueueAtEnd(port: number, frame: Uint8Array): void {
    const slot = this.takeSlot();
    const place = this.address + map.WORKER_BYTES - frame.length;
    this.tables.bytes.set(frame, place);
    this.wasm.clearOffload(place);
    this.wasm.received(this.address, slot, port, place, frame.length);
  }

  /** Where a frame that is queued is to be written. */
  private admit(port: number, bytes: number): number {
    let place = this.wasm.admit(this.address, port, bytes);
    if (place === 0) {
      this.work();
      place = this.wasm.admit(this.address, port, bytes);
    }
    if (place === 0) throw noSlot();
    return place;
  }

  private takeSlot(): number {
    let slot = this.wasm.takeSlot(this.address);
    if (slot < 0) {
      this.work();
      slot = this.wasm.takeSlot(this.address);
    }
    if (slot < 0) throw noSlot();
    return slot;
  }

  /** Processes everything that waits and hands the outputs over. @throws what a listener threw first. */
  run(): void {
    if (this.isRunning) return;
    this.work();
    if (this.thrown !== null) this.passOn(this.thrown);
  }

  /** The same, and what listeners throw waits for the end of `run`: it keeps no frame that is still to be put in from its way. */
  private work(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    try {
      do {
        const next = this.cuts.shift();
        if (next !== undefined) next();
        else if (this.dropListener === null) this.wasm.process(this.address);
        else this.wasm.processNext(this.address);
        while (this.wasm.waitingWrites(this.address) > 0) this.handOver();
        if (this.dropListener !== null) this.drops?.take(this.tell);
      } while (this.cuts.length > 0 || this.wasm.waitingFrames(this.address) > 0);
    } finally {
      this.isRunning = false;
    }
  }

  private readonly fail = (error: unknown): void => {
    this.thrown ??= { error };
  };

  private passOn({ error }: { error: unknown }): never {
    this.thrown = null;
    throw error;
  }

  /** Who gets what leaves `port`, one by one or several at once; null twice: who takes what leaves the others. */
  listen(port: number, onFrame: PortListener | null, onBurst: BurstListener | null): void {
    this.outlets.listen(port, onFrame, onBurst);
  }

  /** Lets drops be told one by one. @param agent region of this thread's agent. */
  logDrops(agent: number): void {
    this.drops = new DropLog(this.tables, this.address, agent);
  }

  /** One listener, or none; it hears of what is dropped from now on, each time when a frame has gone its way. What it puts in itself, and
   *  what it throws, fares as with a FrameListener. Only after `logDrops`. */
  onDrop(listener: DropListener | null): void {
    this.dropListener = listener;
    this.drops?.skip();
  }

  private readonly tell = (port: number, reason: number): void => {
    try {
      this.dropListener?.(port, reason);
    } catch (error) {
      this.fail(error);
    }
  };

  private handOver(): void {
    if (this.outlets.areBurstsWanted) this.bursts.handOver();
    else this.deliver();
  }

  private deliver(): void {
    const entry = this.wasm.shiftWrite(this.address) >>> 2;
    const descriptor = this.words[entry] ?? 0;
    const port = this.words[entry + 1] ?? 0;
    const start = this.wasm.writeStart(this.address, descriptor, port);
    const bytes = this.wasm.writeBytes(this.address, descriptor, port);
    const isTaken = this.outlets.give(this.outlets.of(port), port, new Uint8Array(this.tables.memory.buffer, start, bytes));
    this.wasm.finished(this.address, descriptor, port, isTaken ? bytes : -EAGAIN);
  }

  end(): void {
    worker.end(this.tables, this.index);
  }
}

function noSlot(): PortyardError {
  return new PortyardError("no-slot", "No frame slot is free: a listener holds the engine's frames.");
}
