/** `npm start [-- ARGUMENTS]`: from a fresh clone to the running demo. Checks Node.js, installs what is missing, builds, then
 *  is `portyard demo ARGUMENTS` in this very process, so that signals and the terminal are the demo's own. The set-up
 *  speaks on stderr: stdout holds what the demo prints. `--no-install` forbids installing system packages. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensurePrograms } from "./packages.mjs";
import { ensureDependencies } from "./support/dependencies.mjs";
import { root } from "./support/root.mjs";

const NO_INSTALL = "--no-install";
const args = process.argv.slice(2);

ensureDependencies();
ensurePrograms("start", !args.includes(NO_INSTALL));
const { status } = spawnSync(process.execPath, [join(root, "scripts/build.mjs")], { cwd: root, stdio: ["ignore", 2, 2] });
if (status !== 0) process.exit(1);

// the demo starts itself again in a user namespace: it must find the program in its arguments, not this script
const program = join(root, "scripts/portyard.mjs");
process.argv.splice(1, Infinity, program, "demo", ...args.filter((argument) => argument !== NO_INSTALL));
await import(pathToFileURL(program).href);
