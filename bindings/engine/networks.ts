/** The networks of an engine: names to table indices. */
import { MAX_NETWORKS } from "../../assembly/abi/limits.ts";
import type { NetworkConfig } from "../config/types.ts";
import { PortyardError } from "../error.ts";
import * as table from "../tables/network-table.ts";
import { Numbers } from "./numbers.ts";
import type { EngineStore } from "./store.ts";

export interface NetworkEntry {
  index: number;
  config: NetworkConfig;
}

export class Networks {
  private readonly store: EngineStore;
  private readonly numbers = new Numbers(1, MAX_NETWORKS);
  private readonly byName = new Map<string, NetworkEntry>();
  private readonly byIndex = new Map<number, NetworkEntry>();

  /** Called before a network goes whose index will be another's. */
  onClear: (index: number) => Promise<void> = async () => {};

  constructor(store: EngineStore) {
    this.store = store;
  }

  /** @throws PortyardError `network-exists`, `networks-exhausted`. */
  add(config: NetworkConfig): NetworkEntry {
    if (this.byName.has(config.name)) {
      throw new PortyardError("network-exists", `There is a network ${config.name} already.`, {
        value: config.name,
        remedy: "Choose another name, or remove it first.",
      });
    }
    const index = this.numbers.take();
    if (index === null)
      throw new PortyardError("networks-exhausted", `An engine has at most ${MAX_NETWORKS - 1} networks.`, { value: config.name });
    table.write(this.store.tables, index, config);
    table.identify(this.store.tables, index, config);
    this.store.publish();
    return this.enter(index, config);
  }

  /** Gives a living network what nothing of its ports depends on. What it learned stays. */
  set(config: NetworkConfig): NetworkEntry {
    const entry = this.get(config.name);
    table.write(this.store.tables, entry.index, config);
    table.identify(this.store.tables, entry.index, config);
    this.store.publish();
    entry.config = config;
    return entry;
  }

  /** Enters the network that has `index` in the tables already. */
  inherit(index: number, config: NetworkConfig): NetworkEntry {
    return this.enter(index, config);
  }

  /** An index that a predecessor gave out. */
  reserve(index: number): void {
    this.numbers.reserve(index);
  }

  private enter(index: number, config: NetworkConfig): NetworkEntry {
    const entry = { index, config };
    this.byName.set(config.name, entry);
    this.byIndex.set(index, entry);
    return entry;
  }

  /** Removes a network that has no port; its learned addresses go with it. */
  async remove(name: string): Promise<void> {
    const { index } = this.get(name);
    this.byName.delete(name);
    this.byIndex.delete(index);
    await this.clear(index);
  }

  /** Takes the network that has `index`, and has no port, out of the tables. */
  async clear(index: number): Promise<void> {
    await this.onClear(index);
    table.clear(this.store.tables, index);
    await this.store.publishAndWait();
    this.store.wasm.flushNetwork(this.store.agent, index);
    this.numbers.free(index);
  }

  /** @throws PortyardError `network-missing`. */
  get(name: string): NetworkEntry {
    const entry = this.byName.get(name);
    if (entry !== undefined) return entry;
    throw new PortyardError("network-missing", `There is no network ${name}.`, {
      value: name,
      remedy: `Known are: ${[...this.byName.keys()].join(", ") || "none"}.`,
    });
  }

  nameOf(index: number): string | null {
    return this.byIndex.get(index)?.config.name ?? null;
  }

  /** Null when there is none with that index. */
  at(index: number): NetworkEntry | null {
    return this.byIndex.get(index) ?? null;
  }

  all(): NetworkEntry[] {
    return [...this.byName.values()];
  }
}
