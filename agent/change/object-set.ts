/** Networks and ports that come or go together. */
import type { NetworkConfig, PortConfig } from "../../bindings/config/types.ts";

export interface ObjectSet {
  networks: NetworkConfig[];
  ports: PortConfig[];
}

/** What makes way for what: an object that changes is in both. */
export interface Exchange {
  out: ObjectSet;
  into: ObjectSet;
}

export const nothing = (): ObjectSet => ({ networks: [], ports: [] });

/** Configurations by their names. */
export function byName<Config extends { name: string }>(configs: readonly Config[]): Map<string, Config> {
  return new Map(configs.map((config) => [config.name, config]));
}
