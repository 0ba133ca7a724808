/** Addresses for ports that name none, from the tables alone: what is bound there is somebody's, a predecessor's ports and
 *  those to come included. So an engine without an agent, which keeps no state, lends no address twice, and takes over a port
 *  with the addresses that it has. */
import type { NetworkConfig, PortConfig } from "../config/types.ts";
import { formatAddress, readAddress } from "../config/ip-address.ts";
import type { Lease } from "../ipam/lease.ts";
import { NetworkPool } from "../ipam/network-pool.ts";
import * as addresses from "../tables/address-table.ts";
import type { NetworkEntry } from "./networks.ts";
import type { EngineStore } from "./store.ts";

export class Leases {
  private readonly store: EngineStore;
  private readonly named = new Set<string>();
  /** What the pool of each network gave last. */
  private readonly given = new WeakMap<NetworkEntry, string[]>();

  constructor(store: EngineStore) {
    this.store = store;
  }

  /** No port is lent an address that one of `ports` names. */
  reserve(ports: readonly Pick<PortConfig, "addresses">[]): void {
    for (const address of ports.flatMap((port) => port.addresses)) this.named.add(address);
  }

  /** What the port that has `index` in the tables was lent: what is bound to it in `network` and not named by `config`. */
  of(index: number, config: PortConfig, network: NetworkEntry): Lease {
    const own = [...addresses.bound(this.store.tables)].filter((bound) => bound.port === index && bound.network === network.index);
    return lentOf(
      own.map(({ address }) => address),
      config,
      network.config,
    );
  }

  /** The next free addresses of `network`; `wanted` where they are.
   *  @throws PortyardError `pool-exhausted`. */
  lend(port: PortConfig, network: NetworkEntry, wanted: Lease): Lease {
    const pool = new NetworkPool(network.config);
    for (const address of this.named) pool.take(address);
    for (const bound of addresses.bound(this.store.tables)) if (bound.network === network.index) pool.take(bound.address);
    pool.resume(this.given.get(network) ?? []);
    const lease = pool.lend(port.name, wanted);
    this.given.set(network, pool.given);
    return lease;
  }
}

/** Those of a port's addresses that it was lent by `network`: `config` does not name them. */
export function lentOf(own: readonly string[], { addresses: named }: PortConfig, network: NetworkConfig): Lease {
  const lent = own.map((address) => readAddress(address)!).filter(({ text }) => !named.includes(text));
  return subnetsOf(network).flatMap(({ family, prefixLength }) =>
    lent.filter((address) => address.family === family).map((address) => formatAddress({ ...address, prefixLength })),
  );
}

function subnetsOf({ subnets }: NetworkConfig): { family: 4 | 6; prefixLength: number | null }[] {
  return subnets.map((subnet) => readAddress(subnet)!);
}
