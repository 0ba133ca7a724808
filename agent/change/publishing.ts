/** What a change does to published ports. Who publishes something, and changes in what it publishes or where that leads, lets go of its
 *  ports of the host first, so that another one can take them; then all is taken, before anything is made. */
import { networksOf } from "../../bindings/config/networks-of.ts";
import type { NetworkConfig, PortConfig } from "../../bindings/config/types.ts";
import type { Log } from "../log.ts";
import type { Publisher } from "../host/publish/publisher.ts";
import type { Objects } from "../objects.ts";
import { byName, type Exchange } from "./object-set.ts";

export interface Republished {
  kind: "network" | "port";
  name: string;
}

export interface PublishingTools {
  objects: Objects;
  publisher: Publisher;
  log: Log;
}

/** Those whose published ports change by an exchange; what is published as before goes on leading. During the exchange. */
export function republishedBy({ out, into }: Exchange, objects: Objects): Republished[] {
  const networks = { before: byName(out.networks), after: byName(into.networks) };
  const ports = { before: byName(out.ports), after: byName(into.ports) };
  const wayOfNetwork = (network: NetworkConfig | undefined) => network && wayOf(network, []);
  const moved = new Set(
    [...networks.before.keys()].filter((name) => wayOfNetwork(networks.before.get(name)) !== wayOfNetwork(networks.after.get(name))),
  );
  const wayOfPort = (port: PortConfig | undefined, lease: readonly string[]) => port && wayOf(port, lease);
  const isMoved = (name: string) => {
    const [before, after] = [ports.before.get(name), ports.after.get(name)];
    if (![before, after].some((port) => port?.publish)) return false;
    const isInMoved = [before, after].some((port) => port && networksOf(port).some((network) => moved.has(network)));
    return isInMoved || wayOfPort(before, objects.leavingLeaseOf(name)) !== wayOfPort(after, objects.leaseOf(name));
  };
  const names = (maps: { before: Map<string, unknown>; after: Map<string, unknown> }) => [
    ...new Set([...maps.before.keys(), ...maps.after.keys()]),
  ];
  const hasPublication = (name: string) => [networks.before.get(name), networks.after.get(name)].some((network) => network?.publish);
  const isNew = (name: string) => !networks.before.has(name) || moved.has(name);
  return [
    ...names(networks)
      .filter((name) => hasPublication(name) && isNew(name))
      .map((name): Republished => ({ kind: "network", name })),
    ...names(ports)
      .filter(isMoved)
      .map((name): Republished => ({ kind: "port", name })),
  ];
}

/** What is published, and all that says where it leads. */
function wayOf(config: NetworkConfig | PortConfig, lease: readonly string[]): string {
  const { publish, ...rest } = config;
  const { learning: _l, macAgeSeconds: _m, macLimit: _n, staticMacs: _s, ...way } = rest as Record<string, unknown>;
  return JSON.stringify([publish, lease, way]);
}

/** Lets go of what they publish, and takes what they publish from now on.
 *  @throws PortyardError of a port of the host that cannot be had; `withdraw` undoes the rest. */
export async function take({ objects, publisher }: PublishingTools, owners: readonly Republished[]): Promise<void> {
  for (const { kind, name } of owners) await publisher.withdraw(kind, name);
  const { networks, ports } = objects.inventory;
  for (const { kind, name } of owners) {
    const [network, port] = [networks.get(name), ports.get(name)];
    if (kind === "network" && network) await publisher.takeNetwork(network);
    if (kind === "port" && port) await publisher.takePort(objects.withLease(port));
  }
}

/** Leads what was taken to its targets. @throws what the rules say. */
export async function publish({ publisher }: PublishingTools, owners: readonly Republished[]): Promise<void> {
  for (const { kind, name } of owners) await publisher.publish(kind, name);
}

/** Publishes what the inventory says again, after an exchange was undone. What cannot be had any more is logged. */
export async function putBack(tools: PublishingTools, owners: readonly Republished[]): Promise<void> {
  for (const { kind, name } of owners) await tools.publisher.withdraw(kind, name);
  for (const owner of owners) {
    try {
      await take(tools, [owner]);
      await publish(tools, [owner]);
    } catch (err) {
      tools.log.error({ [owner.kind]: owner.name, err }, "what was published before a change that failed could not be published again");
    }
  }
}
