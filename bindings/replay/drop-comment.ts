/** What the file of drops says beside a frame. */
import type { ReplayedDrop } from "./types.ts";

/** "too-big at db", a line for each drop, in the order in which they happened. */
export function dropComment(drops: readonly ReplayedDrop[]): string {
  return drops.map(({ reason, port }) => `${reason} at ${port}`).join("\n");
}
