/** What an inline engine is made of: one worker in the calling thread, memory ports only, the single-threaded module. */
import type { EngineConfig, PortConfig } from "../config/types.ts";
import { PortyardError } from "../error.ts";
import { copyLivingTables } from "../explain/explainer.ts";
import { errnoName } from "../native/errno.ts";
import { layOut } from "../tables/layout.ts";
import { Claims } from "./claims.ts";
import { faultFrames } from "./fault-frames.ts";
import { InlineLink } from "./inline-link.ts";
import { Networks } from "./networks.ts";
import type { Parts } from "./parts.ts";
import { Ports } from "./ports.ts";
import { Services } from "./services.ts";
import { EngineStore } from "./store.ts";
import type { EngineOptions } from "./types.ts";
import { Watcher } from "./watcher.ts";

/** One worker in this thread, memory ports only. */
export function inlineParts(config: EngineConfig, options: EngineOptions): Parts {
  faultFrames(options, options.build ?? "single");
  const link = new InlineLink();
  const layout = layOut({ macs: config.tables.macs, flows: config.tables.flows, workers: 1 });
  const store = EngineStore.create(layout, options.build ?? "single", 1, null, () => link.wake(), "new", options.hashSeed);
  link.use(store);
  const networks = new Networks(store);
  const ports = new Ports(store, networks, link, {
    open: refuseDevice,
    inherit: refuseDevice,
    check: async (configs) => {
      for (const config of configs) await refuseDevice(config);
    },
    discard: async () => {},
  });
  const watcher = new Watcher(
    store,
    networks,
    ports,
    errnoName,
    () => {},
    () => "",
    () => null,
    () => link.nowMs,
  );
  return {
    store,
    networks,
    ports,
    services: new Services(store, networks, ports, () => link.nowMs),
    claims: new Claims(store, networks, ports),
    link,
    watcher,
    io: "memory",
    inline: link,
    nowMs: () => link.nowMs,
    nameOfErrno: errnoName,
    copyTables: (memory) => copyLivingTables(store.tables, layout, memory),
    start: () => link.start(),
    hasPredecessor: () => false,
    leave: async () => {},
    close: () => link.stop(),
  };
}

async function refuseDevice(config: PortConfig): Promise<null> {
  if (config.memory !== undefined) return null;
  throw new PortyardError("isolation", `Port ${config.name} needs the kernel; an inline engine has memory ports only.`, {
    value: config.name,
    remedy: 'Use isolation "process" or "thread".',
  });
}
