/** The driver of Docker's networks and addresses: a plugin of Docker that is part of the agent. */
import { contains, readAddress } from "../../bindings/config/ip-address.ts";
import type { DockerConfig } from "../../bindings/config/types.ts";
import type { EngineLike } from "../../bindings/engine/types.ts";
import type { Log } from "../log.ts";
import type { Objects } from "../objects.ts";
import type { Operations } from "../operations.ts";
import { HostPrefixes } from "./host-prefixes.ts";
import { PoolBook } from "./ipam/pool-book.ts";
import { IpamDriver } from "./ipam-driver.ts";
import { listenForDocker } from "./listen.ts";
import { NetworkDriver } from "./network-driver.ts";
import { createPluginServer, type Handler } from "./plugin-server.ts";
import { Records } from "./records.ts";

export interface DockerParts {
  /** Name of the instance. */
  instance: string;
  config: DockerConfig;
  engine: Pick<EngineLike, "ports">;
  objects: Objects;
  operations: Operations;
  /** Path of the records. */
  file: string;
  /** Descriptor of the socket that a service manager handed over; null where the agent makes its own. */
  descriptor: number | null;
  log: Log;
}

/** What serves Docker. */
export interface DockerDriver {
  /** Resolves when the call in work is answered; Docker asks again for 30 s where nobody answers. */
  close(): Promise<void>;
}

/** Begins to answer Docker's calls.
 *  @throws PortyardError `state-unreadable`, or as listenForDocker. */
export async function serveDocker({ file, descriptor, log, ...parts }: DockerParts): Promise<DockerDriver> {
  const { config } = parts;
  const records = await Records.open(file);
  const server = createPluginServer(createHandlers({ ...parts, records, host: new HostPrefixes(), nowMs: Date.now }), log);
  await server.ready();
  const clear = await listenForDocker(server.server, config.socket, descriptor);
  log.info(descriptor === null ? { socket: config.socket } : { descriptor }, "serving Docker's networks");
  return { close: () => server.close().then(clear) };
}

export interface HandlerParts extends Omit<DockerParts, "file" | "log" | "descriptor"> {
  records: Records;
  host: Pick<HostPrefixes, "prefixes" | "look">;
  /** The time, in milliseconds since 1970. */
  nowMs: () => number;
}

/** What answers each call of Docker; one at a time. */
export function createHandlers(parts: HandlerParts): Record<string, Handler> {
  const { config, objects, records, host, nowMs } = parts;
  const isTaken = (subnet: string) => overlapsAny(subnet, [...host.prefixes, ...objects.networksToBe().flatMap(({ subnets }) => subnets)]);
  const book = ({ pools, lastChosen }: Records) => new PoolBook({ bases: config.pools, isTaken, nowMs, records: pools, lastChosen });
  const network = new NetworkDriver(parts);
  const ipam = new IpamDriver({ records, book, lookAtHost: () => host.look() });
  const nothing = async () => ({});
  return {
    "Plugin.Activate": async () => ({ Implements: ["NetworkDriver", "IpamDriver"] }),
    "NetworkDriver.GetCapabilities": async () => ({ Scope: "local", ConnectivityScope: "local", GwAllocChecker: false }),
    "NetworkDriver.CreateNetwork": (body) => network.createNetwork(body),
    "NetworkDriver.DeleteNetwork": (body) => network.deleteNetwork(body),
    "NetworkDriver.CreateEndpoint": (body) => network.createEndpoint(body),
    "NetworkDriver.EndpointOperInfo": (body) => network.endpointOperInfo(body),
    "NetworkDriver.DeleteEndpoint": (body) => network.deleteEndpoint(body),
    "NetworkDriver.Join": (body) => network.join(body),
    "NetworkDriver.Leave": (body) => network.leave(body),
    "NetworkDriver.ProgramExternalConnectivity": (body) => network.programExternalConnectivity(body),
    "NetworkDriver.RevokeExternalConnectivity": (body) => network.revokeExternalConnectivity(body),
    // what only drivers of global scope have something to do for
    "NetworkDriver.AllocateNetwork": async () => ({ Options: {} }),
    "NetworkDriver.FreeNetwork": nothing,
    "NetworkDriver.DiscoverNew": nothing,
    "NetworkDriver.DiscoverDelete": nothing,
    "IpamDriver.GetCapabilities": () => ipam.getCapabilities(),
    "IpamDriver.GetDefaultAddressSpaces": () => ipam.getDefaultAddressSpaces(),
    "IpamDriver.RequestPool": (body) => ipam.requestPool(body),
    "IpamDriver.ReleasePool": (body) => ipam.releasePool(body),
    "IpamDriver.RequestAddress": (body) => ipam.requestAddress(body),
    "IpamDriver.ReleaseAddress": (body) => ipam.releaseAddress(body),
  };
}

function overlapsAny(subnet: string, others: readonly string[]): boolean {
  const one = readAddress(subnet);
  return others.some((text) => {
    const other = readAddress(text);
    return one !== null && other !== null && one.family === other.family && (contains(one, other) || contains(other, one));
  });
}
