/** Reads captures of any length in constant memory: from a path or from any stream of bytes (a pipe), plain or gzip.
 *  Frames come in bursts, as many as a chunk of the input holds, because one promise a frame would cost more than reading it.
 *
 *     for await (const burst of capture) for (const frame of burst) …; then `capture.damage`                              */
import { createReadStream } from "node:fs";
import { PortyardError } from "../error.ts";
import { type ByteReader, ChunkReader, FileReader, readable } from "./byte-reader.ts";
import { CaptureParser } from "./capture-parser.ts";
import { gunzip, isGzip, isZlibError } from "./gunzip.ts";
import { RecordReader } from "./record-reader.ts";
import type { CaptureDamage, CaptureFrame, CaptureInterface } from "./types.ts";

const READ_BYTES = 262144;
const LOOK_BYTES = 2;

/** A capture that is read burst by burst, in constant memory, once. */
export class CaptureStream implements AsyncIterable<CaptureFrame[]> {
  /** A path is that of a file. */
  readonly #source: string | AsyncIterable<Uint8Array>;
  readonly #parser = new CaptureParser();
  #bytesRead = 0;
  #isUsed = false;

  /** Made by `openCapture`.
   *  @internal */
  constructor(source: string | AsyncIterable<Uint8Array>) {
    this.#source = source;
  }

  /** Bytes of the source that have been read, as they lie there: packed ones of a packed file. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Null until the head of the file has been read, and of what is no capture. */
  get format(): "pcap" | "pcapng" | null {
    return this.#parser.format;
  }

  /** The interfaces met so far. */
  get interfaces(): readonly CaptureInterface[] {
    return this.#parser.interfaces;
  }

  /** Null until the damage has been reached, and for ever where there is none. */
  get damage(): CaptureDamage | null {
    return this.#parser.damage;
  }

  /** Bursts of one or more frames, in the file's order. Can be gone through once.
   *  @throws PortyardError `capture-unreadable` when the source itself fails, `capture-used` the second time; damaged contents never throw. */
  [Symbol.asyncIterator](): AsyncGenerator<CaptureFrame[]> {
    this.#use();
    return this.#bursts();
  }

  /** What has been read is not read again: a stream does not give it twice. */
  #use(): void {
    if (this.#isUsed) throw used(this.#source);
    this.#isUsed = true;
  }

  async *#bursts(): AsyncGenerator<CaptureFrame[]> {
    let cutShort: string | undefined;
    try {
      for await (const chunk of this.#chunks()) {
        this.#parser.push(chunk);
        const burst = this.#takeFrames();
        if (burst.length > 0) yield burst;
        if (this.damage !== null) return;
      }
    } catch (error) {
      if (!isZlibError(error)) throw error;
      cutShort = `the gzip data is damaged: ${error.message}`;
    }
    this.#parser.end(cutShort);
    const burst = this.#takeFrames();
    if (burst.length > 0) yield burst;
  }

  #takeFrames(): CaptureFrame[] {
    const burst: CaptureFrame[] = [];
    for (let frame = this.#parser.next(); frame !== null; frame = this.#parser.next()) burst.push(frame);
    return burst;
  }

  async *#chunks(): AsyncGenerator<Uint8Array> {
    const stream = typeof this.#source === "string" ? createReadStream(this.#source, { highWaterMark: READ_BYTES }) : this.#source;
    const source = this.#counted(readable(stream))[Symbol.asyncIterator]();
    const first = await atLeast(source, LOOK_BYTES);
    const all = chain(first, source);
    yield* isGzip(first) ? gunzip(all) : all;
  }

  async *#counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#bytesRead += chunk.length;
      yield chunk;
    }
  }

  /** The same without an object for each frame, instead of going through it: see RecordReader. @throws PortyardError `capture-used`.
   *  @internal */
  records(window: Uint8Array): RecordReader {
    this.#use();
    const source = this.#source;
    const reader = typeof source === "string" ? new FileReader(source) : new ChunkReader(readable(source));
    return new RecordReader(
      this.#parser,
      counting(reader, (bytes) => (this.#bytesRead += bytes)),
      window,
    );
  }
}

function counting(reader: ByteReader, count: (bytes: number) => void): ByteReader {
  return {
    async read(into) {
      const bytes = await reader.read(into);
      count(bytes);
      return bytes;
    },
    close: () => reader.close(),
  };
}

function used(source: string | AsyncIterable<Uint8Array>): PortyardError {
  const where = typeof source === "string" ? { path: source } : {};
  const remedy = "Open it again for each pass (openCapture); a stream has only one.";
  return new PortyardError("capture-used", "The capture has been read, or is being read.", { ...where, remedy });
}

/** Opens a capture file, or a stream of one.
 *  @throws PortyardError `capture-unreadable`, at the first burst, when the file cannot be read.
 *
 *  @example const capture = openCapture("traffic.pcapng.gz");
 *  for await (const frames of capture) count += frames.length; */
export function openCapture(source: string | AsyncIterable<Uint8Array>): CaptureStream {
  return new CaptureStream(source);
}

async function atLeast(source: AsyncIterator<Uint8Array>, bytes: number): Promise<Uint8Array> {
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < bytes) {
    const { done, value } = await source.next();
    if (done === true) break;
    head = head.length === 0 ? value : Buffer.concat([head, value]);
  }
  return head;
}

async function* chain(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (first.length > 0) yield first;
    for (let item = await rest.next(); item.done !== true; item = await rest.next()) yield item.value;
  } finally {
    await rest.return?.();
  }
}
