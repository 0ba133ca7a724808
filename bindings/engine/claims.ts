/** Networks and ports as they are asked for: taken over from a predecessor where it left the very same, else made. */
import type { NetworkConfig, PortConfig } from "../config/types.ts";
import type { Attachment } from "../forwarder/link.ts";
import { networksOf } from "../config/networks-of.ts";
import { type Lease, poolOf, withLease } from "../ipam/lease.ts";
import { Inheritance } from "./inheritance.ts";
import { Leases } from "./leases.ts";
import type { NetworkEntry, Networks } from "./networks.ts";
import type { PortEntry, Ports } from "./ports.ts";
import type { EngineStore } from "./store.ts";

/** How networks and ports come that a predecessor may have left. */
export interface Claiming {
  /** @throws PortyardError as Networks.add. */
  network(config: NetworkConfig): Promise<NetworkEntry>;
  /** @param lease what the port is to be lent; none: what it has, else the next free addresses.
   *  @throws PortyardError as Ports.add, `pool-exhausted`. */
  port(config: PortConfig, lease?: Lease): Promise<PortEntry>;
  /** Whether a predecessor left this very port, and nobody has asked for it since. */
  hasLeft(config: PortConfig): boolean;
  /** No port is lent an address that one of `ports` names for itself. */
  reserve(ports: readonly PortConfig[]): void;
  /** What nobody has asked for until now goes. Returns the names of the ports. */
  settle(): Promise<string[]>;
}

export class Claims implements Claiming {
  private readonly store: EngineStore;
  private readonly networks: Networks;
  private readonly ports: Ports;
  private readonly leases: Leases;
  private inheritance: Inheritance | null = null;

  constructor(store: EngineStore, networks: Networks, ports: Ports) {
    this.store = store;
    this.networks = networks;
    this.ports = ports;
    this.leases = new Leases(store);
  }

  reserve(ports: readonly PortConfig[]): void {
    this.leases.reserve(ports);
  }

  /** Begins with what stands in the tables. `held`: what the living forwarder holds. */
  begin(held: readonly Attachment[]): void {
    this.inheritance = new Inheritance(this.store.tables, held);
    for (const index of this.inheritance.networks.values()) this.networks.reserve(index);
    for (const { index } of this.inheritance.ports.values()) this.ports.reserve(index);
  }

  hasLeft(config: PortConfig): boolean {
    return (this.inheritance?.port(config) ?? null) !== null;
  }

  async network(config: NetworkConfig): Promise<NetworkEntry> {
    const index = this.inheritance?.network(config) ?? null;
    if (index === null) {
      await this.dropNetwork(config.name);
      return this.networks.add(config);
    }
    this.inheritance?.networks.delete(config.name);
    return this.networks.inherit(index, config);
  }

  async port(config: PortConfig, lease: Lease = []): Promise<PortEntry> {
    const pool = poolEntryOf(config, this.networks);
    const heir = this.inheritance?.port(config) ?? null;
    const before = this.inheritance?.ports.get(config.name);
    const kept = before === undefined || pool === null ? [] : this.leases.of(before.index, config, pool);
    const entry = heir === null || !isKept(pool, kept, lease) ? null : await this.ports.inherit(heir, withLease(config, kept), config);
    if (entry === null) {
      await this.dropPort(config.name);
      return this.ports.add(withLease(config, pool === null ? [] : this.lease(config, pool, lease, kept)), config);
    }
    this.inheritance?.ports.delete(config.name);
    return entry;
  }

  private lease(config: PortConfig, pool: NetworkEntry, wanted: Lease, kept: Lease): Lease {
    return wanted.length > 0 ? wanted : this.leases.lend(config, pool, kept);
  }

  async settle(): Promise<string[]> {
    const { networks = new Map(), ports = new Map() } = this.inheritance ?? {};
    const names = [...ports.keys()];
    for (const name of names) await this.dropPort(name);
    for (const name of [...networks.keys()]) await this.dropNetwork(name);
    this.inheritance = null;
    return names;
  }

  private async dropPort(name: string): Promise<void> {
    const heir = this.inheritance?.ports.get(name);
    if (heir === undefined) return;
    this.inheritance?.ports.delete(name);
    await this.ports.drop(heir);
  }

  /** With the ports that are in it. */
  private async dropNetwork(name: string): Promise<void> {
    const index = this.inheritance?.networks.get(name);
    if (index === undefined) return;
    for (const port of this.inheritance?.portsOf(index) ?? []) await this.dropPort(port);
    this.inheritance?.networks.delete(name);
    await this.networks.clear(index);
  }
}

/** The network whose pool lends the port its addresses; null for one that needs none. */
export function poolEntryOf(config: PortConfig, networks: Networks): NetworkEntry | null {
  const name = poolOf(config, new Map(networksOf(config).map((network) => [network, networks.get(network).config])));
  return name === null ? null : networks.get(name);
}

/** Whether a port that was lent `kept` has what it is to have; one that needs no lease does. */
export function isKept(pool: NetworkEntry | null, kept: Lease, wanted: Lease): boolean {
  if (pool === null) return true;
  return kept.length === pool.config.subnets.length && (wanted.length === 0 || wanted.every((address) => kept.includes(address)));
}
