/** Whom a replay tells what becomes of its frames, without an object for any of them. What it is given holds during the call. */
import type { CaptureRecord } from "../capture/capture-record.ts";
import type { DirectWay } from "../forwarder/direct-way.ts";
import type { ReplayedDrop } from "./types.ts";

export interface ReplaySink {
  /** Before the first frame: here is memory to write from. */
  begin?(way: DirectWay): void;
  /** On account of `record`, `bytes` bytes at `place` of `memory` leave `port`; they were `originalBytes` before they were cut. */
  left?(port: string, memory: Uint8Array, place: number, bytes: number, originalBytes: number, record: CaptureRecord): void;
  /** Frame `number`, counted from 0, has gone its way from `port`: `record`, whose bytes are those of `source`. */
  entered?(number: number, port: string, record: CaptureRecord, source: Uint8Array, drops: readonly ReplayedDrop[]): void;
}
