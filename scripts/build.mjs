/** `npm run build`: AssemblyScript to dist/wasm/ in four builds (debug, release, single, explain), TypeScript to dist/, and the
 *  link that makes `npx portyard` work in the project's root. A build of AssemblyScript is skipped when nothing that
 *  it reads is newer than what it wrote; tsc knows that by itself. It is TypeScript's native compiler; the one before it is there for typedoc
 *  and for the test that both take our types. What was written of sources that are gone is removed. All output goes to stderr. */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, lstatSync, mkdirSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { ensureDependencies } from "./support/dependencies.mjs";
import { fail, root } from "./support/root.mjs";
import { removeStaleOutput } from "./support/stale-output.mjs";

const builds = ["debug", "release", "single", "explain"];
const outputs = ["wasm", "wat", "js", "d.ts"];

/** Time of the newest file or folder (a removed file changes its folder). */
function newest(path) {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), status.mtimeMs);
}

function isCurrent(build, sourceTime) {
  return outputs.every((ending) => {
    const file = join(root, `dist/wasm/portyard.${build}.${ending}`);
    return existsSync(file) && statSync(file).mtimeMs > sourceTime;
  });
}

function run(name, script, args) {
  const { status } = spawnSync(process.execPath, [join(root, "node_modules", script), ...args], { cwd: root, stdio: ["ignore", 2, 2] });
  if (status !== 0) fail(`build: ${name} failed`);
}

/** The types that asc wrote for the module's exports go where TypeScript looks for them: beside the source and its output. */
function copyTypes() {
  mkdirSync(join(root, "dist/bindings/wasm"), { recursive: true });
  for (const folder of ["bindings/wasm", "dist/bindings/wasm"]) {
    copyFileSync(join(root, "dist/wasm/portyard.release.d.ts"), join(root, folder, "abi.d.ts"));
  }
}

/** npm links the programs of dependencies only; without this one `npx portyard` would ask the registry. */
function linkProgram() {
  const link = join(root, "node_modules/.bin/portyard");
  const isThere = lstatSync(link, { throwIfNoEntry: false }) !== undefined;
  if (process.platform !== "win32" && !isThere) symlinkSync("../../scripts/portyard.mjs", link);
}

ensureDependencies();
mkdirSync(join(root, "dist/wasm"), { recursive: true });
const sourceTime = Math.max(...["assembly", "asconfig.json", "package-lock.json"].map((name) => newest(join(root, name))));
for (const build of builds) {
  if (!isCurrent(build, sourceTime))
    run(`assembly (${build})`, "assemblyscript/bin/asc.js", ["--config", "asconfig.json", "--target", build]);
}
copyTypes();
removeStaleOutput(root);
run("typescript", "typescript-native/bin/tsc", ["-p", "tsconfig.json"]);
linkProgram();
