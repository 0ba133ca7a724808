/** The driver of Docker's networks and addresses: a plugin of Docker that is part of the agent. */
import type { DockerConfig } from "../../bindings/config/types.ts";
import { PortyardError } from "../../bindings/error.ts";
import type { EngineLike } from "../../bindings/engine/types.ts";
import type { Log } from "../log.ts";
import type { Objects } from "../objects.ts";
import type { Operations } from "../operations.ts";
import { HostPrefixes } from "./host-prefixes.ts";
import { PoolBook } from "./ipam/pool-book.ts";
import { areOverlapping, spanOf } from "./ipam/span.ts";
import { IpamDriver } from "./ipam-driver.ts";
import { listenForDocker } from "./listen.ts";
import { NetworkDriver } from "./network-driver.ts";
import { createPluginServer, type Handler } from "./plugin-server.ts";
import type { Records } from "./records.ts";

export interface DockerParts {
  config: DockerConfig;
  engine: Pick<EngineLike, "ports">;
  objects: Objects;
  operations: Operations;
  /** What Docker was told before. */
  records: Records;
  /** Descriptor of the socket that a service manager handed over; null where the agent makes its own. */
  descriptor: number | null;
  log: Log;
}

/** What serves Docker. */
export interface DockerDriver {
  /** Answers the calls from now on, those first that have waited. */
  begin(): void;
  /** Resolves when the call in work is answered; Docker asks again for 30 s where nobody answers. */
  close(): Promise<void>;
}

/** Listens for Docker's calls, which wait until `begin`. @throws PortyardError as listenForDocker. */
export async function serveDocker({ descriptor, log, ...parts }: DockerParts): Promise<DockerDriver> {
  const { config } = parts;
  const gate = new Gate();
  const handlers = createHandlers({ ...parts, host: new HostPrefixes(), nowMs: Date.now });
  const server = createPluginServer(behind(gate, handlers), log);
  await server.ready();
  const clear = await listenForDocker(server.server, config.socket, descriptor);
  const begin = () => {
    gate.open();
    log.info(descriptor === null ? { socket: config.socket } : { descriptor }, "serving Docker's networks");
  };
  const close = () => {
    gate.shut();
    return server.close().then(clear);
  };
  return { begin, close };
}

/** Where calls wait. */
class Gate {
  readonly passed: Promise<void>;
  /** Only the first of the two counts. */
  open: () => void = () => {};
  shut: () => void = () => {};

  constructor() {
    this.passed = new Promise((resolve, reject) => {
      this.open = resolve;
      this.shut = () => reject(new PortyardError("stopping", "The agent is stopping.", { remedy: "Start it again." }));
    });
    this.passed.catch(() => {}); // where nobody waits nobody need know
  }
}

function behind({ passed }: Gate, handlers: Record<string, Handler>): Record<string, Handler> {
  return Object.fromEntries(Object.entries(handlers).map(([name, handle]) => [name, (body: unknown) => passed.then(() => handle(body))]));
}

export interface HandlerParts extends Omit<DockerParts, "log" | "descriptor"> {
  host: Pick<HostPrefixes, "prefixes" | "look">;
  /** The time, in milliseconds since 1970. */
  nowMs: () => number;
}

/** What answers each call of Docker; one at a time. */
export function createHandlers(parts: HandlerParts): Record<string, Handler> {
  const { config, objects, records, host, nowMs } = parts;
  const others = () => [...host.prefixes, ...objects.networksToBe().flatMap(({ subnets }) => subnets)];
  const isTaken = (subnet: string) => {
    const span = spanOf(subnet);
    return others().some((other) => areOverlapping(span, spanOf(other)));
  };
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
