/** Turns frames into the bytes of a capture file. An encoder knows its format and writes at an offset of a buffer that is
 *  large enough and all zero there; whoever owns the buffer decides whether it is a whole file or a part of a stream. */
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
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(bytes, at);
  return at + bytes.length;
}
