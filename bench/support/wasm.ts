/** AssemblyScript of a benchmark (bench/wasm/NAME.ts), which calls the engine's own functions where the module does not
 *  export them. Compiled with the options of the release build in asconfig.json, so that it is the same code. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./root.ts";
import { run } from "./shell.ts";

const output = join(projectRoot, "dist/bench/wasm");

export type Exports = Record<string, (...values: (number | bigint | boolean)[]) => number | bigint>;

/** Compiles bench/wasm/NAME.ts if a source is newer, and instantiates it over `memory`, which must be shared.
 *  @throws PortyardError `command-failed` with the compiler's words. */
export function instantiateBench(name: string, memory: WebAssembly.Memory): Exports {
  const file = join(output, `${name}.wasm`);
  if (!existsSync(file) || statSync(file).mtimeMs <= newestSource()) compile(name, file);
  const imports = {
    env: {
      memory,
      abort: () => {
        throw new Error(`${name}.wasm aborted`);
      },
    },
  };
  return new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), imports).exports as Exports;
}

function compile(name: string, file: string): void {
  mkdirSync(output, { recursive: true });
  const { options, targets } = JSON.parse(readFileSync(join(projectRoot, "asconfig.json"), "utf8"));
  const config = join(output, `${name}.asconfig.json`);
  const own = { outFile: file, textFile: file.replace(/wasm$/, "wat"), bindings: undefined, maximumMemory: 65536 };
  writeFileSync(config, JSON.stringify({ entries: [], options: { ...options, ...targets.release, ...own } }));
  const compiler = join(projectRoot, "node_modules/assemblyscript/bin/asc.js");
  run(process.execPath, [compiler, `bench/wasm/${name}.ts`, "--config", config, "--baseDir", projectRoot]);
}

function newestSource(): number {
  const folders = ["assembly", "bench/wasm", "bench/engine", "bench/services/frame-kinds.ts", "asconfig.json"];
  return Math.max(...folders.map((folder) => newest(join(projectRoot, folder))));
}

function newest(path: string): number {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), status.mtimeMs);
}
