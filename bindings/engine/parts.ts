/** What an engine is made of, for each isolation. */
import type { EngineConfig, PortConfig } from "../config/types.ts";
import { PortyardError } from "../error.ts";
import type { ForwarderLink, LinkListener } from "../forwarder/link.ts";
import { ProcessLink } from "../forwarder/process-link.ts";
import type { ForwarderSettings } from "../forwarder/settings.ts";
import { ThreadLink } from "../forwarder/thread-link.ts";
import { layOut } from "../tables/layout.ts";
import type { Build } from "../wasm/module.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import { errnoName } from "../native/errno.ts";
import { interfaceIndex } from "../native/interface.ts";
import { hostAddress, mapShared } from "../native/memory.ts";
import type { TablesFile } from "../native/tables-file.ts";
import { probeUring } from "../native/uring.ts";
import type { OpenPort } from "../ports/open-port.ts";
import { openPacketPort } from "../ports/packet.ts";
import { openTapPort } from "../ports/tap.ts";
import { InlineLink } from "./inline-link.ts";
import { Networks } from "./networks.ts";
import { type PortEntry, Ports } from "./ports.ts";
import { EngineStore } from "./store.ts";
import { Supervisor } from "./supervisor.ts";
import { defaultRunDirectory, openTables, removeRunFiles, removeTables } from "./tables-place.ts";
import type { EngineOptions, IoBackend } from "./types.ts";
import { Watcher } from "./watcher.ts";

export interface Parts {
  store: EngineStore;
  networks: Networks;
  ports: Ports;
  link: ForwarderLink;
  watcher: Watcher;
  io: IoBackend;
  /** Of an inline engine. */
  inline: InlineLink | null;
  nameOfErrno: (errno: number) => string;
  /** @param onLost called when the device of a port went away. */
  start(onLost: (entry: PortEntry) => void): Promise<void>;
  close(): Promise<void>;
}

