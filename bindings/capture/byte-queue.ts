/** Bytes that arrive in chunks and are taken as whole records. There are two ways to fill it.
 *
 *  push: chunks are kept as they are. A record within one chunk is read in place; one that spans chunks is joined first, once, and
 *  only when all of it is there, so that its cost does not grow with the number of chunks. What was read stays as it is.
 *
 *     taken | at ....... whole | waiting chunks ...
 *
 *  follow: whoever reads has memory of its own, used again and again, with room in front of each chunk for what of the one before is not
 *  taken yet. What was read holds until the next `follow`.
 *
 *     ... rest | chunk ...... end                                                                                         */
export class ByteQueue {
  /** Valid at `at` for the bytes that `has` said are there, until the next call of `has`, `push` or `follow`. */
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

  /** The bytes from `from` to `to` of `buffer` come next; those before `from` may be written over. */
  follow(buffer: Uint8Array, from: number, to: number): void {
    const rest = this.bytes.subarray(this.at, this.#end);
    if (rest.length > from) return this.#look(concatenate([rest, buffer.subarray(from, to)]), 0, rest.length + to - from);
    buffer.set(rest, from - rest.length);
    this.#look(buffer, from - rest.length, to);
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
    this.#look(whole, 0, whole.length);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #look(bytes: Uint8Array, at: number, end: number): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = at;
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
