/** Docker's NetworkDriver calls (specification: moby, daemon/libnetwork/docs/remote.md), as operations of the agent:
 *
 *     CreateNetwork  a network, with its gateway           CreateEndpoint  noted; nothing is made yet
 *     Join           a port, whose TAP Docker moves        Program/Revoke  what the port publishes
 *     Leave          Docker brings the TAP back            DeleteEndpoint  the port and its TAP go
 *
 *  Docker repeats calls whose answer it did not get, and may ask for the end of what never was: a repeat is answered as the first time, and
 *  what is not there is no error at an end. Calls come one after another. */
import { defaultMac } from "../../bindings/config/mac-address.ts";
import { formatPublication } from "../../bindings/config/publish.ts";
import type { EngineLike } from "../../bindings/engine/types.ts";
import type { PortInput } from "../../bindings/config/port-schema.ts";
import type { NetworkInput } from "../../bindings/config/network-schema.ts";
import { PortyardError } from "../../bindings/error.ts";
import type { Operations } from "../operations.ts";
import type { Objects } from "../objects.ts";
import { interfaceNameOf, networkInputOf, portNameOf } from "./network-input.ts";
import { publicationsOf } from "./port-map.ts";
import * as protocol from "./protocol.ts";
import { type CreateEndpoint, KEY, type PortMap } from "./protocol.ts";
import type { EndpointRecord, NetworkRecord, Records } from "./records.ts";

export interface NetworkDriverOptions {
  records: Records;
  operations: Operations;
  objects: Objects;
  engine: Pick<EngineLike, "ports">;
}

export class NetworkDriver {
  readonly #records: Records;
  readonly #operations: Operations;
  readonly #objects: Objects;
  readonly #engine: Pick<EngineLike, "ports">;

  constructor({ records, operations, objects, engine }: NetworkDriverOptions) {
    this.#records = records;
    this.#operations = operations;
    this.#objects = objects;
    this.#engine = engine;
  }

