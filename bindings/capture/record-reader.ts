/** The records of a capture, one after the other, through a window of memory that is used again and again: what a replay reads by.
 *
 *     while (await reader.fill()) while (reader.advance()) … reader.record, reader.bytes …                               */
import { type ByteReader, ChunkReader } from "./byte-reader.ts";
import type { CaptureParser } from "./capture-parser.ts";
import type { CaptureRecord } from "./capture-record.ts";
import { gunzip, isGzip, isZlibError } from "./gunzip.ts";

/** Of one read. */
const READ_BYTES = 1 << 19;
/** What a reader wants to have: of a record a part may be left. */
export const WINDOW_BYTES = 2 * READ_BYTES;
const LOOK_BYTES = 2;

export class RecordReader {
  readonly #parser: CaptureParser;
  #source: ByteReader;
  #isFirst = true;
  #isEnded = false;

  /** @param window of WINDOW_BYTES, which belong to the reader until it is closed. */
  constructor(parser: CaptureParser, source: ByteReader, window: Uint8Array) {
    this.#parser = parser;
    this.#source = source;
    parser.queue.useWindow(window);
  }

  /** What `advance` has read, until the next one. */
  get record(): CaptureRecord {
    return this.#parser.record;
  }

  /** Holds the bytes of `record`, at its place, until the next `fill`. */
  get bytes(): Uint8Array {
    return this.#parser.queue.bytes;
  }

  /** Goes to the next record of what has been read; false when there is none. */
  advance(): boolean {
    return this.#parser.advance();
  }

  /** Reads on; false when nothing follows. @throws PortyardError `capture-unreadable`. */
  async fill(): Promise<boolean> {
    if (this.#isEnded || this.#parser.damage !== null) return false;
    const { queue } = this.#parser;
    const { bytes, cutShort } = await this.#read(queue.room().subarray(0, READ_BYTES));
    this.#isEnded = bytes === 0;
    if (this.#isEnded) this.#parser.end(cutShort);
    else queue.fill(bytes);
    return true;
  }

  /** Data that cannot be unpacked ends there. */
  async #read(into: Uint8Array): Promise<{ bytes: number; cutShort?: string }> {
    try {
      return { bytes: await this.#next(into) };
    } catch (error) {
      if (!isZlibError(error)) throw error;
      return { bytes: 0, cutShort: `the gzip data is damaged: ${error.message}` };
    }
  }

  /** The first bytes tell whether it is packed. */
  async #next(into: Uint8Array): Promise<number> {
    if (!this.#isFirst) return this.#source.read(into);
    this.#isFirst = false;
    let bytes = 0;
    for (let more = 1; bytes < LOOK_BYTES && more > 0; bytes += more) more = await this.#source.read(into.subarray(bytes));
    const first = into.subarray(0, bytes);
    if (!isGzip(first)) return bytes;
    this.#source = new ChunkReader(gunzip(chunksOf(this.#source, first.slice())));
    return this.#source.read(into);
  }

  async close(): Promise<void> {
    await this.#source.close();
  }
}

async function* chunksOf(source: ByteReader, first: Uint8Array): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    const window = new Uint8Array(READ_BYTES);
    for (let bytes = await source.read(window); bytes > 0; bytes = await source.read(window)) yield window.subarray(0, bytes);
  } finally {
    await source.close();
  }
}
