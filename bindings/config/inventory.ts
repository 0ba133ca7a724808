/** What belongs together in a configuration: names that must be there or must be free, addresses that must lie in their
 *  subnet, devices and addresses that only one port may have. Networks come first, then ports, then services, one by one; what is wrong
 *  is collected, and what was wrong is entered all the same, so that one fault is not told twice in other words. A running
 *  agent keeps its inventory and asks it about each network, port and service to come. */
import { MAX_ADDRESSES, MAX_BACKENDS, MAX_NETWORKS, MAX_PORTS, MAX_SERVICES, MAX_TRUNKS, MIN_IPV6_MTU } from "../../assembly/abi/limits.ts";
import { checkGateways } from "./gateway-check.ts";
import { hostPortName } from "./host-port.ts";
import { bare, type Lease, poolOf } from "../ipam/lease.ts";
import { NetworkPool } from "../ipam/network-pool.ts";
import { readAddress } from "./ip-address.ts";
import { checkPort } from "./port-check.ts";
import type { Key, Problem } from "./problem.ts";
import { checkNetworkPublish, PublishedClaims } from "./publish-check.ts";
import { checkService, serviceOwner } from "./service-check.ts";
import type { NetworkConfig, PortConfig, ServiceConfig } from "./types.ts";

export class Inventory {
  /** Name of the instance: it goes into the MAC of a TAP that has none. */
  readonly instance: string;
  readonly networks = new Map<string, NetworkConfig>();
  readonly ports = new Map<string, PortConfig>();
  /** Those of the networks with gateways, by their own name. */
  readonly hostPorts = new Map<string, PortConfig>();
  readonly services = new Map<string, ServiceConfig>();
  /** What was wrong since `settle`. */
  readonly problems: Problem[] = [];
  /** Ports of the host that ports and networks publish. */
  readonly published = new PublishedClaims();
  /** `address NETWORK ADDRESS`, `mac NETWORK MAC` or a device, to the port that has it, or to `serviceOwner` of the service. */
  readonly #owners = new Map<string, string>();
  readonly #claims = new Map<string, string[]>();
  readonly #pools = new Map<string, NetworkPool>();
  #trunks = 0;
  #addresses = 0;
  /** Records of services, and backends. */
  #serviceRecords = 0;
  #backends = 0;

  constructor(instance: string) {
    this.instance = instance;
  }

  problem(keys: Key[], value: unknown, fault: string, remedy: string): void {
    this.problems.push({ keys, value, fault, remedy });
  }

  /** The problems since the last call. */
  settle(): Problem[] {
    return this.problems.splice(0);
  }

  /** Who has an address of a network: the name of a port, `serviceOwner` of a service, or null. */
  ownerOf(network: string, address: string): string | null {
    return this.#owners.get(`address ${network} ${address}`) ?? null;
  }

  /** An owner in a sentence. */
  wordsOf(owner: string): string {
    return owner.startsWith(serviceOwner("")) ? owner : `port ${owner}`;
  }

  /** Gives `what` to a port, or says which port has it. */
  claim(what: string, port: string): string | null {
    const owner = this.#owners.get(what);
    if (owner !== undefined) return owner;
    this.#owners.set(what, port);
    this.#claims.get(port)?.push(what);
    return null;
  }

  /** As `claim`; the network's pool does not give the address to anybody else. */
  claimAddress(network: string, address: string, port: string): string | null {
    const owner = this.claim(`address ${network} ${address}`, port);
    if (owner === null) this.#pools.get(network)?.take(address);
    return owner;
  }

  /** Lends the port `name` an address of each family of its network's subnets, where it has none of its own.
   *  @param wanted what it had before, lent to it again where nobody else has it.
   *  @param avoid addresses that are somebody's who is not entered yet.
   *  @throws PortyardError `pool-exhausted`; it has no address then. */
  lend(name: string, wanted: Lease = [], avoid: Iterable<string> = []): Lease {
    const port = this.ports.get(name);
    const network = port && poolOf(port, this.networks);
    const pool = network && this.#pools.get(network);
    if (!network || !pool) return [];
    const avoided = [...avoid].filter((address) => pool.take(address));
    try {
      const lease = pool.lend(name, wanted);
      for (const address of lease) this.claim(`address ${network} ${bare(address)}`, name);
      return lease;
    } finally {
      for (const address of avoided) pool.release(address);
    }
  }

  /** The addresses that the pool of network `name` gave last. */
  given(name: string): string[] {
    return this.#pools.get(name)?.given ?? [];
  }

  /** Lets the pool of a network go on behind the addresses that it gave last before a restart. */
  resumePool(name: string, given: readonly string[]): void {
    this.#pools.get(name)?.resume(given);
  }

  /** A network whose name is taken is checked no further. */
  addNetwork(keys: Key[], network: NetworkConfig): void {
    if (this.networks.has(network.name)) {
      this.problem(
        [...keys, "name"],
        network.name,
        `is "${network.name}", which another network has`,
        "give every network a name of its own",
      );
      return;
    }
    if (this.networks.size >= MAX_NETWORKS - 1) {
      this.problem(
        keys,
        network.name,
        `is one more than the ${MAX_NETWORKS - 1} networks that an engine has room for`,
        "remove a network, or start a second instance",
      );
    }
    this.#checkSubnets(keys, network);
    const host = checkGateways(this, keys, network);
    if (host !== null) this.#addHostPort(keys, host);
    this.networks.set(network.name, network);
    this.#pools.set(network.name, new NetworkPool(network));
    checkNetworkPublish(this, keys, network);
  }

