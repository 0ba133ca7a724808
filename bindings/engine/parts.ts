/** What an engine is made of. Of an inline one that is in inline-parts.ts. */
import type { EngineConfig } from "../config/types.ts";
import { PortyardError } from "../error.ts";
import { monotonicMs } from "../forwarder/clock.ts";
import type { ForwarderLink, LinkListener } from "../forwarder/link.ts";
import { type ForwarderSource, OwnForwarders, WaitingForwarders } from "../forwarder/forwarder-source.ts";
import { poisonPath } from "../forwarder/poison-file.ts";
import { ProcessLink } from "../forwarder/process-link.ts";
import type { ForwarderSettings } from "../forwarder/settings.ts";
import { ThreadLink } from "../forwarder/thread-link.ts";
import { layOut } from "../tables/layout.ts";
import type { Build } from "../wasm/module.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import { errnoName } from "../native/errno.ts";
import { loadKoffi } from "../native/koffi.ts";
import { hostAddress, mapShared } from "../native/memory.ts";
import type { TablesFile } from "../native/tables-file.ts";
import { probeUring } from "../native/uring.ts";
import { copyLivingTables, type CopyTables } from "../explain/explainer.ts";
import type { InlineLink } from "./inline-link.ts";
import { Changeover, type ChangeoverParts } from "./changeover.ts";
import { type Claiming, Claims } from "./claims.ts";
import { faultFrames } from "./fault-frames.ts";
import { type LeftFile, newSocketIn, tidy } from "./left-file.ts";
import { Networks } from "./networks.ts";
import { checkDevices, discardDevice, inheritDevice, isThere, openDevice } from "./open-device.ts";
import { givePrecedence } from "./precedence.ts";
import { type PortEntry, Ports } from "./ports.ts";
import { Services } from "./services.ts";
import { EngineStore, type Origin } from "./store.ts";
import { Supervisor } from "./supervisor.ts";
import {
  abandonTables,
  defaultRunDirectory,
  makeRunFolder,
  openTables,
  type RunFolder,
  removeForwarderFiles,
  removePoisonFolder,
  removeRunFolder,
  removeTables,
} from "./tables-place.ts";
import type { EngineOptions, IoBackend } from "./types.ts";
import { Watcher } from "./watcher.ts";

export interface Parts {
  store: EngineStore;
  networks: Networks;
  ports: Ports;
  services: Services;
  claims: Claiming;
  link: ForwarderLink;
  watcher: Watcher;
  io: IoBackend;
  /** Of an inline engine. */
  inline: InlineLink | null;
  /** The time that entries are stamped with, in milliseconds. */
  nowMs: () => number;
  nameOfErrno: (errno: number) => string;
  /** Shows another memory what the tables say. */
  copyTables: CopyTables;
  /** Something forwards without this engine, and is to go on if it does not come up. */
  hasPredecessor(): boolean;
  /** @param onLost called when the device of a port went away. */
  start(onLost: (entry: PortEntry) => void): Promise<void>;
  /** Leaves forwarder, tables and devices to the next owner. */
  leave(): Promise<void>;
  close(): Promise<void>;
}

/** What becomes of the tables: they go, or this engine lets go of them. */
interface TablesEnd {
  remove: () => void;
  abandon: () => void;
}

/** Tables that are to take the place of others. */
type Replacement = Pick<ChangeoverParts, "file" | "left">;

/** Workers in threads, of this process or of a forwarder process. @throws PortyardError `koffi-missing`, `linux-only` before anything else. */
export async function kernelParts(config: EngineConfig, options: EngineOptions): Promise<Parts> {
  loadKoffi();
  const io = chooseIo(options.io ?? "auto");
  const layout = layOut({ macs: config.tables.macs, flows: config.tables.flows, workers: config.workers });
  const build = kernelBuild(options);
  const settings: ForwarderSettings = {
    name: config.name,
    layout,
    build,
    io,
    spinMicroseconds: options.spinMicroseconds ?? 0,
    runDirectory: options.runDirectory ?? defaultRunDirectory(config.name),
    faultFrames: faultFrames(options, build),
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
    { remove: () => removePoisonFolder(settings.runDirectory), abandon() {} },
    (memory) => copyLivingTables(store.tables, settings.layout, memory),
  );
}

async function processParts(settings: ForwarderSettings, options: EngineOptions): Promise<Parts> {
  const folder = makeRunFolder(settings.runDirectory);
  try {
    await tidy({ name: settings.name, runDirectory: folder.path });
    return partsInFolder(settings, options, folder);
  } catch (error) {
    removeRunFolder(folder);
    throw error;
  }
}

function partsInFolder(settings: ForwarderSettings, options: EngineOptions, folder: RunFolder): Parts {
  const { file, origin, left } = openTables(settings.name, folder, settings.layout);
  const remove = () => {
    removeTables(file);
    removeForwarderFiles(folder);
    removeRunFolder(folder);
  };
  const abandon = () => abandonTables(file);
  try {
    return partsOverFile(settings, options, file, origin, left, folder.path, { remove, abandon });
  } catch (error) {
    if (left !== null) giveUp(file, left);
    else if (origin === "new") remove();
    else abandon();
    throw error;
  }
}

