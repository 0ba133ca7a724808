/** Names that a caller gives, and that nobody has. */
import { PortyardError } from "../bindings/error.ts";
import type { Objects } from "./objects.ts";

/** Names that must be there; those that are undefined are not asked for. */
export interface AskedNames {
  network?: string | undefined;
  port?: string | undefined;
  service?: string | undefined;
}

/** Something of this name is there, or is held. @throws PortyardError `network-missing`, `port-missing`, `service-missing`. */
export function requireNames({ inventory, heldNetworks, heldPorts, services }: Objects, { network, port, service }: AskedNames): void {
  if (network !== undefined && !inventory.networks.has(network) && !heldNetworks.has(network)) throw unknownName("network", network);
  const isPort = (name: string) => inventory.ports.has(name) || inventory.hostPorts.has(name) || heldPorts.has(name);
  if (port !== undefined && !isPort(port)) throw unknownName("port", port);
  if (service !== undefined && !inventory.services.has(service) && !services.held.has(service)) throw unknownName("service", service);
}

/** PortyardError `network-missing`, `port-missing` or `service-missing`. */
export function unknownName(kind: "network" | "port" | "service", name: string): PortyardError {
  return new PortyardError(`${kind}-missing`, `There is no ${kind} named ${name}.`, {
    path: kind,
    value: name,
    remedy: `List them with \`portyard show ${kind}s\`.`,
  });
}
