/** A packet forwarding engine for container networks, as a library: what `import { Engine } from "portyard"` gives. An {@link Engine} is a switch
 *  made of a configuration, which {@link parseConfig} checks; {@link explain} and {@link replay} answer what one would do with a frame, or
 *  with captured traffic; a {@link Balancer} chooses which instance of a service gets a request. Ports in memory need no right and no kernel; TAPs and packet sockets need Linux, koffi and `CAP_NET_ADMIN`.
 *
 *  Two ports in memory, and a frame to everybody between them:
 *
 *  ```ts
 *  import { Engine, parseConfig } from "portyard";
 *
 *  const ports = ["a", "b"].map((name) => ({ name, network: "blue", memory: {} }));
 *  const engine = await Engine.create(parseConfig({ networks: [{ name: "blue" }], ports }), { isolation: "inline" });
 *  engine.memoryPort("b").onFrame(({ length }) => console.log(`b got ${length} bytes`));
 *  engine.memoryPort("a").send(new Uint8Array(60).fill(0xff, 0, 6).fill(0x02, 6, 12));
 *  await engine.close();
 *  ```
 *
 *  It prints `b got 60 bytes`. Every error is a {@link PortyardError} with a stable code.
 *
 *  @module */
export { Balancer } from "./balancer.ts";
export { type CaptureStream, openCapture } from "./capture/capture-stream.ts";
export type { CaptureDamage, CaptureFrame, CaptureInterface } from "./capture/types.ts";
export { Engine } from "./engine.ts";
export { type ParseOptions, parseConfig } from "./config/parse.ts";
export { BadConfiguration, type Key, type Problem, type Source } from "./config/problem.ts";
export { configInput } from "./config/as-input.ts";
export type { ConfigInput } from "./config/schema.ts";
export { readConfigFile } from "./config/read.ts";
export type * from "./config/types.ts";
export { type ConfigRemarks, formatConfig } from "./config/write.ts";
export type { MemoryPort } from "./engine/memory-port.ts";
export type * from "./engine/types.ts";
export { PortyardError, type PortyardErrorFields } from "./error.ts";
export { explain } from "./explain/explain-config.ts";
export type * from "./explain/service-types.ts";
export type * from "./explain/types.ts";
export { compare, type CompareOptions, type Comparison, type Difference, type Verdict } from "./replay/compare.ts";
export type { Lease } from "./ipam/lease.ts";
export { inMemory } from "./replay/replay-config.ts";
export { replay } from "./replay/replay.ts";
export type { Served } from "./replay/serving.ts";
export type * from "./replay/types.ts";
export type { BalancerInput } from "./service/schema.ts";
export type * from "./service/types.ts";
