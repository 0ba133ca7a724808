/** What goes into a replay, and what comes out of it. */
import type { CaptureStream } from "../capture/capture-stream.ts";
import type { CaptureDamage, CaptureFrame } from "../capture/types.ts";
import type { EngineConfig } from "../config/types.ts";
import type { Build } from "../engine/types.ts";

/** A capture, and the port that its frames enter; null: of both sides, each frame enters by the port behind which its source MAC is
 *  (split.ts). */
export interface ReplayInput {
  port: string | null;
  capture: CaptureStream;
}

/** A frame that has left a port. */
export interface ReplayedFrame {
  port: string;
  /** Of the engine's memory, and valid during the call only. */
  bytes: Uint8Array;
  /** More than `bytes.length` when it was cut when it was captured. */
  originalBytes: number;
  /** Of the frame that caused it. */
  timeNs: bigint;
}

/** A frame that has entered. */
export interface EnteredFrame {
  /** In the order in which they entered, from 0. */
  number: number;
  port: string;
  /** A copy, which is the listener's own. */
  frame: CaptureFrame;
}

/** A reason by which a frame, a copy or a segment of it, ended, and the port at fault. */
export interface ReplayedDrop {
  reason: string;
  port: string;
}

/** What is replayed, and who hears of it. A callback that throws ends the replay with its error. */
export interface ReplayOptions {
  /** What is replayed: of any instance; its ports become ports in memory. */
  config: EngineConfig;
  /** Merged by time. */
  inputs: readonly ReplayInput[];
  /** Default "single". All builds give the same. */
  build?: Build;
  /** Called for each frame that leaves. */
  onOutput?: (output: ReplayedFrame) => void;
  /** Called for each frame when it has gone its way, with what became of it: the frame and the list are the listener's own. */
  onFrame?: (frame: EnteredFrame, drops: readonly ReplayedDrop[]) => void;
  /** Called after each burst that was read, with the frames so far; a promise is waited for. */
  onProgress?: (frames: number) => void | Promise<void>;
}

/** Counts of a port, in frames. */
export interface ReplayedPort {
  /** That entered. */
  received: number;
  /** That left. */
  sent: number;
}

/** What `portyard replay --json` prints, apart from how long it took. */
export interface ReplaySummary {
  /** That entered. */
  frames: number;
  /** Of the frames that entered, on the wire. */
  bytes: number;
  /** Frames that were shorter in the capture than on the wire. */
  snapped: number;
  /** TCP super-frames, captured before they were cut: they went as segments that fill the MTU of the port that they entered by. */
  superFrames: number;
  /** By name, every port of the configuration. */
  ports: Record<string, ReplayedPort>;
  /** By reason; those that did not happen are left out. */
  drops: Record<string, number>;
  /** Flows that began, by service and backend: those through its virtual address, and those to the backend itself. */
  services: Record<string, Record<string, number>>;
  /** Answers that the engine gave itself. */
  answered: number;
  /** MACs that ports took from their first frames, by port. */
  adopted: Record<string, string>;
  /** Frames of a capture of both sides whose source MAC is behind no port: they enter nowhere, and are not among `frames`. */
  strangers: number;
  /** Damaged captures, by their place in `inputs`: what was before the damage was replayed. */
  damages: { input: number; damage: CaptureDamage }[];
}
