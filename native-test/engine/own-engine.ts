/** Engines of a native test, whose forwarder and files go with the test however that ends. */
import type { EngineConfig } from "../../bindings/config/types.ts";
import { Engine } from "../../bindings/engine.ts";
import type { EngineOptions } from "../../bindings/engine/types.ts";
import { onEnd } from "../support/cleanup.ts";
import { removeDeadInstances, removeInstance } from "../support/instances.ts";

/** Names of the instances that this process has made. */
const made = new Set<string>();

/** As Engine.create; what is left of instances whose test was killed is removed first. */
export async function createEngine(config: EngineConfig, options: EngineOptions = {}): Promise<Engine> {
  removeDeadInstances();
  if (!made.has(config.name)) onEnd(`engine ${config.name}`, () => removeInstance(config.name));
  made.add(config.name);
  return Engine.create(config, options);
}
