/** Networks that frames of a port may belong to. */
import type { PortConfig } from "./types.ts";

/** Names: the network of an access port; those of a trunk, and of its untagged frames. */
export function networksOf(port: Pick<PortConfig, "network" | "trunk" | "native">): string[] {
  const named = [port.network, ...Object.keys(port.trunk ?? {}), port.native];
  return [...new Set(named.filter((name) => name !== undefined))];
}
