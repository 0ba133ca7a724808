/** The networks and ports of an agent, each with its owner, as they stand in its state. An object of the API that could not
 *  be made after a restart (its namespace is gone, say) is held: kept in the state, shown as failed, tried again at the
 *  next start, and removed when the API is asked to. */
import { networkInput, portInput } from "../bindings/config/as-input.ts";
import type { Inventory } from "../bindings/config/inventory.ts";
import type { NetworkInput } from "../bindings/config/network-schema.ts";
import { normaliseNetwork, normalisePort } from "../bindings/config/normalise.ts";
import { inventoryOf, parseNetwork, parsePort } from "../bindings/config/parse.ts";
import type { PortInput } from "../bindings/config/port-schema.ts";
import type { EngineConfig, NetworkConfig, PortConfig } from "../bindings/config/types.ts";
import { PortyardError } from "../bindings/error.ts";
import { KeptHostPorts } from "./host/publish/kept-host-ports.ts";
import { type InterfaceBefore, readInterfaces } from "./state/interface-before.ts";
import { type Owner, STATE_VERSION, type State } from "./state/types.ts";

/** An object of the API without a device, and why; null before it was tried. */
export interface Held<Input> {
  config: Input;
  error: PortyardError | null;
}

export class Objects {
  readonly inventory: Inventory;
  readonly heldNetworks = new Map<string, Held<NetworkInput>>();
  readonly heldPorts = new Map<string, Held<PortInput>>();
  /** Interfaces of packet ports, as they were before. */
  readonly interfaces = new Map<string, InterfaceBefore>();
  /** Host ports that were chosen for published ports. */
  readonly hostPorts = new KeptHostPorts();
  readonly #networkOwners = new Map<string, Owner>();
  readonly #portOwners = new Map<string, Owner>();

  /** Everything in `config` is the file's. */
  constructor(config: EngineConfig) {
    this.inventory = inventoryOf(config);
    for (const { name } of config.networks) this.#networkOwners.set(name, "file");
    for (const { name } of config.ports) this.#portOwners.set(name, "file");
  }

  /** Holds what the API made before the restart.
   *  @throws PortyardError `name-taken` when the file uses a name that the API has. */
  hold(state: State): void {
    this.hostPorts.remember(state.hostPorts ?? []);
    for (const { owner, config } of state.networks) {
      if (owner === "api") this.#holdOne("network", this.inventory.networks, this.heldNetworks, config);
    }
    for (const { owner, config } of state.ports) {
      if (owner === "api") this.#holdOne("port", this.inventory.ports, this.heldPorts, config);
    }
  }

