/** A capture file that grows frame by frame, in memory of one size however long it becomes. */
import { closeSync, openSync, writeSync } from "node:fs";
import { fileFault } from "../file-fault.ts";
import type { CaptureEncoder, FrameToWrite } from "./encoder.ts";

/** Bytes that are gathered before they are written. */
const BUFFER_BYTES = 1 << 20;

export class CaptureFile {
  readonly path: string;
  readonly #encoder: CaptureEncoder;
  #descriptor: number;
  #view = new DataView(new ArrayBuffer(BUFFER_BYTES));
  #end = 0;
  #frames = 0;

  /** Makes the file, or empties the one that is there, and writes its head.
   *  @throws PortyardError `no-rights`, `disk-full`, `file-failed`. */
  constructor(path: string, encoder: CaptureEncoder) {
    this.path = path;
    this.#encoder = encoder;
    this.#descriptor = this.#attempt(() => openSync(path, "w"));
    this.#make(encoder.headBytes);
    this.#end = encoder.writeHead(this.#view, 0);
  }

  /** Frames written so far. */
  get frames(): number {
    return this.#frames;
  }

  /** The bytes are copied. @throws PortyardError as the constructor, and `capture-unwritable` when the format cannot hold the frame. */
  write(frame: FrameToWrite): void {
    this.#make(this.#encoder.frameBytes(frame));
    this.#end = this.#encoder.writeFrame(this.#view, this.#end, frame);
    this.#frames++;
  }

  /** Room for so many bytes, all zero. */
  #make(bytes: number): void {
    if (this.#end + bytes <= this.#view.byteLength) return;
    this.#flush();
    if (bytes > this.#view.byteLength) this.#view = new DataView(new ArrayBuffer(bytes));
  }

  #flush(): void {
    const bytes = new Uint8Array(this.#view.buffer, 0, this.#end);
    this.#attempt(() => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    });
    bytes.fill(0);
    this.#end = 0;
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
