/** Where the bytes of a capture come from, read into memory of the reader's own: a file, or any stream of chunks.  */
import { readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setImmediate as others } from "node:timers/promises";
import { PortyardError } from "../error.ts";

export interface ByteReader {
  /** Writes the next bytes to the beginning of `into`; how many, 0 at the end.
   *  @throws PortyardError `capture-unreadable`, or as a stream says where its contents cannot be unpacked. */
  read(into: Uint8Array): Promise<number>;
  /** Nothing more is read. */
  close(): Promise<void>;
}

/** A file, opened at the first read. It is read by the thread that wants its bytes, whose cache has them then: by a pool it takes longer
 *  (measured: bench/replay). In between others have their turn. What is no file, and may let one wait (a pipe), is read by the pool. */
export class FileReader implements ByteReader {
  readonly #path: string;
  #file: FileHandle | null = null;
  #isPrompt = false;

  constructor(path: string) {
    this.#path = path;
  }

  async read(into: Uint8Array): Promise<number> {
    try {
      const file = this.#file ?? (await this.#open());
      if (!this.#isPrompt) return (await file.read(into, 0, into.length, null)).bytesRead;
      await others();
      return readSync(file.fd, into, 0, into.length, null);
    } catch (cause) {
      throw unreadable(cause, this.#path);
    }
  }

  async #open(): Promise<FileHandle> {
    this.#file = await open(this.#path);
    this.#isPrompt = (await this.#file.stat()).isFile();
    return this.#file;
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
  }
}

/** A stream. What does not fit waits for the next read. */
export class ChunkReader implements ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async read(into: Uint8Array): Promise<number> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return 0;
      this.#rest = value;
    }
    const taken = this.#rest.subarray(0, into.length);
    into.set(taken);
    this.#rest = this.#rest.subarray(taken.length);
    return taken.length;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}

/** The chunks of a stream, whose own failure is that of the capture. @throws PortyardError `capture-unreadable`. */
export async function* readable(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (cause) {
    throw unreadable(cause);
  }
}

function unreadable(cause: unknown, at?: string): PortyardError {
  const { path = at, message } = cause as { path?: string; message: string };
  const where = path === undefined ? {} : { path };
  const remedy = "Check that the file exists, is a file and may be read.";
  return new PortyardError("capture-unreadable", `the capture cannot be read: ${message}`, { ...where, remedy, cause });
}
