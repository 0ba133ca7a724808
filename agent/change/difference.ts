/** What turns the objects that run into those that are wanted. Pure. What does not differ is in no list.
 *
 *      running, not wanted -> removed      wanted, not running -> added
 *      both, and other     -> changed, where a living object takes every key that differs; else anew: removed and added
 *
 *  A port or service whose network is made anew is made anew with it, and so is a port that is broken (gone) and can be had again. */
import {
  networkDifference,
  networkKeysAnew,
  portDifference,
  portKeysAnew,
  serviceDifference,
  serviceKeysAnew,
} from "../../bindings/config/difference.ts";
import { networksOf } from "../../bindings/config/networks-of.ts";
import type { NetworkConfig, PortConfig, ServiceConfig } from "../../bindings/config/types.ts";
import { byName, type ObjectSet } from "./object-set.ts";

export interface Changed<Config> {
  from: Config;
  to: Config;
  /** In the configuration's words: ["macLimit", "tap.address"]; of a broken port none. */
  keys: string[];
}

export interface Differing<Config> {
  removed: Config[];
  changed: Changed<Config>[];
  anew: Changed<Config>[];
  added: Config[];
}

export interface Difference {
  networks: Differing<NetworkConfig>;
  ports: Differing<PortConfig>;
  services: Differing<ServiceConfig>;
}

/** @param broken names of ports that are to be made anew though their configuration is the same. */
export function differenceOf(running: ObjectSet, wanted: ObjectSet, broken: ReadonlySet<string> = new Set()): Difference {
  const networks = compare(running.networks, wanted.networks, networkDifference, networkKeysAnew);
  const anew = new Set(networks.anew.map(({ to }) => to.name));
  const isUprooted = (port: PortConfig) => networksOf(port).some((name) => anew.has(name));
  const ports = compare(running.ports, wanted.ports, portDifference, portKeysAnew, (from, to) =>
    isUprooted(from) || isUprooted(to) ? ["network"] : broken.has(to.name) ? [] : null,
  );
  const services = compare(running.services, wanted.services, serviceDifference, serviceKeysAnew, (from, to) =>
    anew.has(from.network) || anew.has(to.network) ? ["network"] : null,
  );
  return { networks, ports, services };
}

/** Names in the order of the wanted lists, removed ones in the order of the running ones.
 *  @param force the keys of one that is made anew for another reason, or null. */
function compare<Config extends { name: string }>(
  running: readonly Config[],
  wanted: readonly Config[],
  difference: (from: Config, to: Config) => string[],
  keysAnew: (keys: readonly string[]) => string[],
  force: (from: Config, to: Config) => string[] | null = () => null,
): Differing<Config> {
  const [before, after] = [byName(running), byName(wanted)];
  const result: Differing<Config> = { removed: [], changed: [], anew: [], added: [] };
  result.removed = running.filter(({ name }) => !after.has(name));
  for (const to of wanted) {
    const from = before.get(to.name);
    if (from === undefined) result.added.push(to);
    else sort(result, { from, to, keys: difference(from, to) }, keysAnew, force(from, to));
  }
  return result;
}

function sort<Config>(
  result: Differing<Config>,
  change: Changed<Config>,
  keysAnew: (keys: readonly string[]) => string[],
  forced: string[] | null,
): void {
  if (forced !== null) result.anew.push({ ...change, keys: [...new Set([...change.keys, ...forced])].sort() });
  else if (keysAnew(change.keys).length > 0) result.anew.push(change);
  else if (change.keys.length > 0) result.changed.push(change);
}
