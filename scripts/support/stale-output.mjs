/** What the compiler wrote to dist/ of a source that is gone since: tsc leaves it there, tests could go on importing it, and npm would pack it. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, sep } from "node:path";

const OUTPUT = /\.(js|js\.map|d\.ts)$/;
/** Folders of sources. What is in those called `wasm` asc has written. */
const FOLDERS = ["agent", "assembly", "bench", "bindings", "cli", "examples", "native-test", "scripts", "test"];

/** Removes it below `root`/dist; returns the paths in dist of what it removed. */
export function removeStaleOutput(root) {
  const stale = FOLDERS.flatMap((folder) => outputs(join(root, "dist"), folder)).filter(
    (path) => !existsSync(join(root, path.replace(OUTPUT, ".ts"))),
  );
  for (const path of stale) rmSync(join(root, "dist", path), { force: true });
  return stale;
}

function outputs(dist, folder) {
  if (!existsSync(join(dist, folder))) return [];
  const paths = readdirSync(join(dist, folder), { recursive: true }).map((path) => join(folder, path));
  return paths.filter((path) => OUTPUT.test(path) && !path.split(sep).includes("wasm"));
}
