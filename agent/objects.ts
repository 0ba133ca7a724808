/** The networks and ports of an agent, each with its owner, as they stand in its state. An object of the API that could not
 *  be made after a restart (its namespace is gone, say) is held: kept in the state, shown as failed, tried again at the
 *  next start, and removed when the API is asked to. */
import { networkInput, portInput } from "../bindings/config/as-input.ts";
import type { Inventory } from "../bindings/config/inventory.ts";
import { readAddress } from "../bindings/config/ip-address.ts";
import type { NetworkInput } from "../bindings/config/network-schema.ts";
import { normaliseNetwork, normalisePort } from "../bindings/config/normalise.ts";
import { inventoryOf, parseNetwork, parsePort } from "../bindings/config/parse.ts";
import type { PortInput } from "../bindings/config/port-schema.ts";
import type { EngineConfig, NetworkConfig, PortConfig } from "../bindings/config/types.ts";
import { PortyardError } from "../bindings/error.ts";
import { KeptHostPorts } from "./host/publish/kept-host-ports.ts";
import { type Lease, withLease } from "../bindings/ipam/lease.ts";
import { type InterfaceBefore, readInterfaces } from "./state/interface-before.ts";
import { type Owner, STATE_VERSION, type State, type StoredNetwork, type StoredPort } from "./state/types.ts";

/** An object of the API without a device, and why; null before it was tried. */
export interface Held<Input> {
  config: Input;
  /** What stands beside it in the state: the lease of a port, or what the pool of a network gave last. */
  addresses: readonly string[];
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
  /** Of the ports that were lent addresses. */
  readonly #leases = new Map<string, Lease>();

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
    for (const { owner, config, given = [] } of state.networks) {
      if (owner === "api") this.#holdOne("network", this.inventory.networks, this.heldNetworks, config, given);
    }
    for (const { owner, config, lease = [] } of state.ports) {
      if (owner === "api") this.#holdOne("port", this.inventory.ports, this.heldPorts, config, lease);
    }
  }

  /** Lends the file's ports their addresses: first those that they had before, then new ones.
   *  @throws PortyardError `pool-exhausted`. */
  lendFile(before: State | null): void {
    for (const { config, given = [] } of before?.networks ?? []) this.inventory.resumePool(config.name, given);
    const had = new Map((before?.ports ?? []).map(({ config, lease = [] }) => [config.name, lease]));
    const names = [...this.inventory.ports.keys()];
    const hadOne = (name: string) => (had.get(name)?.length ?? 0) > 0;
    for (const name of [...names.filter(hadOne), ...names.filter((each) => !hadOne(each))]) this.#lend(name, had.get(name));
  }

  #lend(name: string, wanted?: Lease): void {
    const lease = this.inventory.lend(name, wanted, this.#heldAddresses(name));
    if (lease.length > 0) this.#leases.set(name, lease);
  }

  /** Of all held ports but `name`: they have them again when they can be made. */
  *#heldAddresses(name: string): Generator<string> {
    for (const [other, { config, addresses }] of this.heldPorts) {
      if (other !== name) yield* [...addresses, ...[config.tap?.address ?? []].flat(), ...(config.addresses ?? [])].map(bare);
    }
  }

  /** The addresses that a port was lent; none where it has its own. */
  leaseOf(port: string): Lease {
    return this.#leases.get(port) ?? [];
  }

  #holdOne<Input extends { name: string }>(
    kind: string,
    taken: ReadonlyMap<string, unknown>,
    held: Map<string, Held<Input>>,
    config: Input,
    addresses: readonly string[],
  ): void {
    if (taken.has(config.name)) {
      const message = `The ${kind} ${config.name} of the configuration has the name of one that was made by the API.`;
      const remedy = "Rename it, or start without it and remove the API's first.";
      throw new PortyardError("name-taken", message, { path: `${kind}s`, value: config.name, remedy });
    }
    held.set(config.name, { config, addresses, error: null });
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

  /** The same of ports, with the addresses that they were lent. */
  portsToBe(): PortConfig[] {
    const networks = new Map(this.networksToBe().map((network) => [network.name, network]));
    const held = [...this.heldPorts.values()].map(({ config, addresses }) =>
      withLease(normalisePort(config, this.inventory.instance, networks), addresses),
    );
    return [...[...this.inventory.ports.values()].map((port) => this.withLease(port)), ...held];
  }

  /** The port with the addresses that it was lent. */
  withLease(port: PortConfig): PortConfig {
    return withLease(port, this.leaseOf(port.name));
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
    this.inventory.resumePool(network.name, this.heldNetworks.get(network.name)?.addresses ?? []);
    this.#networkOwners.set(network.name, owner);
    return network;
  }

  /** Checks and enters a port.
   *  @throws PortyardError `name-taken`, `bad-configuration`, `pool-exhausted`. */
  enterPort(input: unknown, owner: Owner): PortConfig {
    refuseTaken("port", this.inventory.ports, input);
    const port = parsePort(input, this.inventory);
    try {
      this.#lend(port.name, this.heldPorts.get(port.name)?.addresses);
    } catch (error) {
      this.inventory.removePort(port.name);
      throw error;
    }
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
    this.#leases.delete(name);
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
    const heldNetworks = stillHeld(this.heldNetworks, networks).map(([config, given]) => storedNetwork("api", config, given));
    const heldPorts = stillHeld(this.heldPorts, ports).map(([config, lease]) => storedPort("api", config, lease));
    const madeNetworks = [...networks.values()].map((network) =>
      storedNetwork(this.networkOwner(network.name), networkInput(network), this.inventory.given(network.name)),
    );
    const madePorts = [...ports.values()].map((port) => storedPort(this.portOwner(port.name), portInput(port), this.leaseOf(port.name)));
    const all = {
      networks: [...madeNetworks, ...heldNetworks].filter(({ owner }) => owners.includes(owner)),
      ports: [...madePorts, ...heldPorts].filter(({ owner }) => owners.includes(owner)),
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

function stillHeld<Input>(held: ReadonlyMap<string, Held<Input>>, made: ReadonlyMap<string, unknown>): [Input, readonly string[]][] {
  return [...held].filter(([name]) => !made.has(name)).map(([, { config, addresses }]) => [config, addresses]);
}

function storedNetwork(owner: Owner, config: NetworkInput, given: readonly string[]): StoredNetwork {
  return { owner, config, ...(given.length > 0 && { given }) };
}

function storedPort(owner: Owner, config: PortInput, lease: Lease): StoredPort {
  return { owner, config, ...(lease.length > 0 && { lease }) };
}

const bare = (address: string): string => readAddress(address)?.text ?? "";

function refuseTaken(kind: string, taken: ReadonlyMap<string, unknown>, input: unknown): void {
  const name = (input as { name?: unknown } | null)?.name;
  if (typeof name !== "string" || !taken.has(name)) return;
  throw new PortyardError("name-taken", `There is a ${kind} named ${name} already.`, {
    path: "name",
    value: name,
    remedy: `Choose another name, or remove the ${kind} first.`,
  });
}