  /** @throws PortyardError `network-exists`, `name-taken`, `bad-option`, `bad-request`, or what the agent says. */
  async createNetwork(body: unknown): Promise<object> {
    const request = protocol.createNetwork.parse(body);
    const input = networkInputOf(request);
    const { NetworkID: id } = request;
    const asked = JSON.stringify(input);
    const before = this.#records.network(id);
    if (before !== null && before.asked !== asked) throw exists("network", id);
    if (before === null) await this.#note(id, asked, input);
    else if (this.#objects.inventory.networks.has(input.name) && this.#isOurs(input.name)) return {};
    try {
      await this.#operations.addNetwork(input, "docker");
    } catch (error) {
      if (!this.#isOurs(input.name)) await this.#records.dropNetwork(id);
      throw error;
    }
    return {};
  }

  /** Only of a network that nobody has yet: who finds its record finds its own network. */
  async #note(id: string, asked: string, { name, subnet = [], gateway = [], internal }: NetworkInput): Promise<void> {
    if (this.#isKnown("network", name)) throw nameTaken(name);
    await this.#records.putNetwork({ id, name, asked, subnets: [subnet].flat(), gateways: internal ? [] : [gateway].flat() });
  }

  /** @throws PortyardError `network-in-use`. */
  async deleteNetwork(body: unknown): Promise<object> {
    const { NetworkID: id } = protocol.networkCall.parse(body);
    const network = this.#records.network(id);
    if (network === null) return {};
    const [user] = this.#records.endpointsOf(id);
    if (user !== undefined) {
      throw new PortyardError("network-in-use", `Network ${network.name} has endpoint ${user.id}.`, {
        path: "NetworkID",
        value: id,
        remedy: "Disconnect its containers first.",
      });
    }
    if (this.#isOurs(network.name)) await this.#operations.removeNetwork(network.name, "docker");
    await this.#records.dropNetwork(id);
    return {};
  }

  /** @throws PortyardError `network-missing`, `endpoint-exists`, `address-taken`. */
  async createEndpoint(body: unknown): Promise<object> {
    const request = protocol.createEndpoint.parse(body);
    this.#network(request.NetworkID);
    const record = this.#recordOf(request);
    const before = this.#records.endpoint(record.id);
    if (before !== null && before.asked !== record.asked) throw exists("endpoint", record.id);
    if (before === null) {
      this.#refuseTaken(record);
      await this.#records.putEndpoint(record);
    }
    return { Interface: record.isOwnMac ? { MacAddress: record.mac } : {} };
  }

  #recordOf({ NetworkID, EndpointID, Interface, Options }: CreateEndpoint): EndpointRecord {
    const { Address, AddressIPv6, MacAddress } = Interface;
    const interfaceName = Options[KEY.interfaceName];
    return {
      id: EndpointID,
      network: NetworkID,
      name: portNameOf(EndpointID),
      asked: JSON.stringify([NetworkID, Interface, interfaceName]),
      addresses: [Address, AddressIPv6].filter((address) => address !== ""),
      mac: MacAddress === "" ? defaultMac(this.#objects.inventory.instance, portNameOf(EndpointID)) : MacAddress.toLowerCase(),
      isOwnMac: MacAddress === "",
      interfaceName: typeof interfaceName === "string" ? interfaceName : null,
      sandbox: null,
    };
  }

  /** Two endpoints with one address: the second would only fail when it joins. */
  #refuseTaken({ network, addresses }: EndpointRecord): void {
    const taken = addresses.find((address) => this.#records.endpointsOf(network).some((other) => other.addresses.includes(address)));
    if (taken === undefined) return;
    throw new PortyardError("address-taken", `${taken} is another endpoint's.`, {
      path: "Interface",
      value: taken,
      remedy: "Choose another --ip, or leave it out.",
    });
  }

  /** @throws PortyardError `endpoint-missing`. */
  async endpointOperInfo(body: unknown): Promise<object> {
    const { EndpointID } = protocol.endpointCall.parse(body);
    const endpoint = this.#endpoint(EndpointID);
    const network = this.#records.network(endpoint.network);
    return { Value: { "portyard.network": network?.name ?? "", "portyard.port": endpoint.name } };
  }

  /** The port, its device and its record go. */
  async deleteEndpoint(body: unknown): Promise<object> {
    const { EndpointID: id } = protocol.endpointCall.parse(body);
    const endpoint = this.#records.endpoint(id);
    if (endpoint === null) return {};
    await this.#removePort(endpoint);
    await this.#records.dropEndpoint(id);
    return {};
  }

  /** @throws PortyardError `endpoint-missing`, or what the agent says of the port. */
  async join(body: unknown): Promise<object> {
    const { EndpointID, SandboxKey } = protocol.join.parse(body);
    const endpoint = this.#endpoint(EndpointID);
    const network = this.#network(endpoint.network);
    if (endpoint.sandbox !== SandboxKey || !this.#isUp(endpoint.name)) await this.#attach({ ...endpoint, sandbox: SandboxKey }, network);
    return answerOf(endpoint, network);
  }

  async #attach(endpoint: EndpointRecord, network: NetworkRecord): Promise<void> {
    await this.#removePort(endpoint);
    await this.#records.putEndpoint(endpoint);
    try {
      await this.#operations.addPort(portInputOf(endpoint, network), "docker");
    } catch (error) {
      await this.#records.putEndpoint({ ...endpoint, sandbox: null });
      throw error;
    }
  }

  /** Docker moves the interface back after this: the port stays until the endpoint goes, or joins again. */
  async leave(body: unknown): Promise<object> {
    const { EndpointID } = protocol.endpointCall.parse(body);
    const endpoint = this.#records.endpoint(EndpointID);
    if (endpoint === null || endpoint.sandbox === null) return {};
    await this.#publish(endpoint, []);
    await this.#records.putEndpoint({ ...endpoint, sandbox: null });
    return {};
  }

  /** Publishes what the container's port map says. @throws PortyardError `endpoint-missing`, `host-port-taken`, `bad-request`. */
  async programExternalConnectivity(body: unknown): Promise<object> {
    const { EndpointID, Options } = protocol.connectivity.parse(body);
    const endpoint = this.#endpoint(EndpointID);
    await this.#publish(endpoint, protocol.portMap.parse(Options[KEY.portMap]));
    return {};
  }

  async revokeExternalConnectivity(body: unknown): Promise<object> {
    const { EndpointID } = protocol.endpointCall.parse(body);
    const endpoint = this.#records.endpoint(EndpointID);
    if (endpoint !== null) await this.#publish(endpoint, []);
    return {};
  }

  /** Of a mapping with a range of host ports the first is taken that can be had, and a repeat finds the one that it was given. */
  async #publish(endpoint: EndpointRecord, map: PortMap): Promise<void> {
    const there = this.#publishedBy(endpoint.name);
    if (there === null || (map.length === 0 && (there.length === 0 || this.#isHeld(endpoint.name)))) return;
    const choices = publicationsOf(map);
    if (choices.length === there.length && choices.every((choice, index) => choice.includes(there[index] ?? ""))) return;
    try {
      if (choices.length === 0) await this.#set(endpoint, []);
      else await this.#choose(endpoint, choices);
    } catch (error) {
      await this.#set(endpoint, there).catch(() => {}); // the first error is the one that explains
      throw error;
    }
  }

  /** Published together where there is nothing to choose; each range as soon as it is met, which shows what of it can be had. */
  async #choose(endpoint: EndpointRecord, choices: readonly string[][]): Promise<void> {
    const chosen: string[] = [];
    for (const [index, choice] of choices.entries()) {
      const isLast = index === choices.length - 1;
      if (choice.length === 1 && !isLast) chosen.push(choice[0]!);
      else chosen.push(await this.#firstOf(endpoint, chosen, choice));
    }
  }

  async #firstOf(endpoint: EndpointRecord, chosen: readonly string[], choice: readonly string[]): Promise<string> {
    for (const one of choice.slice(0, -1)) {
      try {
        await this.#set(endpoint, [...chosen, one]);
        return one;
      } catch (error) {
        if (!isTaken(error)) throw error;
      }
    }
    const last = choice.at(-1)!;
    await this.#set(endpoint, [...chosen, last]);
    return last;
  }

  #set({ name }: EndpointRecord, publish: readonly string[]): Promise<void> {
    return this.#operations.setPort(name, { publish: publish.length === 0 ? null : [...publish] }, false, "docker");
  }

  async #removePort({ name }: EndpointRecord): Promise<void> {
    if (this.#isKnown("port", name)) await this.#operations.removePort(name, "docker");
  }

  /** A network that is Docker's, and no other owner's of the same name. */
  #isOurs(network: string): boolean {
    return this.#isKnown("network", network) && this.#objects.networkOwner(network) === "docker";
  }

  /** Made, or held. */
  #isKnown(kind: "network" | "port", name: string): boolean {
    const { inventory, heldNetworks, heldPorts } = this.#objects;
    return kind === "network" ? inventory.networks.has(name) || heldNetworks.has(name) : inventory.ports.has(name) || heldPorts.has(name);
  }

  /** One that is held publishes nothing, and is not made for that. */
  #isHeld(port: string): boolean {
    return !this.#objects.inventory.ports.has(port);
  }

