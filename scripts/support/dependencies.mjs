/** npm's part of the set-up: node_modules must hold what the lock file says. Compared is content, not time: a fresh
 *  checkout is newer than what was installed for it. An optional dependency that could not be installed is not missed. */
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fail, root, say } from "./root.mjs";

const LEAST_NODE = 20;

/** Installs with `npm ci` when node_modules differs from the lock file; ends the script when that fails. */
export function ensureDependencies() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < LEAST_NODE) fail(`Node.js ${LEAST_NODE} or newer is needed, this is ${process.version}: see https://nodejs.org/en/download`);
  if (!isOutOfDate()) return;
  if (isLink(join(root, "node_modules"))) fail("node_modules is a link to another folder and out of date: run `npm ci` there");
  say("installing npm packages (npm ci)");
  const { status, error } = npm(["ci"]);
  if (status !== 0 || isOutOfDate()) fail(`npm ci failed${error ? ` (${error.message})` : ""}: its words stand above`);
}

/** Runs npm, the one that started this script if there is one; its output goes to stderr. */
function npm(args) {
  const own = process.env.npm_execpath;
  const options = { cwd: root, stdio: ["ignore", 2, 2] };
  if (own?.endsWith(".js")) return spawnSync(process.execPath, [own, ...args], options);
  return spawnSync("npm", args, { ...options, shell: process.platform === "win32" });
}

function isOutOfDate() {
  const installed = packagesOf(join(root, "node_modules/.package-lock.json"));
  const wanted = packagesOf(join(root, "package-lock.json"));
  if (!installed || !wanted) return true;
  const missing = Object.keys(wanted).some((path) => path !== "" && !wanted[path].optional && !installed[path]);
  return missing || Object.keys(installed).some((path) => installed[path].version !== wanted[path]?.version);
}

function packagesOf(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).packages : null;
}

function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}
