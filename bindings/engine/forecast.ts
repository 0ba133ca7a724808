/** What an engine would take over from one before it of the same name, and what would be lost: said before anything is touched. */
import { LAYOUT_VERSION } from "../../assembly/abi/limits.ts";
import { hostPortOf } from "../config/host-port.ts";
import { networksOf } from "../config/networks-of.ts";
import type { EngineConfig, PortConfig } from "../config/types.ts";
import { fingerprintBy, type LeftPort, type LeftTables } from "../tables/left-tables.ts";
import { layOut } from "../tables/layout.ts";
import { isConnection, mapFlows, mapperOf, withinRoom } from "./flow-import.ts";
import { targetsOf } from "./flow-targets.ts";
import { readLeft } from "./left-file.ts";
import { withinLimits } from "./mac-import.ts";
import { isOfLayout, lookAtTables } from "./tables-place.ts";

/** Counts are those of the moment: stations come and go until the switch. */
export interface Forecast {
  /** The forwarder that was found: one that forwards, tables of one that is dead, or neither. */
  forwarder: "living" | "dead" | "absent";
  /** Layout of the tables that were found, null without any, and of those that are wanted. */
  foundLayout: number | null;
  wantedLayout: number;
  /** The tables are mapped as they are; else new ones take their place. */
  isSameLayout: boolean;
  /** Names of ports that go on; that are made anew, because their configuration differs; that end; that were not there. */
  ports: { goOn: string[]; anew: string[]; end: string[]; added: string[] };
  /** Learned stations; null where nothing is known of them. */
  stations: { carried: number; lost: number } | null;
  /** Connections; null where nothing is known of them. */
  flows: { carried: number; lost: number } | null;
  /** A sentence for each thing that will be lost. */
  losses: string[];
}

/** @param runDirectory of the instance. */
export function foresee(wanted: EngineConfig, runDirectory: string): Forecast {
  const config = withHostPorts(wanted);
  const layout = layOut({ macs: config.tables.macs, flows: config.tables.flows, workers: config.workers });
  const found = lookAtTables({ name: config.name, runDirectory }, (descriptor, isLiving) => {
    const { version, tables } = readLeft(descriptor);
    const isSameLayout = isOfLayout(descriptor, layout);
    const forwarder = isLiving ? "living" : "dead";
    const common = { forwarder, foundLayout: version, wantedLayout: LAYOUT_VERSION, isSameLayout } as const;
    return tables === null ? unknown(common, config) : known(common, config, tables);
  });
  return found ?? nothing(config);
}

/** Those that networks have by themselves. */
function withHostPorts(config: EngineConfig): EngineConfig {
  const own = config.networks.map((network) => hostPortOf(config.name, network)).filter((port) => port !== null);
  return { ...config, ports: [...config.ports, ...own] };
}

type Common = Pick<Forecast, "forwarder" | "foundLayout" | "wantedLayout" | "isSameLayout">;

function nothing({ ports }: EngineConfig): Forecast {
  const common = { forwarder: "absent", foundLayout: null, wantedLayout: LAYOUT_VERSION, isSameLayout: false } as const;
  return {
    ...common,
    ports: { goOn: [], anew: [], end: [], added: ports.map(({ name }) => name) },
    stations: null,
    flows: null,
    losses: [],
  };
}

/** The forwarder tells who its ports are; a dead one cannot. */
function unknown(common: Common, { ports }: EngineConfig): Forecast {
  const names = ports.map(({ name }) => name);
  const isLiving = common.forwarder === "living";
  const what = `layout ${common.foundLayout} of the tables is not known to this version`;
  return {
    ...common,
    ports: { goOn: isLiving ? names : [], anew: isLiving ? [] : names, end: [], added: [] },
    stations: null,
    flows: null,
    losses: [
      `All learned stations, which are learned anew, all connections of services, and the counts of ports: ${what}.`,
      ...(isLiving ? [] : ["All devices, which are made anew: nothing says which port they belong to."]),
    ],
  };
}

