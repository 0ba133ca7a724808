/** What `import { Engine } from "portyard"` gives. */
export { type CaptureStream, openCapture } from "./capture/capture-stream.ts";
export type { CaptureDamage, CaptureFrame, CaptureInterface } from "./capture/types.ts";
export { Engine } from "./engine.ts";
export { type ParseOptions, parseConfig } from "./config/parse.ts";
export { BadConfiguration, type Key, type Problem, type Source } from "./config/problem.ts";
export { configInput } from "./config/as-input.ts";
export { readConfigFile } from "./config/read.ts";
export type * from "./config/types.ts";
export { type ConfigRemarks, formatConfig } from "./config/write.ts";
export type { MemoryPort } from "./engine/memory-port.ts";
export type * from "./engine/types.ts";
export { PortyardError, type PortyardErrorFields } from "./error.ts";
export { explain } from "./explain/explain-config.ts";
export type * from "./explain/types.ts";
export { compare, type CompareOptions, type Comparison, type Difference, type Verdict } from "./replay/compare.ts";
export type { Lease } from "./ipam/lease.ts";
export { replay } from "./replay/replay.ts";
export type * from "./replay/types.ts";
