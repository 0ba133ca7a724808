/** The captures that a replay is given: opened, and how far they have been read. */
import { statSync } from "node:fs";
import { openCapture } from "../../bindings/capture/index.ts";
import type { ReplayInput } from "../../bindings/replay/types.ts";

export interface NamedInput {
  /** Null: of both sides. */
  port: string | null;
  /** "-" is standard input. */
  path: string;
}

/** How standard input is called. */
export const STANDARD_INPUT = "-";

/** @returns the inputs, and which share of all their bytes has been read: null while it is not known how many there are. */
export function openInputs(named: readonly NamedInput[]): { inputs: ReplayInput[]; share: () => number | null } {
  const sizes = named.map(({ path }) => sizeOf(path));
  const total = sizes.includes(null) ? null : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  const inputs = named.map(({ port, path }) => ({ port, capture: openCapture(path === STANDARD_INPUT ? process.stdin : path) }));
  const read = () => inputs.reduce((sum, { capture }) => sum + capture.bytesRead, 0);
  return { inputs, share: () => (total === null || total === 0 ? null : read() / total) };
}

/** Null of what is no file, or cannot be looked at: whoever reads it says why. */
function sizeOf(path: string): number | null {
  if (path === STANDARD_INPUT) return null;
  try {
    const found = statSync(path);
    return found.isFile() ? found.size : null;
  } catch {
    return null;
  }
}
