/** The records of a capture, one after the other, through memory that is used again and again: what a replay reads by. While one half of
 *  it is gone through, the next bytes of a file are read to the other.
 *
 *     while (await reader.fill()) while (reader.advance()) … reader.record, reader.bytes …
 *
 *     window:  room for a part of a record | chunk ..... | room for a part of a record | chunk .....                       */
import { type ByteReader, ChunkReader } from "./byte-reader.ts";
import type { CaptureParser } from "./capture-parser.ts";
import type { CaptureRecord } from "./capture-record.ts";
import { gunzip, isGzip, isZlibError } from "./gunzip.ts";

const READ_BYTES = 1 << 19;
/** Of a longest packet, or nearly. */
const REST_BYTES = 1 << 18;
const HALF_BYTES = REST_BYTES + READ_BYTES;
/** What a reader wants to have. */
export const WINDOW_BYTES = 2 * HALF_BYTES;
const LOOK_BYTES = 2;

/** What came to the half of a window. */
interface Chunk {
  half: Uint8Array;
  bytes: number;
  /** Why nothing follows, where that is damage. */
  cutShort?: string;
}

export class RecordReader {
  readonly #parser: CaptureParser;
  #source: ByteReader;
  /** The half that is gone through, and the other. */
  #halves: [Uint8Array, Uint8Array];
  #ahead: Promise<Chunk> | null = null;
  #isFirst = true;
  #isEnded = false;

  /** @param window of WINDOW_BYTES, which belong to the reader until it is closed. */
  constructor(parser: CaptureParser, source: ByteReader, window: Uint8Array) {
    this.#parser = parser;
    this.#source = source;
    this.#halves = [window.subarray(0, HALF_BYTES), window.subarray(HALF_BYTES)];
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
    const { half, bytes, cutShort } = await (this.#ahead ?? this.#read());
    this.#ahead = null;
    this.#isEnded = bytes === 0;
    if (this.#isEnded) this.#parser.end(cutShort);
    else this.#parser.queue.follow(half, REST_BYTES, REST_BYTES + bytes);
    this.#halves.reverse();
    if (this.#isEnded || !this.#source.isPrompt) return true;
    this.#ahead = this.#read();
    this.#ahead.catch(() => {}); // the next `fill` tells of it
    return true;
  }

  async #read(): Promise<Chunk> {
    const half = this.#halves[1];
    try {
      return { half, bytes: await this.#next(half.subarray(REST_BYTES)) };
    } catch (error) {
      if (!isZlibError(error)) throw error;
      return { half, bytes: 0, cutShort: `the gzip data is damaged: ${error.message}` };
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
    await this.#ahead?.catch(() => {}); // nobody asks for it any more
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
