/** Networks and ports as they are asked for: taken over from a predecessor where it left the very same, else made. */
import type { NetworkConfig, PortConfig } from "../config/types.ts";
import type { Attachment } from "../forwarder/link.ts";
import { Inheritance } from "./inheritance.ts";
import type { NetworkEntry, Networks } from "./networks.ts";
import type { PortEntry, Ports } from "./ports.ts";
import type { EngineStore } from "./store.ts";

export class Claims {
  private readonly store: EngineStore;
  private readonly networks: Networks;
  private readonly ports: Ports;
  private inheritance: Inheritance | null = null;

  constructor(store: EngineStore, networks: Networks, ports: Ports) {
    this.store = store;
    this.networks = networks;
    this.ports = ports;
  }

  /** Begins with what stands in the tables. `held`: what the living forwarder holds. */
  begin(held: readonly Attachment[]): void {
    this.inheritance = new Inheritance(this.store.tables, held);
    for (const index of this.inheritance.networks.values()) this.networks.reserve(index);
    for (const { index } of this.inheritance.ports.values()) this.ports.reserve(index);
  }

  /** @throws PortyardError as Networks.add. */
  async network(config: NetworkConfig): Promise<NetworkEntry> {
    const index = this.inheritance?.network(config) ?? null;
    if (index === null) {
      await this.dropNetwork(config.name);
      return this.networks.add(config);
    }
    this.inheritance?.networks.delete(config.name);
    return this.networks.inherit(index, config);
  }

  /** @throws PortyardError as Ports.add. */
  async port(config: PortConfig): Promise<PortEntry> {
    const heir = this.inheritance?.port(config) ?? null;
    const entry = heir === null ? null : await this.ports.inherit(heir, config);
    if (entry === null) {
      await this.dropPort(config.name);
      return this.ports.add(config);
    }
    this.inheritance?.ports.delete(config.name);
    return entry;
  }

  /** What nobody has asked for until now goes. Returns the names of the ports. */
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
