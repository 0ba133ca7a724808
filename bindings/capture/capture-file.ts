/** A capture file that grows frame by frame, in memory of one size however long it becomes. */
import type { CaptureEncoder, FrameToWrite } from "./encoder.ts";
import { FileWriter } from "./file-writer.ts";

/** Bytes that are gathered before they are written. */
const BUFFER_BYTES = 1 << 19;
const BUFFERS = 4;
/** What a file that gathers in memory of somebody else wants of it. */
export const GATHER_BYTES = BUFFERS * BUFFER_BYTES;

export class CaptureFile {
  readonly #encoder: CaptureEncoder;
  readonly #writer: FileWriter;
  #buffer: Uint8Array = new Uint8Array(BUFFER_BYTES);
  #view: DataView = new DataView(this.#buffer.buffer);
  #end = 0;
  /** They take turns with the buffer while that is being written. */
  readonly #spares: Uint8Array[] = [];
  /** Where frames come from, and where the buffer begins in it, -1 elsewhere. */
  #memory: Uint8Array | null = null;
  #place = -1;
  #frames = 0;

  /** Makes the file, or empties the one that is there, and writes its head.
   *  @throws PortyardError `no-rights`, `disk-full`, `file-failed`. */
  constructor(path: string, encoder: CaptureEncoder) {
    this.#encoder = encoder;
    this.#writer = new FileWriter(path);
    this.#make(encoder.headBytes);
    this.#end = encoder.writeHead(this.#view, 0);
  }

  get path(): string {
    return this.#writer.path;
  }

  /** Frames written so far. */
  get frames(): number {
    return this.#frames;
  }

  /** Gathers in a part of `room` from now on, while other parts are being written. It belongs to the file until that is closed.
   *  @param room of GATHER_BYTES. @param memory that frames come from: within it they are copied without a view of them. */
  gatherIn(room: Uint8Array, memory: Uint8Array): void {
    const parts = Array.from({ length: BUFFERS }, (_, index) => room.subarray(index * BUFFER_BYTES, (index + 1) * BUFFER_BYTES));
    const [first, ...others] = parts as [Uint8Array, ...Uint8Array[]];
    first.set(this.#buffer.subarray(0, this.#end));
    this.#spares.push(...others);
    this.#memory = memory;
    this.#use(first);
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
    this.#frames++;
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
    this.#frames++;
  }

  /** Room for so many bytes. */
  #make(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.length) return;
    this.#flush();
    if (bytes > this.#buffer.length) this.#use(new Uint8Array(bytes));
  }

  #flush(): void {
    const buffer = this.#buffer;
    const bytes = buffer.subarray(0, this.#end);
    this.#end = 0;
    const spare = this.#writer.hasPlaces ? this.#spares.pop() : undefined;
    if (spare === undefined) return this.#writer.write(bytes);
    this.#writer.writeBehind(bytes, () => void this.#spares.push(buffer));
    this.#use(spare);
  }

  /** Writes what is left. Called again it does nothing. @throws PortyardError as the constructor; the file is closed all the same. */
  async close(): Promise<void> {
    const bytes = this.#buffer.subarray(0, this.#end);
    this.#end = 0;
    await this.#writer.close(bytes);
  }
}
