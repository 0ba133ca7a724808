/** The running configuration as a whole, whoever made its parts: what `portyard export` writes, for a replay elsewhere. */
import { configInput } from "../bindings/config/as-input.ts";
import { hostPortOf } from "../bindings/config/host-port.ts";
import type { EngineConfig, NetworkConfig } from "../bindings/config/types.ts";
import type { EngineLike } from "../bindings/engine/types.ts";
import type { ExportView } from "./api/schema.ts";
import type { Publisher } from "./host/publish/publisher.ts";
import type { Held, Objects } from "./objects.ts";

export interface ExportParts {
  /** What the instance was started with. */
  config: Pick<EngineConfig, "workers" | "tables" | "flowTimeouts" | "docker">;
  objects: Objects;
  engine: Pick<EngineLike, "ports">;
  publisher: Pick<Publisher, "chosen">;
}

/** What there is, with the addresses that were lent and the MACs that were made from names. What is held is named beside it. To be
 *  called while no change is under way. */
export function exportOf({ config: { workers, tables, flowTimeouts, docker }, objects, engine, publisher }: ExportParts): ExportView {
  const { networks, ports, services } = objects.of();
  const name = objects.inventory.instance;
  const whole = {
    name,
    workers,
    tables,
    flowTimeouts,
    services,
    networks,
    ports: ports.map((port) => objects.withLease(port)),
    ...(docker && { docker }),
  };
  const states = new Map(engine.ports().map((port) => [port.name, port.state]));
  return {
    config: configInput(whole),
    networks: networks.map((network) => ({
      name: network.name,
      owner: objects.networkOwner(network.name),
      hostPort: hostPortView(name, network),
      chosenHostPorts: publisher.chosen("network", network.name),
    })),
    ports: ports.map((port) => ({
      name: port.name,
      owner: objects.portOwner(port.name),
      state: states.get(port.name) ?? "failed",
      chosenHostPorts: publisher.chosen("port", port.name),
    })),
    services: services.map(({ name: service }) => ({ name: service, owner: objects.services.ownerOf(service) })),
    held: [
      ...heldViews("network", objects.heldNetworks),
      ...heldViews("port", objects.heldPorts),
      ...heldViews("service", objects.services.held),
    ],
  };
}

function hostPortView(instance: string, network: NetworkConfig): ExportView["networks"][number]["hostPort"] {
  const port = hostPortOf(instance, network);
  return port && { name: port.name, mac: port.mac ?? "" };
}

function heldViews(kind: "network" | "port" | "service", held: ReadonlyMap<string, Held<unknown>>): ExportView["held"] {
  return [...held].map(([name, { owner, error }]) => ({ kind, name, owner, code: error?.code ?? null }));
}
