/** `npm run build`: TypeScript to dist/, AssemblyScript to dist/wasm/ in three builds (debug, release, single).
 *  Each is skipped when nothing that it reads is newer than what it wrote. */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const builds = ["debug", "release", "single"];

function newest(path) {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), 0);
}

function run(name, script, args) {
  const { status } = spawnSync(process.execPath, [join(root, "node_modules", script), ...args], { cwd: root, stdio: "inherit" });
  if (status !== 0) {
    console.error(`build: ${name} failed`);
    process.exit(1);
  }
}

mkdirSync(join(root, "dist/wasm"), { recursive: true });
const source = Math.max(newest(join(root, "assembly")), statSync(join(root, "asconfig.json")).mtimeMs);
for (const build of builds) {
  const output = join(root, `dist/wasm/portyard.${build}.wasm`);
  if (existsSync(output) && statSync(output).mtimeMs > source) continue;
  run(`assembly (${build})`, "assemblyscript/bin/asc.js", ["--config", "asconfig.json", "--target", build]);
}
mkdirSync(join(root, "dist/bindings/wasm"), { recursive: true });
for (const folder of ["bindings/wasm", "dist/bindings/wasm"]) {
  copyFileSync(join(root, "dist/wasm/portyard.release.d.ts"), join(root, folder, "abi.d.ts"));
}
run("typescript", "typescript/bin/tsc", ["-p", "tsconfig.json"]);