function known(common: Common, config: EngineConfig, tables: LeftTables): Forecast {
  const left = new Map(tables.ports().map((port) => [port.name, port]));
  const ports: Forecast["ports"] = { goOn: [], anew: [], end: [], added: [] };
  for (const port of config.ports) ports[fate(port, left.get(port.name), tables)].push(port.name);
  const wanted = new Set(config.ports.map(({ name }) => name));
  ports.end.push(...[...left.keys()].filter((name) => !wanted.has(name)));
  const { carried, ofOthers, overLimit } = stationsOf(config, tables, [...left.values()], new Set(ports.goOn));
  const flows = flowsOf(config, tables);
  const losses = [
    ...(flows !== null && flows.ofOthers > 0 ? [`${flows.ofOthers} connections of services or backends that end or are elsewhere.`] : []),
    ...(flows !== null && flows.overLimit > 0 && !common.isSameLayout
      ? [`${flows.overLimit} connections, those that can best be spared: there is no room for them.`]
      : []),
    ...(flows === null && tables.layout.flows !== null && common.foundLayout !== LAYOUT_VERSION
      ? ["All connections of services: they stand there in another form."]
      : []),
    ...(ofOthers > 0 ? [`${ofOthers} learned stations of ports or networks that end or are made anew.`] : []),
    ...(overLimit > 0 && !common.isSameLayout
      ? [`${overLimit} learned stations, those not seen for longest: there is no room for them.`]
      : []),
    ...(common.isSameLayout ? [] : ["The totals of the workers, and events that nobody has read; the counts of ports go on."]),
  ];
  return { ...common, ports, stations: { carried, lost: ofOthers + overLimit }, flows: countOf(flows), losses };
}

interface FlowFates {
  carried: number;
  ofOthers: number;
  overLimit: number;
}

function flowsOf(config: EngineConfig, tables: LeftTables): FlowFates | null {
  const left = tables.flows();
  if (left === null) return null;
  const { mapped, lost } = mapFlows(left.flows(), mapperOf(left, tables.networks(), targetsOf(config)));
  const all = mapped.filter(({ flow }) => isConnection(flow)).length;
  const carried = withinRoom(mapped, config.tables.flows).filter(({ flow }) => isConnection(flow)).length;
  return { carried, ofOthers: lost, overLimit: all - carried };
}

function countOf(flows: FlowFates | null): Forecast["flows"] {
  return flows === null ? null : { carried: flows.carried, lost: flows.ofOthers + flows.overLimit };
}

function fate(port: PortConfig, left: LeftPort | undefined, { layout }: LeftTables): "goOn" | "anew" | "added" {
  if (left === undefined) return "added";
  return !left.isGone && left.fingerprint === fingerprintBy(layout, "port", port) ? "goOn" : "anew";
}

function stationsOf(config: EngineConfig, tables: LeftTables, left: LeftPort[], goOn: ReadonlySet<string>) {
  const networkNames = new Map(tables.networks().map(({ index, name }) => [index, name]));
  const configs = new Map(config.ports.map((port) => [port.name, port]));
  const byIndex = new Map(left.filter(({ name }) => goOn.has(name)).map(({ index, name }) => [index, configs.get(name) as PortConfig]));
  const learned = tables.learned(left).filter(({ isStatic }) => !isStatic);
  const own = learned.filter(({ port, network }) => {
    const home = byIndex.get(port);
    return home !== undefined && networksOf(home).includes(networkNames.get(network) ?? "");
  });
  const kept = withinLimits(own, config.tables.macs - staticCount(config), (port) => byIndex.get(port)?.macLimit ?? 0);
  return { carried: kept.length, ofOthers: learned.length - own.length, overLimit: own.length - kept.length };
}

/** Entries that the configuration makes. */
function staticCount({ ports }: EngineConfig): number {
  const own = ({ mac, addresses, staticMacs }: PortConfig) => staticMacs.length + (mac !== undefined && addresses.length > 0 ? 1 : 0);
  return ports.reduce((sum, port) => sum + own(port) * networksOf(port).length, 0);
}
