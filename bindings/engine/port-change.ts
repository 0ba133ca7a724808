/** Changes of living ports, whose devices stay: what is bound to them, their limit, their source check. Several ports change
 *  at once, all or nothing, so that an address can go from one to another:
 *
 *      records disguised -> checks that end are off -> what goes is unbound -> what comes is bound -> limits, checks
 *      that begin -> every worker has seen it -> what is learned beyond a limit is forgotten -> records identified
 *
 *  What a port keeps is bound all the time. Whoever takes over in the middle makes a disguised port anew. */
import * as field from "../../assembly/abi/port.ts";
import { splitMac } from "../mac.ts";
import { entries, type MacEntry } from "../tables/mac-table.ts";
import * as table from "../tables/port-table.ts";
import { grant, release } from "./bindings.ts";
import { recordOf } from "./port-record.ts";
import type { PortEntry } from "./ports.ts";
import type { EngineStore } from "./store.ts";

/** A configuration with the addresses that the port was lent, and as it was asked for. */
type Said = Pick<PortEntry, "config" | "asked">;

export interface PortChange {
  entry: PortEntry;
  from: Said;
  /** Differs in SETTABLE_PORT_KEYS alone. */
  to: Said;
}

/** @throws PortyardError `address-taken`, `addresses-exhausted`, `mac-taken`, `macs-exhausted`, `mac-missing`, `worker-stuck`; all is
 *  as it was then. */
export async function changePorts(store: EngineStore, changes: readonly PortChange[]): Promise<void> {
  const { tables } = store;
  for (const { entry } of changes) table.disguise(tables, entry.index);
  const identify = () => {
    for (const { entry } of changes) table.identify(tables, entry.index, entry.asked, table.restore(tables, entry.index));
  };
  try {
    await change(store, changes);
  } catch (error) {
    const back = changes.map(({ entry, from, to }) => ({ entry, from: to, to: from }));
    await change(store, back).then(identify, () => {}); // the first error is the one that explains
    throw error;
  }
  identify();
}

async function change(store: EngineStore, changes: readonly PortChange[]): Promise<void> {
  if (endChecks(store, changes)) await store.publishAndWait();
  const lost = changes.map(({ entry, from, to }) => release(store, entry.index, from.config, to.config, entry.networks));
  if (lost.some((addresses) => addresses > 0)) await store.publishAndWait();
  for (const { entry, to } of changes) grant(store, entry.index, to.config, entry.networks);
  for (const { entry, to } of changes) {
    entry.config = to.config;
    entry.asked = to.asked;
    const { flags, macLimit } = recordOf(entry);
    table.set(store.tables, entry.index, flags, macLimit);
  }
  await store.publishAndWait();
  forgetSurplus(
    store,
    changes.filter(({ from, to }) => to.config.macLimit < from.config.macLimit).map(({ entry }) => entry),
  );
}

/** Frames of addresses that are on their way out are not dropped by a check that is on its way out too. */
function endChecks({ tables }: EngineStore, changes: readonly PortChange[]): boolean {
  const ending = changes.filter(({ from, to }) => from.config.sourceCheck && !to.config.sourceCheck);
  for (const { entry } of ending) {
    const { index } = entry;
    table.set(tables, index, table.flags(tables, index) & ~field.FLAG_SOURCE_CHECK, table.macLimit(tables, index));
  }
  return ending.length > 0;
}

/** A port learns up to its limit; what it has beyond a limit that was lowered is forgotten here, the longest unseen first. */
function forgetSurplus(store: EngineStore, ports: readonly PortEntry[]): void {
  if (ports.length === 0) return;
  const learned = new Map(ports.map(({ index }) => [index, [] as MacEntry[]]));
  for (const entry of entries(store.tables)) if (!entry.isStatic) learned.get(entry.port)?.push(entry);
  for (const { index, config } of ports) {
    const stations = (learned.get(index) ?? []).sort((a, b) => a.lastSeen - b.lastSeen);
    for (const { network, mac } of stations.slice(0, Math.max(0, stations.length - config.macLimit)))
      store.wasm.forgetMac(store.agent, network, ...splitMac(mac), index);
  }
}
