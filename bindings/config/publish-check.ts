/** Published ports of one port or network, against the networks and against what others publish: there is a target of the
 *  right family in a network with a gateway, and no two want the same port of the same host address. */
import { bare, poolOf } from "../ipam/lease.ts";
import type { Inventory } from "./inventory.ts";
import { contains, type Family, readAddress, reservedRole } from "./ip-address.ts";
import { networksOf } from "./networks-of.ts";
import type { Key } from "./problem.ts";
import { familiesOf, formatPublication, isLoopback, isUnspecified } from "./publish.ts";
import type { NetworkConfig, PortConfig, Publication } from "./types.ts";

/** Published ports of an instance at most: each takes up to two sockets of the agent. */
export const MAX_PUBLISHED_PORTS = 4096;

/** An address that ports of the host lead to. */
export interface Target {
  network: string;
  address: string;
  family: Family;
}

const familyOf = (address: string): Family => readAddress(address)!.family;
const hasGateway = (network: NetworkConfig, family: Family): boolean => network.gateways.some((gateway) => familyOf(gateway) === family);

function isIn(network: NetworkConfig, address: string): boolean {
  const read = readAddress(address)!;
  return network.subnets.some((subnet) => contains(readAddress(subnet)!, read));
}

/** Where the ports of the host lead that `port` publishes: its first address of each family that lies in one of its networks
 *  which has a gateway of that family. */
export function targetsOfPort(port: PortConfig, networks: ReadonlyMap<string, NetworkConfig>): Target[] {
  const homes = networksOf(port).flatMap((name) => networks.get(name) ?? []);
  const all = port.addresses.flatMap((address) => {
    const family = familyOf(address);
    const home = homes.find((network) => isIn(network, address) && hasGateway(network, family));
    return home ? [{ network: home.name, address, family }] : [];
  });
  return [4, 6].flatMap((family) => all.find((target) => target.family === family) ?? []);
}

/** The same of a network that publishes to `address`. */
export function targetsOfNetwork(network: NetworkConfig, address: string): Target[] {
  const family = familyOf(address);
  return hasGateway(network, family) ? [{ network: network.name, address, family }] : [];
}

/** Loopback addresses are served by a proxy, which reaches a target of any family; all others lead to one of their own. */
export function isReachable({ hostAddress }: Publication, targets: readonly Target[]): boolean {
  if (hostAddress !== null && isLoopback(hostAddress)) return targets.length > 0;
  return targets.some(({ family }) => familiesOf(hostAddress).includes(family));
}

/** Reports to `inventory` what is wrong with the published ports of `port`, whose keys begin with `keys`. */
export function checkPortPublish(inventory: Inventory, keys: Key[], port: PortConfig): void {
  const { publish = [] } = port;
  if (publish.length === 0) return;
  const at = [...keys, "publish"];
  const homes = networksOf(port).flatMap((name) => inventory.networks.get(name) ?? []);
  const texts = publish.map(formatPublication);
  const addresses = [...port.addresses, ...subnetsOfLease(port, inventory.networks)];
  if (addresses.length === 0) {
    inventory.problem(at, texts, "publishes ports of a port without address", "give the port an address");
  } else if (homes.length > 0) {
    checkAllReachable(inventory, at, publish, targetsOfPort({ ...port, addresses }, inventory.networks), homes);
  }
  claimAll(inventory, at, publish, `port ${port.name}`);
}

/** Where the addresses lie that a port will be lent: one of each of these subnets. */
function subnetsOfLease(port: PortConfig, networks: ReadonlyMap<string, NetworkConfig>): string[] {
  const pool = poolOf(port, networks);
  return pool === null ? [] : networks.get(pool)!.subnets.map(bare);
}

/** The same of a network. */
export function checkNetworkPublish(inventory: Inventory, keys: Key[], network: NetworkConfig): void {
  const { publish = [] } = network;
  const at = [...keys, "publish"];
  publish.forEach((publication, index) => {
    const fault = targetFault(network, publication.targetAddress!);
    if (fault)
      inventory.problem(
        [...at, index],
        formatPublication(publication),
        fault,
        `write an address of ${network.subnets.join(" or ") || "its subnet"}`,
      );
    else checkAllReachable(inventory, at, [publication], targetsOfNetwork(network, publication.targetAddress!), [network], index);
  });
  claimAll(inventory, at, publish, `network ${network.name}`);
}

