/** Bytes that arrive in chunks and are taken as whole records. There are two ways to fill it.
 *
 *  push: chunks are kept as they are. A record within one chunk is read in place; one that spans chunks is joined first, once, and
 *  only when all of it is there, so that its cost does not grow with the number of chunks. What was read stays as it is.
 *
 *     taken | at ....... whole | waiting chunks ...
 *
 *  room, fill: whoever reads writes into a window that is used again and again. What was read holds until the next `room`.
 *
 *     taken | at ....... end | room ...                                                                                    */
export class ByteQueue {
  /** Valid at `at` for the bytes that `has` said are there, until the next call of `has`, `push` or `room`. */
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  at = 0;
  /** Bytes taken since the beginning. */
  offset = 0;
  /** Bytes that the last `has` asked for. */
  asked = 0;
  #end = 0;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  /** Gives it its window, before anything is in it. */
  useWindow(window: Uint8Array): void {
    this.#look(window, 0);
  }

  /** Where the next bytes go, one at least: behind those that are not taken, which move to the beginning. A window that is full of them is
   *  left for one of twice its size. */
  room(): Uint8Array {
    const rest = this.#end - this.at;
    if (rest === this.bytes.length) {
      const window = new Uint8Array(2 * rest);
      window.set(this.bytes);
      this.#look(window, rest);
    } else if (this.at > 0) {
      this.bytes.copyWithin(0, this.at, this.#end);
      this.at = 0;
      this.#end = rest;
    }
    return this.bytes.subarray(rest);
  }

  /** So many bytes were written to what `room` gave. */
  fill(bytes: number): void {
    this.#end += bytes;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
  }

  get available(): number {
    return this.#end - this.at + this.#waitingBytes;
  }

  /** True when `bytes` bytes can be read at `at`. */
  has(bytes: number): boolean {
    this.asked = bytes;
    if (this.#end - this.at >= bytes) return true;
    if (this.available < bytes) return false;
    this.#join();
    return true;
  }

  /** A view of the bytes from `at + from`, which `has` said are there. */
  slice(from: number, bytes: number): Uint8Array {
    return this.bytes.subarray(this.at + from, this.at + from + bytes);
  }

  skip(bytes: number): void {
    this.at += bytes;
    this.offset += bytes;
  }

  #join(): void {
    const rest = this.bytes.subarray(this.at, this.#end);
    const [first, ...others] = this.#waiting;
    const whole = rest.length === 0 && first !== undefined && others.length === 0 ? first : concatenate([rest, ...this.#waiting]);
    this.#look(whole, whole.length);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #look(bytes: Uint8Array, end: number): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = 0;
    this.#end = end;
  }
}

function concatenate(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