/** One worker in this thread, memory ports only. */
export function inlineParts(config: EngineConfig, options: EngineOptions): Parts {
  const link = new InlineLink();
  const layout = layOut({ macs: config.tables.macs, workers: 1 });
  const store = EngineStore.create(
    layout,
    options.build ?? "single",
    1,
    () => {},
    () => link.wake(),
  );
  link.use(store);
  const networks = new Networks(store);
  const ports = new Ports(store, networks, link, refuseDevice);
  const watcher = new Watcher(store, networks, ports, errnoName, () => {});
  return {
    store,
    networks,
    ports,
    link,
    watcher,
    io: "memory",
    inline: link,
    nameOfErrno: errnoName,
    start: () => link.start(),
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

/** Workers in threads, of this process or of a forwarder process. */
export async function kernelParts(config: EngineConfig, options: EngineOptions): Promise<Parts> {
  const io = chooseIo(options.io ?? "auto");
  const layout = layOut({ macs: config.tables.macs, workers: config.workers });
  const settings: ForwarderSettings = {
    name: config.name,
    layout,
    build: kernelBuild(options),
    io,
    spinMicroseconds: options.spinMicroseconds ?? 0,
  };
  return options.isolation === "thread" ? threadParts(settings, options) : processParts(settings, options);
}

/** @throws PortyardError `uring-unavailable` when it is asked for and not to be had. */
function chooseIo(wanted: IoBackend | "auto"): "uring" | "syscall" {
  if (wanted === "syscall") return "syscall";
  if (wanted === "memory")
    throw new PortyardError("isolation", "Kernel ports are not moved by calls.", {
      value: wanted,
      remedy: 'Use "uring", "syscall" or "auto".',
    });
  const probe = probeUring();
  if (probe.available) return "uring";
  if (wanted === "auto") return "syscall";
  throw new PortyardError("uring-unavailable", probe.reason, { value: wanted, remedy: 'Use io "auto" or "syscall".' });
}

function kernelBuild(options: EngineOptions): Exclude<Build, "single"> {
  if (options.build !== "single") return options.build ?? "release";
  throw new PortyardError("isolation", "The single-threaded build has no shared memory.", {
    value: options.build,
    remedy: 'Use isolation "inline", or another build.',
  });
}

function threadParts(settings: ForwarderSettings, options: EngineOptions): Parts {
  let link: ForwarderLink | null = null;
  const store = EngineStore.create(
    settings.layout,
    settings.build,
    settings.layout.workers,
    () => {},
    () => link?.wake(),
  );
  return assemble(
    store,
    settings,
    options,
    (listener) => {
      link = new ThreadLink(settings, store.memory, listener);
      return link;
    },
    () => {},
  );
}

function processParts(settings: ForwarderSettings, options: EngineOptions): Parts {
  const directory = options.runDirectory ?? defaultRunDirectory(settings.name);
  const file = openTables(settings.name, directory, settings.layout.tablesBytes);
  let link: ForwarderLink | null = null;
  const store = EngineStore.create(
    settings.layout,
    settings.build,
    0,
    (memory) => mapTables(memory, file, settings),
    () => link?.wake(),
  );
  const remove = () => {
    removeTables(file);
    removeRunFiles(directory);
  };
  return assemble(
    store,
    settings,
    options,
    (listener) => {
      link = new ProcessLink(settings, file, directory, listener);
      return link;
    },
    remove,
  );
}

function mapTables(memory: WebAssembly.Memory, file: TablesFile, settings: ForwarderSettings): void {
  mapShared(hostAddress(memory) + BigInt(map.TABLES), file.descriptor, settings.layout.tablesBytes);
}

function assemble(
  store: EngineStore,
  settings: ForwarderSettings,
  options: EngineOptions,
  connect: (listener: LinkListener) => ForwarderLink,
  remove: () => void,
): Parts {
  store.tables.configure(hostAddress(store.memory), settings.layout.workersBase);
  const log = options.log ?? (() => {});
  const link = connect({ down: (reason) => supervisor.ended(reason), log });
  const networks = new Networks(store);
  const indices = new Map<string, number | null>();
  const ports: Ports = new Ports(store, networks, link, (config, mtu) => openDevice(settings.name, config, mtu, indices));
  const supervisor = new Supervisor(store, link, () => ports, {
    down: (reason, delayMs) => watcher.emit("forwarderDown", reason, delayMs),
    up: (pid) => watcher.emit("forwarderUp", pid ?? 0),
    log: (message, details) => log("error", message, details),
  });
  let lost: (entry: PortEntry) => void = () => {};
  const watcher = new Watcher(store, networks, ports, errnoName, (entry) => lost(entry));
  return {
    store,
    networks,
    ports,
    link,
    watcher,
    io: settings.io,
    inline: null,
    nameOfErrno: errnoName,
    async start(onLost) {
      lost = onLost;
      await supervisor.start();
      watcher.start((entry) => entry.device !== null && interfaceIndex(entry.device.interface) === indices.get(entry.config.name));
    },
    async close() {
      watcher.stop();
      await supervisor.stop();
      for (const entry of ports.all()) await entry.device?.close();
      remove();
    },
  };
}

/** Opens what a port is made of. `indices`: the kernel's number of each packet port's interface. */
async function openDevice(instance: string, config: PortConfig, mtu: number, indices: Map<string, number | null>): Promise<OpenPort> {
  if (config.tap !== undefined) {
    if (config.mac === undefined) throw new PortyardError("mac-missing", `Port ${config.name} has no MAC.`, { path: "mac" });
    return openTapPort({ instance, name: config.name, tap: config.tap, mac: config.mac, mtu });
  }
  if (config.packet !== undefined) {
    indices.set(config.name, interfaceIndex(config.packet.interface));
    return openPacketPort({ name: config.name, packet: config.packet });
  }
  throw new PortyardError("isolation", `Port ${config.name} is a memory port, which only an inline engine has.`, {
    value: config.name,
    remedy: 'Use isolation "inline", or a tap or packet port.',
  });
}
