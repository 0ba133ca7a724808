/** What the two sides of a duel over stations and their referee share. */
import type { Build } from "../../../bindings/wasm/module.ts";

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
