/** The importer of learned stations: those of tables with another layout come into this engine's, as long as nobody reads its ports. At
 *  a limit, the table's or a port's, those stay that were seen last. Static ones come with the configuration. */
import type { LeftMac, LeftTables } from "../tables/left-tables.ts";
import { count } from "../tables/mac-table.ts";
import * as table from "../tables/port-table.ts";
import type { NetworkEntry } from "./networks.ts";
import type { PortEntry } from "./ports.ts";
import type { EngineStore } from "./store.ts";

export interface Carried {
  macs: number;
  /** Of ports that were taken over, but over a limit or in a network that they are not in any more. */
  lostMacs: number;
}

/** @param ports by their index in `left`. */
export function carryOverMacs(
  store: EngineStore,
  left: LeftTables,
  networks: readonly NetworkEntry[],
  ports: ReadonlyMap<number, PortEntry>,
): Carried {
  const byName = new Map(networks.map((entry) => [entry.config.name, entry.index]));
  const networkOf = new Map(left.networks().map(({ index, name }) => [index, byName.get(name)]));
  const learned = left.learned(left.ports()).filter(({ port, isStatic }) => !isStatic && ports.has(port));
  let macs = 0;
  for (const mac of newest(learned, store, ports)) {
    const network = networkOf.get(mac.network);
    if (network !== undefined && restore(store, network, ports.get(mac.port) as PortEntry, mac)) macs++;
  }
  return { macs, lostMacs: learned.length - macs };
}

/** Those that find room, oldest first: that is the order of a port's ring. */
function newest(learned: LeftMac[], store: EngineStore, ports: ReadonlyMap<number, PortEntry>): LeftMac[] {
  return withinLimits(learned, store.layout.macs - count(store.tables), (port) => ports.get(port)?.config.macLimit ?? 0).reverse();
}

function restore({ wasm, agent, tables }: EngineStore, network: number, { index, networks }: PortEntry, mac: LeftMac): boolean {
  if (!networks.some((entry) => entry.index === network)) return false;
  return wasm.restoreMac(
    agent,
    network,
    mac.macLow,
    mac.macHigh,
    index,
    table.generation(tables, index),
    mac.seenSeconds,
  ) as unknown as boolean;
}

/** Of stations, those that were seen last and fit into the limits of the table and of each port; newest first. */
export function withinLimits<Station extends Pick<LeftMac, "port" | "seenSeconds">>(
  stations: readonly Station[],
  room: number,
  limitOf: (port: number) => number,
): Station[] {
  const counts = new Map<number, number>();
  const kept: Station[] = [];
  for (const station of [...stations].sort((a, b) => b.seenSeconds - a.seenSeconds)) {
    const own = counts.get(station.port) ?? 0;
    if (kept.length >= room || own >= limitOf(station.port)) continue;
    counts.set(station.port, own + 1);
    kept.push(station);
  }
  return kept;
}
