/** Engines of a native test, whose forwarder and files go with the test however that ends: a forwarder outlives its agent
 *  by design. Instances are called `pyt-PID` and what follows. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { EngineConfig } from "../../bindings/config/types.ts";
import { Engine } from "../../bindings/engine.ts";
import type { EngineOptions } from "../../bindings/engine/types.ts";
import { onEnd } from "../support/cleanup.ts";

const RUN = "/run/portyard";
const SHARED_MEMORY = "/dev/shm";
const INSTANCE = /^(?:portyard-)?(pyt-(\d+).*)$/;

/** Names of the instances that this process has made. */
const made = new Set<string>();

/** As Engine.create; what is left of instances whose test was killed is removed first. */
export async function createEngine(config: EngineConfig, options: EngineOptions = {}): Promise<Engine> {
  removeDeadInstances();
  if (!made.has(config.name)) onEnd(`engine ${config.name}`, () => removeInstance(config.name));
  made.add(config.name);
  return Engine.create(config, options);
}

function removeDeadInstances(): void {
  const found = [RUN, SHARED_MEMORY].filter(existsSync).flatMap((folder) => readdirSync(folder));
  for (const entry of found) {
    const [, name, pid] = INSTANCE.exec(entry) ?? [];
    if (name !== undefined && !existsSync(`/proc/${pid}`)) removeInstance(name);
  }
}

/** Ends the instance's forwarder, if it still runs, and removes its files. */
function removeInstance(name: string): void {
  for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    if (isForwarder(pid, name)) process.kill(Number(pid), "SIGKILL");
  }
  rmSync(join(RUN, name), { recursive: true, force: true });
  rmSync(join(SHARED_MEMORY, `portyard-${name}`), { force: true });
}

function isForwarder(pid: string, name: string): boolean {
  try {
    return new RegExp(`portyard-(forwarder|standby).* ${name} `).test(readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "));
  } catch {
    return false; // it has ended meanwhile
  }
}