  #isUp(port: string): boolean {
    return this.#engine.ports().some(({ name, state }) => name === port && state === "up");
  }

  /** What a port publishes, as people write it; null when there is no such port. */
  #publishedBy(name: string): string[] | null {
    const { inventory, heldPorts } = this.#objects;
    const port = inventory.ports.get(name);
    if (port !== undefined) return (port.publish ?? []).map(formatPublication);
    return heldPorts.get(name)?.config.publish ?? null;
  }

  #network(id: string): NetworkRecord {
    const network = this.#records.network(id);
    if (network !== null) return network;
    throw missing("network", id, "Make the network again: docker network create -d portyard.");
  }

  #endpoint(id: string): EndpointRecord {
    const endpoint = this.#records.endpoint(id);
    if (endpoint !== null) return endpoint;
    throw missing("endpoint", id, "Disconnect the container, and connect it again.");
  }
}

/** The port of a joined endpoint. */
function portInputOf({ id, name, addresses, mac, sandbox }: EndpointRecord, network: NetworkRecord): PortInput {
  const tap = { namespace: sandbox ?? "", interface: interfaceNameOf(id), handover: true };
  return { name, network: network.name, mac, tap: { ...tap, ...(addresses.length > 0 && { address: addresses }) } };
}

/** Docker adds a route by docker_gwbridge where there is no gateway, unless it is told not to. */
function answerOf({ id, addresses, interfaceName }: EndpointRecord, { gateways }: NetworkRecord): object {
  const gateway = (isIpv6: boolean) => {
    const isOf = (address: string) => address.includes(":") === isIpv6;
    return (addresses.some(isOf) && gateways.find(isOf)) || "";
  };
  return {
    InterfaceName: { SrcName: interfaceNameOf(id), DstPrefix: "eth", DstName: interfaceName ?? "" },
    Gateway: gateway(false),
    GatewayIPv6: gateway(true),
    StaticRoutes: [],
    DisableGatewayService: true,
  };
}

/** Somebody else's program has the host port, or somebody else here publishes it. */
function isTaken(error: unknown): boolean {
  if (!(error instanceof PortyardError)) return false;
  return error.code === "host-port-taken" || (error.code === "bad-configuration" && (error.path ?? "").startsWith("publish"));
}

function exists(kind: string, id: string): PortyardError {
  return new PortyardError(`${kind}-exists`, `There is a ${kind} ${id} already, and it is another one.`, {
    path: kind,
    value: id,
    remedy: `Remove it first.`,
  });
}

function nameTaken(name: string): PortyardError {
  return new PortyardError("name-taken", `There is a network ${name} in this instance already.`, {
    path: "portyard.name",
    value: name,
    remedy: "Choose another -o portyard.name, or leave it out.",
  });
}

function missing(kind: string, id: string, remedy: string): PortyardError {
  return new PortyardError(`${kind}-missing`, `This driver does not know ${kind} ${id}.`, { path: kind, value: id, remedy });
}
