/** Bytes that arrive in chunks and are taken as whole records. A record within one chunk is read in place; one that spans
 *  chunks is joined first, once, and only when all of it is there, so that its cost does not grow with the number of chunks.
 *
 *     taken | at ....... whole | waiting chunks ...           */
export class ByteQueue {
  /** Valid at `at` for the bytes that `has` said are there, until the next call of `has` or `push`. */
  view: DataView = new DataView(new ArrayBuffer(0));
  at = 0;
  /** Bytes taken since the beginning. */
  offset = 0;
  /** Bytes that the last `has` asked for. */
  asked = 0;
  #whole: Uint8Array = new Uint8Array(0);
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
  }

  get available(): number {
    return this.#whole.length - this.at + this.#waitingBytes;
  }

  /** True when `bytes` bytes can be read at `at`. */
  has(bytes: number): boolean {
    this.asked = bytes;
    if (this.#whole.length - this.at >= bytes) return true;
    if (this.available < bytes) return false;
    this.#join();
    return true;
  }

  /** A view of the bytes from `at + from`, which `has` said are there. */
  slice(from: number, bytes: number): Uint8Array {
    return this.#whole.subarray(this.at + from, this.at + from + bytes);
  }

  skip(bytes: number): void {
    this.at += bytes;
    this.offset += bytes;
  }

  #join(): void {
    const rest = this.#whole.subarray(this.at);
    const [first, ...others] = this.#waiting;
    this.#whole = rest.length === 0 && first !== undefined && others.length === 0 ? first : concatenate([rest, ...this.#waiting]);
    this.view = new DataView(this.#whole.buffer, this.#whole.byteOffset, this.#whole.length);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.at = 0;
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