  #holdOne<Input extends { name: string }>(
    kind: string,
    taken: ReadonlyMap<string, unknown>,
    held: Map<string, Held<Input>>,
    config: Input,
  ): void {
    if (taken.has(config.name)) {
      const message = `The ${kind} ${config.name} of the configuration has the name of one that was made by the API.`;
      const remedy = "Rename it, or start without it and remove the API's first.";
      throw new PortyardError("name-taken", message, { path: `${kind}s`, value: config.name, remedy });
    }
    held.set(config.name, { config, error: null });
  }

  /** Remembers how the interfaces of `ports` are before the engine takes them. */
  async noteInterfaces(ports: readonly PortConfig[]): Promise<void> {
    for (const before of await readInterfaces(ports)) {
      if (!this.interfaces.has(before.interface)) this.interfaces.set(before.interface, before);
    }
  }

  /** Takes over what an agent before this one remembered of the interfaces of the ports named `kept`. */
  keepInterfaces(remembered: readonly InterfaceBefore[], kept: ReadonlySet<string>): void {
    const taken = new Set([...kept].map((name) => this.#interfaceOf(name)));
    for (const before of remembered) if (taken.has(before.interface)) this.interfaces.set(before.interface, before);
  }

  #interfaceOf(port: string): string | undefined {
    return (this.inventory.ports.get(port) ?? this.heldPorts.get(port)?.config)?.packet?.interface;
  }

  /** Those of the configuration, and those that the API made before the restart. */
  networksToBe(): NetworkConfig[] {
    return [...this.inventory.networks.values(), ...[...this.heldNetworks.values()].map(({ config }) => normaliseNetwork(config))];
  }

  /** The same of ports. */
  portsToBe(): PortConfig[] {
    const networks = new Map(this.networksToBe().map((network) => [network.name, network]));
    const held = [...this.heldPorts.values()].map(({ config }) => normalisePort(config, this.inventory.instance, networks));
    return [...this.inventory.ports.values(), ...held];
  }

  networkOwner(name: string): Owner {
    return this.#networkOwners.get(name) ?? "api";
  }

  portOwner(name: string): Owner {
    return this.#portOwners.get(name) ?? "api";
  }

  /** Checks and enters a network.
   *  @throws PortyardError `name-taken`, `bad-configuration`. */
  enterNetwork(input: unknown, owner: Owner): NetworkConfig {
    refuseTaken("network", this.inventory.networks, input);
    const network = parseNetwork(input, this.inventory);
    this.#networkOwners.set(network.name, owner);
    return network;
  }

  /** Checks and enters a port.
   *  @throws PortyardError `name-taken`, `bad-configuration`. */
  enterPort(input: unknown, owner: Owner): PortConfig {
    refuseTaken("port", this.inventory.ports, input);
    const port = parsePort(input, this.inventory);
    this.#portOwners.set(port.name, owner);
    return port;
  }

  forgetNetwork(name: string): void {
    this.inventory.removeNetwork(name);
    this.#networkOwners.delete(name);
  }

  forgetPort(name: string): void {
    this.interfaces.delete(this.inventory.ports.get(name)?.packet?.interface ?? "");
    this.inventory.removePort(name);
    this.#portOwners.delete(name);
  }

  /** What was made is held no longer. */
  releaseNetwork(name: string): void {
    this.heldNetworks.delete(name);
  }

  releasePort(name: string): void {
    this.heldPorts.delete(name);
  }

  /** The state to be written. */
  toState(owners: readonly Owner[] = ["file", "api"]): State {
    const { networks, ports } = this.inventory;
    const made = {
      networks: [...networks.values()].map((network) => ({ owner: this.networkOwner(network.name), config: networkInput(network) })),
      ports: [...ports.values()].map((port) => ({ owner: this.portOwner(port.name), config: portInput(port) })),
    };
    const all = {
      networks: [...made.networks, ...stillHeld(this.heldNetworks, networks)].filter(({ owner }) => owners.includes(owner)),
      ports: [...made.ports, ...stillHeld(this.heldPorts, ports)].filter(({ owner }) => owners.includes(owner)),
    };
    const hostPorts = this.hostPorts.toState({
      network: all.networks.map(({ config }) => config.name),
      port: all.ports.map(({ config }) => config.name),
    });
    return {
      version: STATE_VERSION,
      name: this.inventory.instance,
      ...all,
      interfaces: [...this.interfaces.values()],
      ...(hostPorts.length > 0 && { hostPorts }),
    };
  }

  /** What the next start takes up: what the API made. */
  toRest(): State {
    return { ...this.toState(["api"]), interfaces: [] };
  }
}

function stillHeld<Input>(held: ReadonlyMap<string, Held<Input>>, made: ReadonlyMap<string, unknown>): { owner: Owner; config: Input }[] {
  return [...held].filter(([name]) => !made.has(name)).map(([, { config }]) => ({ owner: "api", config }));
}

function refuseTaken(kind: string, taken: ReadonlyMap<string, unknown>, input: unknown): void {
  const name = (input as { name?: unknown } | null)?.name;
  if (typeof name !== "string" || !taken.has(name)) return;
  throw new PortyardError("name-taken", `There is a ${kind} named ${name} already.`, {
    path: "name",
    value: name,
    remedy: `Choose another name, or remove the ${kind} first.`,
  });
}
