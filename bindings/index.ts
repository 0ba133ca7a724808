/** What `import { Engine } from "portyard"` gives. */
export { Engine } from "./engine.ts";
export { parseConfig } from "./config/parse.ts";
export { BadConfiguration } from "./config/problem.ts";
export { readConfigFile } from "./config/read.ts";
export type * from "./config/types.ts";
export { MemoryPort } from "./engine/memory-port.ts";
export type * from "./engine/types.ts";
export { PortyardError } from "./error.ts";
