/** The addresses of a network that nobody has to choose: a pool for each of its subnets, from which a port gets one of each
 *  family. Never given are the gateway's, and the last usable one of each subnet, which is the name service's by default;
 *  a point-to-point prefix (/31, /127), which has two addresses for two stations, keeps none back. */
import { formatAddress, readAddress } from "../config/ip-address.ts";
import type { NetworkConfig } from "../config/types.ts";
import { PortyardError } from "../error.ts";
import { AddressPool, lastUsable } from "./address-pool.ts";
import { bare } from "./lease.ts";

/** What the pool needs to know of a network. */
export type PooledNetwork = Pick<NetworkConfig, "name" | "subnets"> & { gateways?: readonly string[] };

/** Addresses of the network that no port gets from the pool. */
export function reservedAddresses({ subnets, gateways = [] }: PooledNetwork): string[] {
  return [...gateways, ...subnets.filter((subnet) => !isPointToPoint(subnet)).map(lastUsable)];
}

function isPointToPoint(subnet: string): boolean {
  const { family, prefixLength } = readAddress(subnet)!;
  return (prefixLength ?? 0) >= (family === 4 ? 31 : 127);
}

export class NetworkPool {
  readonly #name: string;
  readonly #pools: { subnet: string; pool: AddressPool }[];

  constructor(network: PooledNetwork) {
    const reserved = reservedAddresses(network);
    this.#name = network.name;
    this.#pools = network.subnets.map((subnet) => ({ subnet, pool: new AddressPool(subnet, { reserved }) }));
  }

  /** The address that was given last of each subnet that has given one. */
  get given(): string[] {
    return this.#pools.flatMap(({ pool }) => pool.last ?? []);
  }

  /** Goes on behind what `given` was before a restart. */
  resume(given: readonly string[]): void {
    for (const { subnet, pool } of this.#pools) pool.resume(ofSubnet(subnet, given));
  }

  /** Notes that a port has an address that it was not lent; false when that was known, or is no station's. */
  take(address: string): boolean {
    return this.#pools.some(({ pool }) => pool.request(address) === "given");
  }

  release(address: string): void {
    for (const { pool } of this.#pools) pool.release(address);
  }

  /** Gives `port` an address of each subnet, with the length of its prefix: those of `wanted` that nobody has, else the next
   *  ones. All or nothing.
   *  @throws PortyardError `pool-exhausted`. */
  lend(port: string, wanted: readonly string[] = []): string[] {
    const lent: string[] = [];
    for (const { subnet, pool } of this.#pools) {
      const address = asWanted(pool, ofSubnet(subnet, wanted)) ?? pool.take();
      if (address !== null) {
        lent.push(withPrefix(address, subnet));
        continue;
      }
      for (const given of lent) this.release(bare(given));
      throw this.#exhausted(port, subnet);
    }
    return lent;
  }

  #exhausted(port: string, subnet: string): PortyardError {
    return new PortyardError("pool-exhausted", `Port ${port} gets no address: ${subnet} of network ${this.#name} has none left.`, {
      path: "tap.address",
      value: subnet,
      remedy: "Remove a port, give the network a larger subnet, or write an address of the port that the pool keeps back.",
    });
  }
}

function asWanted(pool: AddressPool, address: string | null): string | null {
  return address !== null && pool.request(address) === "given" ? address : null;
}

/** The one of `addresses` that is of the family of `subnet`, without prefix length. */
function ofSubnet(subnet: string, addresses: readonly string[]): string | null {
  const { family } = readAddress(subnet)!;
  return addresses.map((text) => readAddress(text)).find((address) => address?.family === family)?.text ?? null;
}

function withPrefix(address: string, subnet: string): string {
  return formatAddress({ ...readAddress(address)!, prefixLength: readAddress(subnet)!.prefixLength });
}
