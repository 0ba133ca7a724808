/** What an engine tells of itself, read from the tables. */
import * as counter from "../../assembly/abi/counter.ts";
import * as reasons from "../../assembly/abi/drop-reason.ts";
import { AGENT_WORKER } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as field from "../../assembly/abi/port.ts";
import * as flowCounts from "../tables/flow-counts.ts";
import * as macs from "../tables/mac-table.ts";
import * as ports from "../tables/port-table.ts";
import * as workers from "../tables/worker-table.ts";
import type { NetworkEntry, Networks } from "./networks.ts";
import type { PortEntry, Ports } from "./ports.ts";
import type { EngineStore } from "./store.ts";
import type { DropInfo, EngineCounters, IoBackend, MacInfo, NetworkInfo, PortInfo, WorkerInfo } from "./types.ts";
import type { Watcher } from "./watcher.ts";

/** Drop reasons by number, as they are printed. */
export const REASON_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(reasons)
    .filter(([, number]) => number !== reasons.NONE)
    .map(([name, number]) => [number, name.toLowerCase().replaceAll("_", "-")]),
);

const STATES: Record<number, PortInfo["state"]> = {
  [field.UP]: "up",
  [field.SHUT]: "shut",
  [field.GONE]: "gone",
  [field.FAILED]: "failed",
};

const WISHES: Record<number, PortInfo["desired"]> = { [field.UP]: "up", [field.SHUT]: "shut" };

/** What is said of a port that is shut for this reason. */
export const SHUT_NAMES: Record<number, string> = { [field.SHUT_POISON]: "poison" };

/** @param nameOfErrno "ENODEV" for 19. */
export function describePort(store: EngineStore, entry: PortEntry, io: IoBackend, nameOfErrno: (errno: number) => string): PortInfo {
  const { tables } = store;
  const { config, index } = entry;
  const errno = ports.errno(tables, index);
  const isShut = ports.actual(tables, index) === field.SHUT;
  const sum = (offset: number) => ports.sum(tables, index, offset);
  return {
    name: config.name,
    network: config.network ?? null,
    trunk: config.trunk ?? null,
    native: config.native ?? null,
    kind: entry.kind,
    io: entry.kind === "memory" ? "memory" : io,
    desired: WISHES[ports.desired(tables, index)] ?? "absent",
    generation: ports.generation(tables, index),
    state: STATES[ports.actual(tables, index)] ?? "pending",
    error: errno === 0 ? null : isShut ? (SHUT_NAMES[errno] ?? null) : nameOfErrno(errno),
    mac: config.mac ?? null,
    addresses: config.addresses,
    mtu: entry.mtu,
    pinned: (entry.device?.pins ?? null) !== null,
    worker: entry.worker,
    receivedFrames: sum(counter.RECEIVED_FRAMES),
    sentFrames: sum(counter.SENT_FRAMES),
    receivedBytes: sum(counter.RECEIVED_BYTES),
    sentBytes: sum(counter.SENT_BYTES),
    droppedFrames: sum(counter.DROPPED_FRAMES),
  };
}

/** What `show networks` tells of a network; `all` are the engine's ports. */
export function describeNetwork({ config }: NetworkEntry, all: PortEntry[]): NetworkInfo {
  const { name, subnets, gateways, internal, mtu, learning, macAgeSeconds } = config;
  const members = all.filter((port) => port.networks.some((network) => network.config.name === name));
  const gateway = gateways.find((address) => !address.includes(":")) ?? gateways[0] ?? null;
  const ports = members.map((port) => port.config.name);
  return { name, subnets, gateway, gateways, internal, mtu, ports, learning, macAgeSeconds };
}

/** Every station, by network and MAC.
 *  @param nowMs of the clock that the workers follow. */
export function describeMacs(store: EngineStore, networks: Networks, all: Ports, nowMs: number): MacInfo[] {
  const nowSeconds = Math.floor(nowMs / 1000);
  const list: MacInfo[] = [];
  for (const entry of macs.entries(store.tables)) {
    const network = networks.nameOf(entry.network);
    const port = all.at(entry.port)?.config.name;
    if (network === null || port === undefined || entry.generation !== ports.generation(store.tables, entry.port)) continue;
    list.push({
      network,
      mac: entry.mac,
      port,
      kind: entry.isStatic ? "static" : "learned",
      ageSeconds: entry.isStatic ? 0 : Math.max(0, nowSeconds - entry.lastSeen),
    });
  }
  return list.sort((a, b) => a.network.localeCompare(b.network) || a.mac.localeCompare(b.mac));
}

/** Counts that are not 0, port by port. */
export function describeDrops(store: EngineStore, all: PortEntry[]): DropInfo[] {
  return all.flatMap(({ index, config }) =>
    [...REASON_NAMES]
      .map(([number, reason]) => ({ reason, port: config.name, count: ports.drops(store.tables, index, number) }))
      .filter(({ count }) => count > 0),
  );
}

/** What the worker table tells of each worker that has counters. */
export function describeWorkers(store: EngineStore): WorkerInfo[] {
  return Array.from({ length: store.tables.load32(map.HEAD_WORKER_COUNT) }, (_, worker) => workers.read(store.tables, worker));
}

/** What the tables hold of stations and flows, and what they lost. */
export function describeTables({
  store,
  watcher,
}: {
  store: EngineStore;
  watcher: Watcher;
}): Pick<EngineCounters, "macs" | "macLimit" | "flows" | "flowLimit" | "eventsLost"> {
  return {
    macs: macs.count(store.tables),
    macLimit: store.layout.macs,
    flows: flowCounts.count(store.tables),
    flowLimit: store.layout.flows,
    eventsLost: watcher.lost,
  };
}

/** Rings of events that have a writer: those of the workers and the agent's. */
export function eventWriters(store: EngineStore): number[] {
  return [...Array.from({ length: store.layout.workers }, (_, worker) => worker), AGENT_WORKER];
}
