/** Loads the engine's module and puts an instance over a memory. Instances over one shared memory share everything but
 *  their globals; the module keeps no state of its own, so an instance may come and go at any time. */
import { readFileSync } from "node:fs";
import { instantiateSync } from "@assemblyscript/loader";
import { ABI_VERSION } from "../../assembly/abi/limits.ts";
import type { Build } from "../engine/types.ts";
import { PortyardError } from "../error.ts";
import type { instantiate } from "./abi.js";

export type { Build } from "../engine/types.ts";
/** Explain is single, and notes what it does. */
export type Module = Build | "explain";
/** What assembly/index.ts exports; pointers and booleans are numbers. */
export type EngineExports = Awaited<ReturnType<typeof instantiate>>;

const compiled = new Map<Module, WebAssembly.Module>();

/** The compiled module of a build, once for each thread.
 *  @throws PortyardError `not-built` when dist/wasm has none. */
export function loadModule(build: Module): WebAssembly.Module {
  let module = compiled.get(build);
  if (module === undefined) {
    module = new WebAssembly.Module(readModule(build));
    compiled.set(build, module);
  }
  return module;
}

function readModule(build: Module): Uint8Array<ArrayBuffer> {
  const url = new URL(`../../wasm/portyard.${build}.wasm`, import.meta.url);
  try {
    return new Uint8Array(readFileSync(url));
  } catch (cause) {
    throw new PortyardError("not-built", `The engine's module ${url.pathname} is missing.`, {
      path: url.pathname,
      remedy: "Run `npm run build`.",
      cause,
    });
  }
}

/** An instance over `memory`, whose ABI is the one that these bindings were compiled with.
 *  @throws PortyardError `abi-mismatch`. */
export function instantiateEngine(module: WebAssembly.Module, memory: WebAssembly.Memory): EngineExports {
  // the instance's own exports: around each of them the loader has a closure that passes an array of arguments on; and in a plain object,
  // whose properties are found faster than those of a namespace
  const { instance } = instantiateSync(module, { env: { memory, abort } });
  const engine = { ...instance.exports } as unknown as EngineExports;
  if (engine.abiVersion() !== ABI_VERSION) {
    throw new PortyardError("abi-mismatch", `The module has ABI ${engine.abiVersion()}, the bindings ${ABI_VERSION}.`, {
      remedy: "Run `npm run build`.",
    });
  }
  return engine;
}

/** Called by a failed check of a debug build. */
function abort(_message: number, _file: number, line: number, column: number): never {
  throw new PortyardError("engine-check", `A check of the engine failed at line ${line}, column ${column}.`);
}
