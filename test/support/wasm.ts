/** Runs AssemblyScript under test: `test/wasm/NAME.ts` is compiled by asc with the options of asconfig.json into
 *  `dist/test/wasm/NAME.BUILD.wasm`, again only when a source is newer, and instantiated over a memory of its own.
 *  Test files that run at the same time may compile the same entry: each writes to a folder of its own and renames.
 *
 *  A frame that ends at the last byte of memory (`putAtEnd`) makes every read or write beyond it a trap; inside the memory
 *  such a read would only return other bytes. So tests of parsers put their frames there. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export type Build = "debug" | "release" | "single";
/** Builds that every test of AssemblyScript runs on. `single` differs in its atomics only. */
export const BUILDS: readonly Build[] = ["debug", "release"];

/** The project's folder, also of the compiled tests in dist/. */
export const ROOT = findRoot(dirname(fileURLToPath(import.meta.url)));
const output = join(ROOT, "dist/test/wasm");

/** Exports with the types that they have in AssemblyScript: `bool` is boolean, `u32` unsigned, `u64` an unsigned bigint.
 *  An export called `udp_isValid` is found as `udp.isValid`; constants are plain values. */
// biome-ignore lint/suspicious/noExplicitAny: what a module exports is known when it has been compiled
export type Exports = Record<string, any>;

export interface TestModule {
  readonly build: Build;
  readonly memory: WebAssembly.Memory;
  /** All of the memory. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Bytes of the memory: the first address that traps. */
  readonly end: number;
  readonly wasm: Exports;
  /** Copies `content` to `pointer` and returns `pointer`. */
  put(content: Uint8Array, pointer: number): number;
  /** Copies `content` so that it ends at the last byte of memory and returns where it begins. */
  putAtEnd(content: Uint8Array): number;
}

/** Compiles `test/wasm/NAME.ts` if need be and instantiates it over `pages` pages of 64 KiB.
 *  @throws Error with the compiler's words when it does not compile. */
export async function instantiateTest(name: string, build: Build, pages = 4): Promise<TestModule> {
  const memory = new WebAssembly.Memory({
    initial: pages,
    maximum: pages,
    shared: build !== "single",
  });
  return instantiateTestOver(name, build, memory);
}

/** The same over a memory that there is.
 *  @throws Error with the compiler's words when it does not compile. */
export async function instantiateTestOver(name: string, build: Build, memory: WebAssembly.Memory): Promise<TestModule> {
  const file = compileTest(name, build);
  const bindings = await import(pathToFileURL(file.replace(/wasm$/, "js")).href);
  const exports = await bindings.instantiate(new WebAssembly.Module(readFileSync(file)), { env: { memory } });
  return testModule(build, memory, byNamespace(exports));
}

/** Path of the compiled entry; beside it lie its text (`.wat`) and its bindings (`.js`).
 *  @throws Error with the compiler's words when it does not compile. */
export function compileTest(name: string, build: Build): string {
  const file = join(output, `${name}.${build}.wasm`);
  if (existsSync(file) && statSync(file).mtimeMs > newestSource()) return file;
  mkdirSync(output, { recursive: true });
  const started = new Date();
  const folder = mkdtempSync(join(output, "compile-"));
  try {
    compile(name, build, folder);
    // a source saved meanwhile is newer than this; the module goes last: whoever sees it finds the bindings that belong to it
    utimesSync(join(folder, `${name}.${build}.wasm`), started, started);
    for (const ending of ["wat", "js", "wasm"])
      renameSync(join(folder, `${name}.${build}.${ending}`), join(output, `${name}.${build}.${ending}`));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return file;
}

function compile(name: string, build: Build, folder: string): void {
  const base = join(folder, `${name}.${build}`);
  const config = join(folder, "asconfig.json");
  writeFileSync(
    config,
    JSON.stringify({
      entries: [],
      options: {
        ...optionsOf(build),
        outFile: `${base}.wasm`,
        textFile: `${base}.wat`,
      },
    }),
  );
  const asc = join(ROOT, "node_modules/assemblyscript/bin/asc.js");
  const { status, stderr } = spawnSync(process.execPath, [asc, `test/wasm/${name}.ts`, "--config", config, "--baseDir", ROOT], {
    cwd: ROOT,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`test/wasm/${name}.ts does not compile (${build}):\n${stderr}`);
}

/** What asconfig.json says about a build, without its entries and outputs: those are the engine's. */
function optionsOf(build: Build): object {
  const { options, targets } = JSON.parse(readFileSync(join(ROOT, "asconfig.json"), "utf8"));
  return { ...options, ...targets[build], sourceMap: false };
}

function testModule(build: Build, memory: WebAssembly.Memory, wasm: Exports): TestModule {
  const bytes = new Uint8Array(memory.buffer);
  const put = (content: Uint8Array, pointer: number): number => {
    bytes.set(content, pointer);
    return pointer;
  };
  const putAtEnd = (content: Uint8Array): number => put(content, bytes.length - content.length);
  return {
    build,
    memory,
    bytes,
    view: new DataView(memory.buffer),
    end: bytes.length,
    wasm,
    put,
    putAtEnd,
  };
}

function byNamespace(exports: Exports): Exports {
  const result: Exports = {};
  // `in`: the bindings inherit from the module what needs no conversion
  for (const name in exports) {
    const value = typeof exports[name] === "function" ? exports[name] : exports[name].value;
    const [namespace, member] = name.split("_", 2);
    if (namespace && member) result[namespace] = { ...result[namespace], [name.slice(namespace.length + 1)]: value };
    else result[name] = value;
  }
  return result;
}

function newestSource(): number {
  return Math.max(newest(join(ROOT, "assembly")), newest(join(ROOT, "test/wasm")), newest(join(ROOT, "asconfig.json")));
}

function newest(path: string): number {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), status.mtimeMs);
}

function findRoot(folder: string): string {
  return existsSync(join(folder, "asconfig.json")) ? folder : findRoot(dirname(folder));
}
