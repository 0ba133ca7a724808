/** What a forwarder is started with: the same object goes to worker threads and, as JSON, to the forwarder process. */
import type { Layout } from "../tables/layout.ts";
import type { Build } from "../wasm/module.ts";
import type { Death } from "./burial.ts";

export interface ForwarderSettings {
  name: string;
  layout: Layout;
  build: Build;
  /** Back end of the workers; chosen before, so no "auto". */
  io: "uring" | "syscall";
  /** 0-1,000: how long a worker spins before it sleeps. */
  spinMicroseconds: number;
  /** Folder where frames are saved of which a worker died. */
  runDirectory: string;
  /** Frames may make a worker fail (debug build only; abi/fault.ts). */
  faultFrames: boolean;
}

/** What a worker's thread is started with. */
export interface ThreadSettings extends ForwarderSettings {
  memory: WebAssembly.Memory;
  module: WebAssembly.Module;
}

/** What it is told to begin with. */
export interface WorkerOrder {
  index: number;
  /** Wakes this worker: written by whoever changes the tables. */
  eventfd: number;
  /** What its predecessor in this process died of; null for the first. */
  death: Death | null;
}

export type WorkerSettings = ThreadSettings & WorkerOrder;
