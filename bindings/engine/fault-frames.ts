/** Whether frames may make a worker fail (assembly/abi/fault.ts): the debug build alone can. */
import { PortyardError } from "../error.ts";
import type { Build } from "../wasm/module.ts";
import type { EngineOptions } from "./types.ts";

/** What the options say. @throws PortyardError `fault-frames` when it is asked of another build. */
export function faultFrames({ faultFrames: wanted = false }: EngineOptions, build: Build): boolean {
  if (!wanted || build === "debug") return wanted;
  throw new PortyardError("fault-frames", `No frame makes a worker of the ${build} build fail.`, {
    value: build,
    remedy: 'Use build "debug", for tests only.',
  });
}
