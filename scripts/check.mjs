/** `npm run check`: builds (asc debug, release, single and explain; tsc), then format, lint and the project's own rules. `npm test`
 *  runs the same checks. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./support/root.mjs";

for (const script of ["scripts/build.mjs", "dist/scripts/check/main.js"]) {
  const { status } = spawnSync(process.execPath, [join(root, script)], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(1);
}
