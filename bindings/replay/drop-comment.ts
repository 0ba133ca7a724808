/** What the file of drops says beside a frame. */
import { MAX_OPTION_BYTES } from "../capture/limits.ts";
import type { ReplayedDrop } from "./types.ts";

/** For the line that stands for those that are left out. */
const REST_BYTES = 32;

/** "too-big at db", a line for each drop, in the order in which they happened; where a comment cannot hold them all the last line says how many
 *  more there are. */
export function dropComment(drops: readonly ReplayedDrop[]): string {
  const lines = drops.map(({ reason, port }) => `${reason} at ${port}`);
  const comment = lines.join("\n");
  return comment.length <= MAX_OPTION_BYTES ? comment : shortened(lines);
}

/** Reasons and names are ASCII: a character is a byte. */
function shortened(lines: readonly string[]): string {
  let [bytes, count] = [REST_BYTES, 0];
  for (const line of lines) {
    bytes += line.length + 1;
    if (bytes > MAX_OPTION_BYTES) break;
    count++;
  }
  return [...lines.slice(0, count), `and ${lines.length - count} more`].join("\n");
}
