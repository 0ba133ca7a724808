/** The networks, ports and services of an agent, each with its owner, as they stand in its state. An object of the API or of Docker that could not
 *  be made after a restart (its namespace is gone, say) is held: kept in the state, shown as failed, tried again at the
 *  next start, and removed when its owner asks for that. One of any owner is held when a change failed that had removed it, and it
 *  could not be made again. */
import { networkInput, portInput } from "../bindings/config/as-input.ts";
import type { Inventory } from "../bindings/config/inventory.ts";
import { networkDifference, networkKeysAnew } from "../bindings/config/difference.ts";
import { readAddress } from "../bindings/config/ip-address.ts";
import type { NetworkInput } from "../bindings/config/network-schema.ts";
import { normaliseNetwork, normalisePort } from "../bindings/config/normalise.ts";
import { inventoryOf, parseNetwork, parsePort } from "../bindings/config/parse.ts";
import type { PortInput } from "../bindings/config/port-schema.ts";
import type { EngineConfig, NetworkConfig, PortConfig } from "../bindings/config/types.ts";
import { BadConfiguration } from "../bindings/config/problem.ts";
import type { PortyardError } from "../bindings/error.ts";
import { KeptHostPorts } from "./host/publish/kept-host-ports.ts";
import { type Lease, withLease } from "../bindings/ipam/lease.ts";
import { byName, type Exchange, type Named, nothing, type ObjectSet } from "./change/object-set.ts";
import type { KeysOf } from "./change/transaction.ts";
import { ServiceObjects } from "./service-objects.ts";
import { type InterfaceBefore, readInterfaces } from "./state/interface-before.ts";
import { type Held, hold, type Leftovers, refuseTaken, staleOf, storedNetworks, storedPorts, storedSet } from "./state/stored.ts";
import { LASTING_OWNERS, type Owner, OWNERS, STATE_VERSION, type State } from "./state/types.ts";

export type { Held, Leftovers } from "./state/stored.ts";

export class Objects {
  readonly inventory: Inventory;
  readonly services: ServiceObjects;
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
  /** What an exchange is taking out: it may exist until that is finished. */
  #leaving: ObjectSet = nothing();
  /** What an agent before this one left, until it is cleared away. */
  #leftovers: Leftovers = { networks: [], ports: [] };
  /** What ports of `#leaving` were lent. */
  #leavingLeases = new Map<string, Lease>();

  /** Everything in `config` is the file's. */
  constructor(config: EngineConfig) {
    this.inventory = inventoryOf(config);
    this.services = new ServiceObjects(this.inventory.services);
    for (const { name } of config.networks) this.#networkOwners.set(name, "file");
    for (const { name } of config.ports) this.#portOwners.set(name, "file");
  }

  /** Holds what others than the file made before the restart.
   *  @throws PortyardError `name-taken` when the file uses a name of theirs. */
  hold(state: State): void {
    this.hostPorts.remember(state.hostPorts ?? []);
    for (const { owner, config, given = [] } of state.networks) {
      if (owner !== "file") hold("network", this.inventory.networks, this.heldNetworks, owner, config, given);
    }
    for (const { owner, config, lease = [] } of state.ports) {
      if (owner !== "file") hold("port", this.inventory.ports, this.heldPorts, owner, config, lease);
    }
    this.services.hold(state.services ?? []);
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

  /** Of all held services, and held ports but `name`: they have them again when they can be made. */
  *#heldAddresses(name: string): Generator<string> {
    for (const [other, { config, addresses }] of this.heldPorts) {
      if (other !== name) yield* [...addresses, ...[config.tap?.address ?? []].flat(), ...(config.addresses ?? [])].map(bare);
    }
    yield* this.services.heldAddresses().map(bare);
  }

  /** The addresses that a port was lent; none where it has its own. */
  leaseOf(port: string): Lease {
    return this.#leases.get(port) ?? [];
  }

  /** Remembers how the interfaces of `ports` are before the engine takes them. */
  async noteInterfaces(ports: readonly PortConfig[]): Promise<void> {
    for (const before of await readInterfaces(ports)) {
      if (!this.interfaces.has(before.interface)) this.interfaces.set(before.interface, before);
    }
  }

