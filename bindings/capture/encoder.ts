/** Turns frames into the bytes of a capture file. An encoder knows its format and writes at an offset of a buffer that is large enough,
 *  over whatever is there; whoever owns the buffer decides whether it is a whole file or a part of a stream. */
export interface FrameToWrite {
  bytes: Uint8Array;
  /** Nanoseconds since 1970, not negative. */
  timeNs: bigint;
  /** Default: `bytes.length`. */
  originalBytes?: number;
  /** Index of the interface, default 0. */
  interface?: number;
  /** Shown beside the packet by readers (pcapng only). */
  comment?: string;
}

export interface CaptureEncoder {
  readonly headBytes: number;
  /** Writes the head of the file and returns where it ends. */
  writeHead(view: DataView, at: number): number;
  /** Bytes that `writeFrame` will write. */
  frameBytes(frame: FrameToWrite): number;
  /** Writes one frame and returns where it ends. @throws PortyardError `capture-unwritable` when the format cannot hold it. */
  writeFrame(view: DataView, at: number, frame: FrameToWrite): number;
  /** Bytes that `writeRecord` lays out, those of the frame among them. */
  recordBytes(bytes: number): number;
  /** Writes all of a frame without a comment but its bytes, and returns where these go.
   *  @param seconds whole ones since 1970, and nanoseconds, 0-999,999,999. @throws PortyardError as `writeFrame`. */
  writeRecord(
    view: DataView,
    at: number,
    bytes: number,
    originalBytes: number,
    seconds: number,
    nanoseconds: number,
    index: number,
  ): number;
}

/** A whole file. @throws PortyardError `capture-unwritable` when the format cannot hold a frame. */
export function encodeAll(encoder: CaptureEncoder, frames: readonly FrameToWrite[]): Uint8Array {
  const total = frames.reduce((bytes, frame) => bytes + encoder.frameBytes(frame), encoder.headBytes);
  const file = new Uint8Array(total);
  const view = new DataView(file.buffer);
  let at = encoder.writeHead(view, 0);
  for (const frame of frames) at = encoder.writeFrame(view, at, frame);
  return file;
}

/** Copies `bytes` to `at` and returns where they end. */
export function writeBytes(view: DataView, at: number, bytes: Uint8Array): number {
  bytesOf(view).set(bytes, at);
  return at + bytes.length;
}

/** Clears what is to be written field by field. */
export function clear(view: DataView, at: number, bytes: number): void {
  bytesOf(view).fill(0, at, at + bytes);
}

const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
