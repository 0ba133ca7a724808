/** What this process has open. */
import { readdirSync, readlinkSync } from "node:fs";

/** What each descriptor leads to that leads to a path below `folder`, or to one of `others`. */
export function openBelow(folder: string, ...others: string[]): string[] {
  return readdirSync("/proc/self/fd")
    .map((descriptor) => {
      try {
        return readlinkSync(`/proc/self/fd/${descriptor}`);
      } catch {
        return ""; // that by which the list was read
      }
    })
    .filter((path) => path.startsWith(`${folder}/`) || others.includes(path))
    .sort();
}
