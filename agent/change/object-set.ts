/** Networks, ports and services that come or go together. */
import type { NetworkConfig, PortConfig, ServiceConfig } from "../../bindings/config/types.ts";

export interface ObjectSet {
  networks: NetworkConfig[];
  ports: PortConfig[];
  services: ServiceConfig[];
}

/** Names of objects, by their kinds. */
export type Named = { [Kind in keyof ObjectSet]: readonly { name: string }[] };

/** What makes way for what: an object that changes is in both. */
export interface Exchange {
  out: ObjectSet;
  into: ObjectSet;
}

export const nothing = (): ObjectSet => ({ networks: [], ports: [], services: [] });

/** Configurations by their names. */
export function byName<Config extends { name: string }>(configs: readonly Config[]): Map<string, Config> {
  return new Map(configs.map((config) => [config.name, config]));
}
