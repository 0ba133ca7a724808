/** The record that a parser has just read: what a CaptureFrame says, in numbers that are written over by the next one. An object, a
 *  view and a bigint for each frame would cost more than all else that a replay does with it. */
import { join, split } from "./time.ts";
import type { CaptureFrame } from "./types.ts";

/** The comment that the options from `at` to `end` of the queue hold, or null. */
type CommentReader = (at: number, end: number) => string | null;

export class CaptureRecord {
  /** Where its bytes begin in the queue that it was read from, and how many there are. */
  at = 0;
  bytes = 0;
  originalBytes = 0;
  /** When it was seen: whole seconds since 1970, less than 0 before, and nanoseconds, 0-999,999,999. */
  seconds = 0;
  nanoseconds = 0;
  interface = 0;
  #readComment: CommentReader | null = null;
  #optionsAt = 0;
  #optionsEnd = 0;
  /** The time where two numbers may not hold it. */
  #exactNs: bigint | null = null;

  /** Where its options lie, in which a comment may be; null: there are none. */
  setOptions(readComment: CommentReader | null, at = 0, end = 0): void {
    this.#readComment = readComment;
    this.#optionsAt = at;
    this.#optionsEnd = end;
  }

  /** Read when it is asked for: while the bytes of the record are there. */
  get comment(): string | null {
    return this.#readComment?.(this.#optionsAt, this.#optionsEnd) ?? null;
  }

  setTime(seconds: number, nanoseconds: number): void {
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
    this.#exactNs = null;
  }

  /** Of any clock. */
  setExactTime(timeNs: bigint): void {
    const { seconds, nanoseconds } = split(timeNs);
    this.setTime(seconds, nanoseconds);
    this.#exactNs = timeNs;
  }

  get timeNs(): bigint {
    return this.#exactNs ?? join(this.seconds, this.nanoseconds);
  }

  /** As a frame. @param bytes its own, a view or a copy of them. */
  toFrame(bytes: Uint8Array): CaptureFrame {
    const frame = { bytes, originalBytes: this.originalBytes, timeNs: this.timeNs, interface: this.interface };
    const { comment } = this;
    return comment === null ? frame : { ...frame, comment };
  }
}