function targetFault(network: NetworkConfig, address: string): string | null {
  const read = readAddress(address)!;
  const subnet = network.subnets.map((prefix) => readAddress(prefix)!).find((prefix) => contains(prefix, read));
  if (!subnet) return `leads to ${address}, which is not in the network`;
  const role = network.gateways.includes(address) ? "gateway" : reservedRole(subnet, read);
  return role ? `leads to ${address}, the network's ${role}` : null;
}

function checkAllReachable(
  inventory: Inventory,
  at: Key[],
  publish: readonly Publication[],
  targets: readonly Target[],
  homes: readonly NetworkConfig[],
  offset = 0,
): void {
  const names = homes.map(({ name }) => name).join(", ");
  const inside = homes.find(({ internal }) => internal);
  publish.forEach((publication, index) => {
    const text = formatPublication(publication);
    const place = [...at, index + offset];
    if (inside)
      inventory.problem(
        place,
        text,
        `publishes from network ${inside.name}, which is internal`,
        "take `internal` from the network, or leave `publish` out",
      );
    else if (targets.length === 0)
      inventory.problem(
        place,
        text,
        `publishes from network ${names}, which has no gateway for it`,
        "give the network a `gateway` of the family of the address",
      );
    else if (!isReachable(publication, targets)) {
      const [family] = familiesOf(publication.hostAddress);
      inventory.problem(
        place,
        text,
        `publishes at an IPv${family} address, and leads to no IPv${family} address`,
        `add an IPv${family} address and gateway, or publish at an address of the other family`,
      );
    }
  });
}

function claimAll(inventory: Inventory, at: Key[], publish: readonly Publication[], owner: string): void {
  publish.forEach((publication, index) => {
    const text = formatPublication(publication);
    const other = inventory.published.claim(publication, owner);
    if (other !== null) {
      const whose = other.owner === owner ? "which is published here already" : `which ${other.owner} publishes`;
      inventory.problem(
        [...at, index],
        text,
        `takes host port ${other.hostPort}/${publication.protocol}, ${whose}`,
        "choose another host port or host address",
      );
    }
  });
  if (inventory.published.size > MAX_PUBLISHED_PORTS) {
    const fault = `publishes more than the ${MAX_PUBLISHED_PORTS} ports that an instance may publish`;
    inventory.problem(at, inventory.published.size, fault, "publish fewer ports");
  }
}

interface Claim {
  owner: string;
  hostAddress: string | null;
}

/** Which ports of which host addresses are taken. */
export class PublishedClaims {
  /** `tcp 8080` to those who want it. */
  readonly #claims = new Map<string, Claim[]>();
  readonly #counts = new Map<string, number>();
  /** Ports that are published, those without a host port of their own choice among them. */
  size = 0;

  /** Gives the host ports of `publication` to `owner`, unless another has one of them. */
  claim({ protocol, hostAddress, hostPort, count }: Publication, owner: string): { owner: string; hostPort: number } | null {
    this.size += count;
    this.#counts.set(owner, (this.#counts.get(owner) ?? 0) + count);
    if (hostPort === null) return null;
    const ports = Array.from({ length: count }, (_, index) => hostPort + index);
    for (const port of ports) {
      const other = this.#claims.get(`${protocol} ${port}`)?.find((claim) => overlaps(claim.hostAddress, hostAddress));
      if (other) return { owner: other.owner, hostPort: port };
    }
    for (const port of ports) {
      const key = `${protocol} ${port}`;
      this.#claims.set(key, [...(this.#claims.get(key) ?? []), { owner, hostAddress }]);
    }
    return null;
  }

  release(owner: string): void {
    if (!this.#counts.has(owner)) return;
    this.size -= this.#counts.get(owner) ?? 0;
    this.#counts.delete(owner);
    for (const [key, claims] of this.#claims) {
      const rest = claims.filter((claim) => claim.owner !== owner);
      if (rest.length > 0) this.#claims.set(key, rest);
      else this.#claims.delete(key);
    }
  }
}

/** True when one socket cannot be bound to each of the two addresses. */
function overlaps(one: string | null, other: string | null): boolean {
  if (one === null || other === null || one === other) return true;
  return familyOf(one) === familyOf(other) && (isUnspecified(one) || isUnspecified(other));
}
