/** What the two sides of a duel and their referee share. */
import type { Build } from "../../../bindings/wasm/module.ts";

// words of the control block; the first two are the steps of each side
/** Round that may run, -1 when it is over: set once for each, as a side that sees one which the other does not waits for it for ever. */
export const ROUND = 2;
/** Sides that rest. */
export const RESTING = 3;
export const CONTROL_WORDS = 4;

export interface DuelData {
  memory: WebAssembly.Memory;
  build: Build;
  index: number;
  control: SharedArrayBuffer;
  seed: number;
}

export const STEPS_PER_ROUND = 1000;
export const NETWORKS = 2;
/** Few enough to meet all the time. */
export const STATIONS = 6;
/** Ports 0 and 2 belong to worker 0, 1 and 3 to worker 1; each has a limit of its own. */
export const LIMITS = [1, 2, 3, 1];
