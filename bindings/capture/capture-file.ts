/** A capture file that grows frame by frame, in memory of one size however long it becomes. What is gathered is written at once, by the
 *  thread that gathers: a pool that writes it meanwhile takes longer, as the bytes are in this processor's cache (measured: bench/replay). */
import { closeSync, openSync, writeSync } from "node:fs";
import { fileFault } from "../file-fault.ts";
import type { CaptureEncoder, FrameToWrite } from "./encoder.ts";

/** Bytes that are gathered before they are written. */
export const BUFFER_BYTES = 1 << 18;

export class CaptureFile {
  readonly path: string;
  readonly #encoder: CaptureEncoder;
  #descriptor: number;
  /** Of the head alone, until there is a frame or another's memory to gather in. */
  #buffer: Uint8Array;
  #view: DataView;
  #end = 0;
  /** Where frames come from, and where the buffer begins in it, -1 elsewhere. */
  #memory: Uint8Array | null = null;
  #place = -1;

  /** Makes the file, or empties the one that is there, and writes its head.
   *  @throws PortyardError `no-rights`, `disk-full`, `file-failed`. */
  constructor(path: string, encoder: CaptureEncoder) {
    this.path = path;
    this.#encoder = encoder;
    this.#descriptor = this.#attempt(() => openSync(path, "w"));
    this.#buffer = new Uint8Array(encoder.headBytes);
    this.#view = new DataView(this.#buffer.buffer);
    this.#end = encoder.writeHead(this.#view, 0);
  }

  /** Gathers in `buffer` from now on, which belongs to the file until it is closed.
   *  @param buffer of BUFFER_BYTES. @param memory that frames come from: within it they are copied without a view of them. */
  gatherIn(buffer: Uint8Array, memory: Uint8Array): void {
    if (this.#end > buffer.length) this.#flush();
    buffer.set(this.#buffer.subarray(0, this.#end));
    this.#memory = memory;
    this.#use(buffer);
  }

  #use(buffer: Uint8Array): void {
    this.#buffer = buffer;
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    this.#place = this.#memory?.buffer === buffer.buffer ? buffer.byteOffset - this.#memory.byteOffset : -1;
  }

  /** The bytes are copied. @throws PortyardError as the constructor, and `capture-unwritable` when the format cannot hold the frame. */
  write(frame: FrameToWrite): void {
    this.#make(this.#encoder.frameBytes(frame));
    this.#end = this.#encoder.writeFrame(this.#view, this.#end, frame);
  }

  /** The same of the `bytes` bytes at `at` of `source`.
   *  @param seconds whole ones since 1970, and nanoseconds, 0-999,999,999. @throws PortyardError as `write`. */
  append(source: Uint8Array, at: number, bytes: number, originalBytes: number, seconds: number, nanoseconds: number): void {
    const length = this.#encoder.recordBytes(bytes);
    this.#make(length);
    const place = this.#encoder.writeRecord(this.#view, this.#end, bytes, originalBytes, seconds, nanoseconds, 0);
    if (source === this.#memory && this.#place >= 0) source.copyWithin(this.#place + place, at, at + bytes);
    else this.#buffer.set(source.subarray(at, at + bytes), place);
    this.#end += length;
  }

  /** Room for so many bytes. */
  #make(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.length) return;
    this.#flush();
    if (Math.max(bytes, BUFFER_BYTES) > this.#buffer.length) this.#use(new Uint8Array(Math.max(bytes, BUFFER_BYTES)));
  }

  #flush(): void {
    const end = this.#end;
    this.#end = 0;
    this.#attempt(() => {
      for (let at = 0; at < end; ) at += writeSync(this.#descriptor, this.#buffer, at, end - at);
    });
  }

  #attempt<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (cause) {
      throw fileFault("Writing the capture", this.path, cause);
    }
  }

  /** Writes what is left. Called again it does nothing. @throws PortyardError as the constructor; the file is closed all the same. */
  close(): void {
    if (this.#descriptor < 0) return;
    const descriptor = this.#descriptor;
    try {
      this.#flush();
    } finally {
      this.#descriptor = -1;
      closeSync(descriptor);
    }
  }
}