  #addHostPort(keys: Key[], port: PortConfig): void {
    this.#checkRoom(keys, port);
    this.hostPorts.set(port.name, port);
    this.#claims.set(port.name, []);
    this.#count(port, 1);
    for (const address of port.addresses) this.claim(`address ${port.network} ${address}`, port.name);
    this.claim(`mac ${port.network} ${port.mac}`, port.name);
  }

  #checkSubnets(keys: Key[], { subnets, mtu }: NetworkConfig): void {
    const families = subnets.map((subnet) => readAddress(subnet)!.family);
    if (new Set(families).size !== families.length) {
      this.problem(
        [...keys, "subnet"],
        subnets,
        `has two prefixes of IPv${families[0]}`,
        "give one of each family, or make a second network",
      );
    }
    if (families.includes(6) && mtu < MIN_IPV6_MTU) {
      this.problem(
        [...keys, "mtu"],
        mtu,
        `is ${mtu}; a network with an IPv6 subnet needs at least ${MIN_IPV6_MTU} (RFC 8200)`,
        `write ${MIN_IPV6_MTU} or more, or leave the IPv6 subnet out`,
      );
    }
  }

  /** A port whose name is taken is checked no further. */
  addPort(keys: Key[], port: PortConfig): void {
    if (this.ports.has(port.name) || this.hostPorts.has(port.name)) {
      this.problem([...keys, "name"], port.name, `is "${port.name}", which another port has`, "give every port a name of its own");
      return;
    }
    this.#checkRoom(keys, port);
    this.ports.set(port.name, port);
    this.#claims.set(port.name, []);
    this.#count(port, 1);
    checkPort(this, keys, port);
  }

  removePort(name: string): void {
    this.published.release(`port ${name}`);
    this.#remove(this.ports, name);
  }

  /** A service whose name is taken is checked no further. */
  addService(keys: Key[], service: ServiceConfig): void {
    const { name } = service;
    if (this.services.has(name)) {
      this.problem([...keys, "name"], name, `is "${name}", which another service has`, "give every service a name of its own");
      return;
    }
    this.#checkServiceRoom(keys, service);
    this.services.set(name, service);
    this.#claims.set(serviceOwner(name), []);
    this.#countService(service, 1);
    checkService(this, keys, service);
  }

  removeService(name: string): void {
    const service = this.services.get(name);
    if (!service) return;
    for (const what of this.#claims.get(serviceOwner(name)) ?? []) this.#release(what);
    this.#claims.delete(serviceOwner(name));
    this.services.delete(name);
    this.#countService(service, -1);
  }

  #countService(service: ServiceConfig, by: 1 | -1): void {
    this.#serviceRecords += by * recordsOf(service);
    this.#backends += by * service.backends.length;
  }

  #checkServiceRoom(keys: Key[], service: ServiceConfig): void {
    const remedy = "remove some, or start a second instance";
    const [records, backends] = [this.#serviceRecords, this.#backends];
    const [mostRecords, mostBackends] = [MAX_SERVICES - 1, MAX_BACKENDS];
    if (records <= mostRecords && records + recordsOf(service) > mostRecords) {
      const fault = `is one more than the ${mostRecords} services that an engine has room for; one with two addresses counts twice`;
      this.problem(keys, service.name, fault, remedy);
    }
    if (backends <= mostBackends && backends + service.backends.length > mostBackends) {
      const fault = `names more than the ${mostBackends} backends of all services that an engine has room for`;
      this.problem([...keys, "backends"], service.backends.length, fault, remedy);
    }
  }

  #release(what: string): void {
    this.#owners.delete(what);
    const [kind, network, address] = what.split(" ");
    if (kind === "address") this.#pools.get(network!)?.release(address!);
  }

  removeNetwork(name: string): void {
    this.published.release(`network ${name}`);
    this.networks.delete(name);
    this.#remove(this.hostPorts, hostPortName(name));
    this.#pools.delete(name);
  }

  #remove(ports: Map<string, PortConfig>, name: string): void {
    const port = ports.get(name);
    if (!port) return;
    for (const what of this.#claims.get(name) ?? []) this.#release(what);
    this.#claims.delete(name);
    ports.delete(name);
    this.#count(port, -1);
  }

  #count(port: PortConfig, by: 1 | -1): void {
    if (port.trunk) this.#trunks += by;
    this.#addresses += by * port.addresses.length;
  }

  #checkRoom(keys: Key[], { name, trunk, addresses }: PortConfig): void {
    const remedy = "remove some, or start a second instance";
    if (this.ports.size + this.hostPorts.size >= MAX_PORTS)
      this.problem(keys, name, `is one more than the ${MAX_PORTS} ports that an engine has room for`, remedy);
    if (trunk && this.#trunks === MAX_TRUNKS) {
      this.problem([...keys, "trunk"], trunk, `is one more than the ${MAX_TRUNKS} trunks that an engine has room for`, remedy);
    }
    if (this.#addresses <= MAX_ADDRESSES && this.#addresses + addresses.length > MAX_ADDRESSES) {
      this.problem(
        [...keys, "addresses"],
        addresses.length,
        `binds more than the ${MAX_ADDRESSES} addresses that an engine has room for`,
        remedy,
      );
    }
  }
}

/** A service has one for each of its addresses, and one without any. */
const recordsOf = ({ addresses }: ServiceConfig): number => Math.max(1, addresses.length);
