/** Reads captures of any length in constant memory: from a path or from any stream of bytes (a pipe), plain or gzip.
 *  Frames come in bursts, as many as a chunk of the input holds, because one promise a frame would cost more than reading it.
 *
 *     for await (const burst of capture) for (const frame of burst) …; then `capture.damage`                              */
import { createReadStream } from "node:fs";
import { PortyardError } from "../error.ts";
import { CaptureParser } from "./capture-parser.ts";
import { gunzip } from "./gunzip.ts";
import type { CaptureDamage, CaptureFrame, CaptureInterface } from "./types.ts";

const READ_BYTES = 262144;
const GZIP_MAGIC = [0x1f, 0x8b];

/** A capture that is read burst by burst, in constant memory, once. */
export class CaptureStream implements AsyncIterable<CaptureFrame[]> {
  #source: AsyncIterable<Uint8Array>;
  #parser = new CaptureParser();

  /** Made by `openCapture`.
   *  @internal */
  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source;
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
   *  @throws PortyardError `capture-unreadable` when the source itself fails; damaged contents never throw. */
  async *[Symbol.asyncIterator](): AsyncGenerator<CaptureFrame[]> {
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
    const source = readable(this.#source)[Symbol.asyncIterator]();
    const first = await atLeast(source, GZIP_MAGIC.length);
    const all = chain(first, source);
    const packed = GZIP_MAGIC.every((byte, at) => first[at] === byte);
    yield* packed ? gunzip(all) : all;
  }
}

/** Opens a capture file, or a stream of one.
 *  @throws PortyardError `capture-unreadable`, at the first burst, when the file cannot be read.
 *
 *  @example const capture = openCapture("traffic.pcapng.gz");
 *  for await (const frames of capture) count += frames.length; */
export function openCapture(source: string | AsyncIterable<Uint8Array>): CaptureStream {
  return new CaptureStream(typeof source === "string" ? createReadStream(source, { highWaterMark: READ_BYTES }) : source);
}

async function* readable(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (cause) {
    const { path, message } = cause as { path?: string; message: string };
    const where = path === undefined ? {} : { path };
    const remedy = "Check that the file exists, is a file and may be read.";
    throw new PortyardError("capture-unreadable", `the capture cannot be read: ${message}`, { ...where, remedy, cause });
  }
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

function isZlibError(error: unknown): error is Error {
  return String((error as NodeJS.ErrnoException).code).startsWith("Z_");
}
