/** Waiting for what no event tells of. */
import { setTimeout as after } from "node:timers/promises";
import { PortyardError } from "../../bindings/error.ts";

const STEP_MS = 20;

/** Waits for something that no event tells of.
 *  @throws PortyardError `timed-out` after `limitMs`. */
export async function waitUntil(what: string, limitMs: number, isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + limitMs; !isSo(); await after(STEP_MS)) {
    if (Date.now() > end) throw new PortyardError("timed-out", `Waited ${limitMs} ms for ${what}.`);
  }
}
