/** Gives frames their times: a fixed beginning, so that the same frames always make the same file. */
import type { FrameToWrite } from "../../bindings/capture/index.ts";

/** 2026-01-01T00:00:00Z */
const BEGINNING_NS = 1_767_225_600_000_000_000n;

/** Frames `stepNs` nanoseconds apart; a whole number of microseconds suits every format. */
export function timed(frames: readonly Uint8Array[], stepNs = 137_000n): FrameToWrite[] {
  return frames.map((bytes, index) => ({ bytes, timeNs: BEGINNING_NS + BigInt(index) * stepNs }));
}

/** Frames cut to `snapLength` bytes, with the length that they had. */
export function snapped(frames: readonly FrameToWrite[], snapLength: number): FrameToWrite[] {
  return frames.map((frame) => ({ ...frame, bytes: frame.bytes.subarray(0, snapLength), originalBytes: frame.bytes.length }));
}
