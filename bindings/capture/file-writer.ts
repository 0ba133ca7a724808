/** A file that is written from its beginning to its end, by buffers: at once, or behind the back of whoever fills the next buffer. */
import { closeSync, fstatSync, openSync, write, writeSync } from "node:fs";
import { fileFault } from "../file-fault.ts";

export class FileWriter {
  readonly path: string;
  readonly #descriptor: number;
  #isOpen = true;
  /** What is no file (a pipe, a terminal) knows no places: there each write follows the one before. */
  readonly hasPlaces: boolean;
  #at = 0;
  readonly #pending = new Set<Promise<void>>();
  #failure: unknown = null;

  /** Makes the file, or empties the one that is there. @throws PortyardError `no-rights`, `disk-full`, `file-failed`. */
  constructor(path: string) {
    this.path = path;
    this.#descriptor = this.#attempt(() => openSync(path, "w"));
    this.hasPlaces = fstatSync(this.#descriptor).isFile();
  }

  /** @throws PortyardError as the constructor, also of what went wrong behind. */
  write(bytes: Uint8Array): void {
    this.#tellFailure();
    const place = this.#at;
    this.#at += bytes.length;
    this.#attempt(() => {
      for (let done = 0; done < bytes.length; )
        done += writeSync(this.#descriptor, bytes, done, bytes.length - done, this.hasPlaces ? place + done : null);
    });
  }

  /** Begins to write `bytes`, which nobody changes until `done` is called. Only of a file that has places.
   *  @throws PortyardError of what went wrong behind before. */
  writeBehind(bytes: Uint8Array, done: () => void): void {
    this.#tellFailure();
    const place = this.#at;
    this.#at += bytes.length;
    const writing = this.#writeAll(bytes, place)
      .catch((error: unknown) => (this.#failure ??= error))
      .then(() => {
        this.#pending.delete(writing);
        done();
      });
    this.#pending.add(writing);
  }

  async #writeAll(bytes: Uint8Array, place: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const from = done;
      done += await new Promise<number>((resolve, reject) =>
        write(this.#descriptor, bytes, from, bytes.length - from, place + from, (error, count) => (error ? reject(error) : resolve(count))),
      );
    }
  }

  #tellFailure(): void {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw fileFault("Writing the capture", this.path, failure);
  }

  #attempt<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (cause) {
      throw fileFault("Writing the capture", this.path, cause);
    }
  }

  /** When all is written. Called again it does nothing.
   *  @param last what is still to be written. @throws PortyardError as `write`; the file is closed all the same. */
  async close(last: Uint8Array): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await Promise.all(this.#pending);
    try {
      this.write(last);
    } finally {
      closeSync(this.#descriptor);
    }
  }
}
