/** The back end for hosts where io_uring is forbidden: read(2), recvmsg(2) and write(2) of the ready ports, a call for each
 *  frame. Frames lie in the same slots and go the same way. */
import * as map from "../../assembly/abi/memory-map.ts";
import { MAX_READS } from "../../assembly/abi/limits.ts";
import * as port from "../../assembly/abi/port.ts";
import * as state from "../../assembly/abi/worker-state.ts";
import { EBADF, EBADFD, ENODEV, ENXIO } from "../../assembly/abi/errno.ts";
import { read, recvmsg, write } from "../native/io.ts";
import type { Tables } from "../tables/tables.ts";
import type { EngineExports } from "../wasm/module.ts";
import type { WorkerIo } from "./kernel-worker.ts";
import { OFFLOAD_HEADER_BYTES } from "./memory-worker.ts";

const MSG_DONTWAIT = 0x40;
const READ_BYTES = map.SLOT_BYTES - map.SLOT_FRAME + OFFLOAD_HEADER_BYTES;

export class SyscallIo implements WorkerIo {
  private readonly wasm: EngineExports;
  private readonly words: Uint32Array;
  private readonly worker: number;
  private readonly base: number;
  private next = 0;

  constructor(wasm: EngineExports, tables: Tables, worker: number, hostBase: bigint) {
    this.wasm = wasm;
    this.worker = worker;
    this.base = Number(hostBase);
    this.words = new Uint32Array(tables.memory.buffer);
  }

  step(hold: boolean): boolean {
    const frames = hold ? 0 : this.readPorts();
    if (frames === 0 && this.wasm.waitingFrames(this.worker) === 0) return this.wasm.readyCount(this.worker) > 0;
    do {
      this.wasm.process(this.worker);
      this.writeAll();
    } while (this.wasm.waitingFrames(this.worker) > 0);
    return true;
  }

  /** Reads up to MAX_READS frames of each ready port, beginning with another one every time. */
  private readPorts(): number {
    const ready: number[] = [];
    for (let position = 0; position < this.wasm.readyCount(this.worker); position++) ready.push(this.wasm.readyPort(this.worker, position));
    let frames = 0;
    this.next++;
    for (let i = 0; i < ready.length; i++) frames += this.readPort(ready[(this.next + i) % ready.length] as number);
    return frames;
  }

  private readPort(from: number): number {
    const view = (this.worker + map.WORKER_PORTS + from * map.WORKER_PORT_BYTES) >>> 2;
    const descriptor = (this.words[view + (state.VIEW_DESCRIPTOR >>> 2)] ?? 0) - 1;
    const hasAuxdata = ((this.words[view + (state.VIEW_FLAGS >>> 2)] ?? 0) & port.FLAG_AUXDATA) !== 0;
    for (let frames = 0; frames < MAX_READS; frames++) {
      const slot = this.wasm.takeSlot(this.worker);
      if (slot < 0) return frames;
      const result = hasAuxdata ? this.readMessage(descriptor, slot) : this.readFrame(descriptor, slot);
      if (result < OFFLOAD_HEADER_BYTES) return this.endReads(from, slot, result, frames);
      this.wasm.received(this.worker, slot, from, this.wasm.framePlace(this.worker, slot), result - OFFLOAD_HEADER_BYTES);
      if (hasAuxdata) this.wasm.restoreTag(this.worker, slot);
    }
    return MAX_READS;
  }

  private readFrame(descriptor: number, slot: number): number {
    return read(descriptor, this.base + this.wasm.framePlace(this.worker, slot) - OFFLOAD_HEADER_BYTES, READ_BYTES);
  }

  private readMessage(descriptor: number, slot: number): number {
    return recvmsg(descriptor, this.base + this.wasm.prepareMessage(this.worker, slot), MSG_DONTWAIT);
  }

  private endReads(from: number, slot: number, result: number, frames: number): number {
    this.wasm.returnSlot(this.worker, slot);
    this.wasm.dropReady(this.worker, from);
    if ([-EBADFD, -ENODEV, -ENXIO, -EBADF].includes(result)) this.wasm.lose(this.worker, from, -result);
    return frames;
  }

  private writeAll(): void {
    while (this.wasm.waitingWrites(this.worker) > 0) {
      const entry = this.wasm.shiftWrite(this.worker) >>> 2;
      this.writeOne(this.words[entry] ?? 0, this.words[entry + 1] ?? 0);
    }
  }

  private writeOne(frame: number, to: number): void {
    const view = (this.worker + map.WORKER_PORTS + to * map.WORKER_PORT_BYTES) >>> 2;
    const descriptor = (this.words[view + (state.VIEW_DESCRIPTOR >>> 2)] ?? 0) - 1;
    const start = this.base + this.wasm.writeStart(this.worker, frame, to);
    const result = descriptor < 0 ? -ENODEV : write(descriptor, start, this.wasm.writeBytes(this.worker, frame, to));
    this.wasm.finished(this.worker, frame, to, result);
  }
}
