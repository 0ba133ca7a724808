/** Writes the captures that tests and the demo read: `npm run build && node dist/scripts/make-captures.js`.
 *  They are committed; this is how they came to be, and a test compares them with what is made anew.       */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { madeFiles } from "./captures/all.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
for (const { path, bytes } of madeFiles()) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), bytes);
  console.log(`${path} ${bytes.length} bytes`);
}
