/** The addresses that a TAP without `address` is lent from its network's pool. They are no part of its configuration: by that
 *  it is known again after a restart, whatever it was lent. */
import { readAddress } from "../config/ip-address.ts";
import type { NetworkConfig, PortConfig } from "../config/types.ts";

/** Addresses with prefix length, one of each family of the network's subnets. */
export type Lease = readonly string[];

/** Name of the network whose pool lends a port its addresses; null for a port that needs none. */
export function poolOf({ tap, network, native }: PortConfig, networks: ReadonlyMap<string, Pick<NetworkConfig, "subnets">>): string | null {
  const name = network ?? native;
  if (name === undefined || !tap || tap.handover || tap.addresses.length > 0) return null;
  return (networks.get(name)?.subnets.length ?? 0) > 0 ? name : null;
}

/** The port as the engine makes it: the addresses that it was lent are its interface's, and are bound to it. */
export function withLease(port: PortConfig, lease: Lease): PortConfig {
  if (!port.tap || lease.length === 0) return port;
  return { ...port, addresses: [...lease.map(bare), ...port.addresses], tap: { ...port.tap, addresses: [...lease] } };
}

export const bare = (address: string): string => readAddress(address)!.text;
