/** What the file of drops says beside a frame. */
import type { ReplayedDrop } from "./types.ts";

/** "too-big at db", and how often where that is more than once; one line for each reason and port, in the order in which they happened. */
export function dropComment(drops: readonly ReplayedDrop[]): string {
  const counts = new Map<string, number>();
  for (const { reason, port } of drops) counts.set(`${reason} at ${port}`, (counts.get(`${reason} at ${port}`) ?? 0) + 1);
  return [...counts].map(([what, times]) => (times === 1 ? what : `${what}, ${times} times`)).join("\n");
}
