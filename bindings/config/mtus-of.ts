/** How long packets may be, at a port and in what it is in. */
import { networksOf } from "./networks-of.ts";
import type { NetworkConfig, PortConfig } from "./types.ts";

/** MTU of a port, and that of its network, of a trunk the largest of its networks.
 *  @param networks by name, those of the port among them. */
export function mtusOf(
  port: Pick<PortConfig, "network" | "trunk" | "native" | "mtu">,
  networks: ReadonlyMap<string, Pick<NetworkConfig, "mtu">>,
): { mtu: number; longest: number } {
  const longest = Math.max(...networksOf(port).map((name) => networks.get(name)?.mtu ?? 0));
  return { mtu: port.mtu ?? longest, longest };
}
