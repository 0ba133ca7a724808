/** Networks, ports and services as they stand in the state: those that there are, and those that are held. */
import { networkInput, portInput } from "../../bindings/config/as-input.ts";
import type { NetworkInput } from "../../bindings/config/network-schema.ts";
import type { PortInput } from "../../bindings/config/port-schema.ts";
import { PortyardError } from "../../bindings/error.ts";
import type { Lease } from "../../bindings/ipam/lease.ts";
import type { ObjectSet } from "../change/object-set.ts";
import type { Owner, State, StoredNetwork, StoredPort } from "./types.ts";

/** An object without a device, and why; null before it was tried. */
export interface Held<Input> {
  owner: Owner;
  config: Input;
  /** What stands beside it in the state: the lease of a port, or what the pool of a network gave last. */
  addresses: readonly string[];
  error: PortyardError | null;
}

/** What stands in the state and is not wanted. */
export type Leftovers = Pick<State, "networks" | "ports">;

interface Owners {
  networkOwner(name: string): Owner;
  portOwner(name: string): Owner;
}

/** What was given. */
interface Given {
  /** What a port was lent. */
  leaseOf: (name: string) => Lease;
  /** What the pool of a network gave last. */
  given: (name: string) => readonly string[];
}

/** What there is. */
export function storedSet(set: Omit<ObjectSet, "services">, owners: Owners, { leaseOf, given }: Given): Leftovers {
  return {
    networks: set.networks.map((network) => storedNetwork(owners.networkOwner(network.name), networkInput(network), given(network.name))),
    ports: set.ports.map((port) => storedPort(owners.portOwner(port.name), portInput(port), leaseOf(port.name))),
  };
}

/** Held networks that were not made meanwhile. */
export function storedNetworks(held: ReadonlyMap<string, Held<NetworkInput>>, made: ReadonlyMap<string, unknown>): StoredNetwork[] {
  return stillHeld(held, made).map(({ owner, config, addresses }) => storedNetwork(owner, config, addresses));
}

/** The same of ports. */
export function storedPorts(held: ReadonlyMap<string, Held<PortInput>>, made: ReadonlyMap<string, unknown>): StoredPort[] {
  return stillHeld(held, made).map(({ owner, config, addresses }) => storedPort(owner, config, addresses));
}

/** Held ones that were not made meanwhile. */
export function stillHeld<Input>(held: ReadonlyMap<string, Held<Input>>, made: ReadonlyMap<string, unknown>): Held<Input>[] {
  return [...held].filter(([name]) => !made.has(name)).map(([, one]) => one);
}

/** Names of what is held of the file and is not among `wanted`. */
export function staleOf(held: ReadonlyMap<string, Held<unknown>>, wanted: readonly { name: string }[]): { name: string }[] {
  const names = new Set(wanted.map(({ name }) => name));
  return [...held].filter(([name, { owner }]) => owner === "file" && !names.has(name)).map(([name]) => ({ name }));
}

function storedNetwork(owner: Owner, config: NetworkInput, given: readonly string[]): StoredNetwork {
  return { owner, config, ...(given.length > 0 && { given }) };
}

function storedPort(owner: Owner, config: PortInput, lease: Lease): StoredPort {
  return { owner, config, ...(lease.length > 0 && { lease }) };
}

/** @throws PortyardError `name-taken` when an object of this name is there. */
export function refuseTaken(kind: string, taken: ReadonlyMap<string, unknown>, input: unknown): void {
  const name = (input as { name?: unknown } | null)?.name;
  if (typeof name !== "string" || !taken.has(name)) return;
  throw new PortyardError("name-taken", `There is a ${kind} named ${name} already.`, {
    path: "name",
    value: name,
    remedy: `Choose another name, or remove the ${kind} first.`,
  });
}

/** Holds what another than the file made before a restart. @throws PortyardError `name-taken` when the file uses its name. */
export function hold<Input extends { name: string }>(
  kind: string,
  taken: ReadonlyMap<string, unknown>,
  held: Map<string, Held<Input>>,
  owner: Owner,
  config: Input,
  addresses: readonly string[],
): void {
  if (taken.has(config.name)) {
    const message = `The ${kind} ${config.name} of the configuration has the name of one that was made by ${makerOf(owner)}.`;
    const remedy = "Rename it, or start without it and remove the other one first.";
    throw new PortyardError("name-taken", message, { path: `${kind}s`, value: config.name, remedy });
  }
  held.set(config.name, { owner, config, addresses, error: null });
}

/** Who made something, in a sentence. */
export function makerOf(owner: Owner): string {
  return { file: "the configuration file", api: "the API", docker: "Docker" }[owner];
}

/** How what somebody made is removed: a sentence. */
export function removalOf(owner: Owner, kind: string, name: string): string {
  return {
    file: "Change the file, then say `portyard reload`.",
    api: `Say \`portyard ${kind} remove ${name}\`.`,
    docker: "Say `docker network disconnect`, or `docker network rm`.",
  }[owner];
}

/** Only who asked for an object changes or removes it. @throws PortyardError `owned-by-file`, `owned-by-docker`, `owned-by-api`. */
export function refuseOthers(kind: string, name: string, owner: Owner, by: Owner, remedy = removalOf(owner, kind, name)): void {
  if (owner === by) return;
  const message = {
    file: `The ${kind} ${name} stands in the configuration file.`,
    docker: `The ${kind} ${name} is Docker's.`,
    api: `The ${kind} ${name} was made by the API.`,
  }[owner];
  throw new PortyardError(`owned-by-${owner}`, message, { path: "name", value: name, remedy });
}