  /** Remembers what an agent before this one did: how interfaces were, and ports that are not wanted as they were. */
  remember(interfaces: readonly InterfaceBefore[], gone: Leftovers): void {
    for (const before of interfaces) this.interfaces.set(before.interface, before);
    this.#leftovers = gone;
  }

  /** What was remembered and is not wanted is gone. True when there was any. */
  forgetLeftovers(): boolean {
    const had = this.#leftovers.networks.length + this.#leftovers.ports.length > 0;
    this.#leftovers = { networks: [], ports: [] };
    this.#settle();
    return had;
  }

  /** Those of the configuration, and those that others made before the restart. */
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
    return this.#networkOwners.get(name) ?? this.heldNetworks.get(name)?.owner ?? "api";
  }

  portOwner(name: string): Owner {
    return this.#portOwners.get(name) ?? this.heldPorts.get(name)?.owner ?? "api";
  }

  ownerOf(kind: "network" | "port" | "service", name: string): Owner {
    if (kind === "service") return this.services.ownerOf(name);
    return kind === "network" ? this.networkOwner(name) : this.portOwner(name);
  }

  /** What is made, of one owner or of all. */
  of(owner?: Owner): ObjectSet {
    const isOf = (actual: Owner) => owner === undefined || actual === owner;
    return {
      networks: [...this.inventory.networks.values()].filter(({ name }) => isOf(this.networkOwner(name))),
      ports: [...this.inventory.ports.values()].filter(({ name }) => isOf(this.portOwner(name))),
      services: this.services.of(owner),
    };
  }

  /** Checks what comes against all that stays and enters it in the place of what goes, which stands in the state until `finish`
   *  or `exchangeBack`. A port that changes or is made anew keeps the addresses that it was lent.
   *  @param keysOf where what comes stands in what people wrote.
   *  @throws BadConfiguration, PortyardError `pool-exhausted`; nothing is changed then. */
  exchange({ out, into }: Exchange, owner: Owner, keysOf: KeysOf = () => []): void {
    const leases = new Map(out.ports.map(({ name }) => [name, this.leaseOf(name)]));
    this.#replace(out, into, keysOf);
    try {
      const problems = this.inventory.settle();
      if (problems.length > 0) throw new BadConfiguration(problems);
      for (const { name } of into.ports) this.#lend(name, leases.get(name) ?? this.heldPorts.get(name)?.addresses);
    } catch (error) {
      this.#restore(out, into, leases);
      throw error;
    }
    this.#leaving = out;
    this.#leavingLeases = leases;
    for (const { name } of into.networks) this.#networkOwners.set(name, owner);
    for (const { name } of into.ports) this.#portOwners.set(name, owner);
    this.services.own(into.services, owner);
  }

  /** What a port was lent before the exchange in work. */
  leavingLeaseOf(port: string): Lease {
    return this.#leavingLeases.get(port) ?? this.leaseOf(port);
  }

  /** What went by the last exchange is gone, and what came is made. */
  finish({ into }: Exchange): void {
    for (const { name } of into.networks) this.heldNetworks.delete(name);
    for (const { name } of into.ports) this.heldPorts.delete(name);
    this.services.release(into.services);
    this.#settle();
  }

  /** Forgets what is held of the file and is not wanted any more. */
  forgetHeld(wanted: Named): void {
    const { networks, ports, services } = this.staleHeld(wanted);
    for (const { name } of networks) this.heldNetworks.delete(name);
    for (const { name } of ports) this.heldPorts.delete(name);
    this.services.release(services);
  }

  /** What is held of the file and is not wanted any more. */
  staleHeld(wanted: Named): Named {
    const { networks, ports, services } = wanted;
    return {
      networks: staleOf(this.heldNetworks, networks),
      ports: staleOf(this.heldPorts, ports),
      services: staleOf(this.services.held, services),
    };
  }

  /** Undoes the last exchange. */
  exchangeBack({ out, into }: Exchange): void {
    this.#restore(out, into, this.#leavingLeases);
    this.#settle();
  }

  #restore(out: ObjectSet, into: ObjectSet, leases: ReadonlyMap<string, Lease>): void {
    this.#replace(into, out);
    this.inventory.settle();
    for (const { name } of out.ports) this.#lend(name, leases.get(name));
  }

  /** An object is not there any more, and could not be made again. */
  holdLost(kind: "network" | "port" | "service", name: string, error: PortyardError): void {
    const { networks, ports, services } = this.inventory;
    const [network, port, service] = [networks.get(name), ports.get(name), services.get(name)];
    if (kind === "service" && service) {
      this.services.holdLost(service, error);
      this.inventory.removeService(name);
      this.services.settle();
    }
    if (kind === "network" && network) {
      const addresses = this.inventory.given(name);
      this.heldNetworks.set(name, { owner: this.networkOwner(name), config: networkInput(network), addresses, error });
      this.forgetNetwork(name);
    }
    if (kind === "port" && port) {
      const addresses = this.leaseOf(name);
      this.heldPorts.set(name, { owner: this.portOwner(name), config: portInput(port), addresses, error });
      this.forgetPort(name);
    }
  }

  /** A network that changes while it lives keeps its pool. */
  #replace(out: ObjectSet, into: ObjectSet, keysOf: KeysOf = () => []): void {
    const before = byName(out.networks);
    const isLiving = (network: NetworkConfig) => {
      const from = before.get(network.name);
      return from !== undefined && networkKeysAnew(networkDifference(from, network)).length === 0;
    };
    const living = new Set(into.networks.filter(isLiving).map(({ name }) => name));
    for (const { name } of out.services) this.inventory.removeService(name);
    for (const { name } of out.ports) {
      this.inventory.removePort(name);
      this.#leases.delete(name);
    }
    for (const { name } of out.networks) if (!living.has(name)) this.inventory.removeNetwork(name);
    for (const network of into.networks) {
      if (living.has(network.name)) this.inventory.networks.set(network.name, network);
      else this.inventory.addNetwork([], network);
    }
    for (const port of into.ports) this.inventory.addPort(keysOf("port", port.name), port);
    for (const service of into.services) this.inventory.addService(keysOf("service", service.name), service);
  }

  /** Owners of what is there no more are forgotten, and so is how its interfaces were. */
  #settle(): void {
    const { networks, ports } = this.inventory;
    this.#leaving = nothing();
    this.#leavingLeases = new Map();
    for (const name of [...this.#networkOwners.keys()]) if (!networks.has(name)) this.#networkOwners.delete(name);
    for (const name of [...this.#portOwners.keys()]) if (!ports.has(name)) this.#portOwners.delete(name);
    this.services.settle();
    const used = new Set(
      [...ports.values(), ...[...this.heldPorts.values()].map(({ config }) => config)].map(({ packet }) => packet?.interface),
    );
    for (const name of [...this.interfaces.keys()]) if (!used.has(name)) this.interfaces.delete(name);
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

  /** The state to be written. What makes way for something of its own name stands before that. */
  toState(owners: readonly Owner[] = OWNERS): State {
    const { networks, ports } = this.inventory;
    const services = this.services.stored(this.#leaving.services).filter(({ owner }) => owners.includes(owner));
    const leaving = storedSet(this.#leaving, this, { leaseOf: (name) => this.leavingLeaseOf(name), given: () => [] });
    const made = storedSet(this.of(), this, { leaseOf: (name) => this.leaseOf(name), given: (name) => this.inventory.given(name) });
    const [heldNetworks, heldPorts] = [storedNetworks(this.heldNetworks, networks), storedPorts(this.heldPorts, ports)];
    const isWanted = ({ owner }: { owner: Owner }) => owners.includes(owner);
    const all = {
      networks: [...this.#leftovers.networks, ...leaving.networks, ...made.networks, ...heldNetworks].filter(isWanted),
      ports: [...this.#leftovers.ports, ...leaving.ports, ...made.ports, ...heldPorts].filter(isWanted),
    };
    const hostPorts = this.hostPorts.toState({
      network: all.networks.map(({ config }) => config.name),
      port: all.ports.map(({ config }) => config.name),
    });
    return {
      version: STATE_VERSION,
      name: this.inventory.instance,
      ...all,
      ...(services.length > 0 && { services }),
      interfaces: [...this.interfaces.values()],
      ...(hostPorts.length > 0 && { hostPorts }),
    };
  }

  /** What the next start takes up: all but the file's. */
  toRest(): State {
    return { ...this.toState(LASTING_OWNERS), interfaces: [] };
  }
}

const bare = (address: string): string => readAddress(address)?.text ?? "";