function giveUp(file: TablesFile, left: LeftFile): void {
  removeTables(file);
  abandonTables(left.file);
}

function partsOverFile(
  settings: ForwarderSettings,
  options: EngineOptions,
  file: TablesFile,
  origin: Origin,
  left: LeftFile | null,
  directory: string,
  end: TablesEnd,
): Parts {
  let link: ProcessLink | null = null;
  const prepare = (memory: WebAssembly.Memory) => mapTables(memory, file, settings);
  const store = EngineStore.create(settings.layout, settings.build, 0, prepare, () => link?.wake(), origin, undefined, file.created);
  const connect = (listener: LinkListener) => {
    link = new ProcessLink(
      settings,
      file,
      directory,
      listener,
      sourceOf(settings, options, directory, listener),
      options.standby ?? true,
      left === null ? undefined : newSocketIn(directory),
    );
    return link;
  };
  const copyTables = (memory: WebAssembly.Memory) => mapTables(memory, file, settings, { private: true });
  return assemble(store, settings, options, connect, end, copyTables, left === null ? undefined : { file, left });
}

function sourceOf(settings: ForwarderSettings, { forwarders }: EngineOptions, directory: string, { log }: LinkListener): ForwarderSource {
  return forwarders === "waiting" ? new WaitingForwarders(directory, log) : new OwnForwarders(settings.name, directory, log);
}

function mapTables(memory: WebAssembly.Memory, file: TablesFile, settings: ForwarderSettings, options = {}): void {
  mapShared(hostAddress(memory) + BigInt(map.TABLES), file.descriptor, settings.layout.tablesBytes, options);
}

function assemble(
  store: EngineStore,
  settings: ForwarderSettings,
  options: EngineOptions,
  connect: (listener: LinkListener) => ForwarderLink,
  { remove, abandon }: TablesEnd,
  copyTables: CopyTables,
  replacement?: Replacement,
): Parts {
  store.tables.configure(hostAddress(store.memory), settings.layout.workersBase, settings.faultFrames);
  const log = options.log ?? (() => {});
  const link = connect({
    down: (reason) => supervisor.ended(reason),
    standby: (pid) => {
      givePrecedence(pid);
      watcher.emit("standbyUp", pid);
    },
    log,
  });
  const networks = new Networks(store);
  const indices = new Map<string, number | null>();
  const ports: Ports = new Ports(store, networks, link, {
    open: (config, mtu) => openDevice(settings.name, config, mtu, indices),
    inherit: (config, mtu, device) => inheritDevice(settings.name, config, mtu, device, indices),
    check: checkDevices,
    discard: discardDevice,
  });
  const services = new Services(store, networks, ports, monotonicMs);
  const claims = new Claims(store, networks, ports);
  const changeover = replacement ? new Changeover({ store, networks, ports, services, link, settings, log, ...replacement }) : null;
  const supervisor = new Supervisor(store, link, () => ports, {
    down: (reason, delayMs) => watcher.emit("forwarderDown", reason, delayMs),
    up: (pid) => watcher.emit("forwarderUp", pid ?? 0),
    log: (message, details) => log("error", message, details),
  });
  let lost: (entry: PortEntry) => void = () => {};
  const watcher = new Watcher(
    store,
    networks,
    ports,
    errnoName,
    (entry) => lost(entry),
    (number) => poisonPath(settings.runDirectory, number),
    () => link.pid,
    monotonicMs,
  );
  return {
    store,
    networks,
    ports,
    services,
    claims: changeover ?? claims,
    link,
    watcher,
    io: settings.io,
    inline: null,
    nowMs: monotonicMs,
    nameOfErrno: errnoName,
    copyTables,
    hasPredecessor: () => changeover?.isUnderWay ?? store.origin !== "new",
    async start(onLost) {
      lost = onLost;
      if (store.origin === "new") await supervisor.start();
      if (changeover !== null) await changeover.begin();
      else if (store.origin !== "new") claims.begin(store.origin === "living" ? await supervisor.adopt() : await supervisor.revive());
      if (changeover === null && store.origin !== "new") await services.begin();
      watcher.start((device) => isThere(device, indices));
      services.start();
    },
    async leave() {
      watcher.stop();
      services.stop();
      if (changeover?.isUnderWay) {
        await supervisor.stop();
        return changeover.goBack();
      }
      supervisor.leave();
      ports.leaveDevices();
      abandon();
    },
    async close() {
      watcher.stop();
      services.stop();
      try {
        await supervisor.stop();
        await ports.closeDevices();
        if (changeover?.isUnderWay) await changeover.end();
      } finally {
        remove();
      }
    },
  };
}
