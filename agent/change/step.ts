/** What an engine is asked for, one by one, and how each is taken back. */
import type { NetworkConfig, PortConfig, ServiceConfig } from "../../bindings/config/types.ts";
import type { EngineLike } from "../../bindings/engine/types.ts";
import type { Lease } from "../../bindings/ipam/lease.ts";

export type Step =
  | { action: "add-network" | "remove-network"; network: NetworkConfig }
  | { action: "set-network"; from: NetworkConfig; to: NetworkConfig }
  | { action: "add-port" | "remove-port"; port: PortConfig; lease: Lease }
  | { action: "set-ports"; changes: { from: PortConfig; to: PortConfig }[] }
  | { action: "add-service" | "remove-service"; service: ServiceConfig }
  | { action: "set-service"; from: ServiceConfig; to: ServiceConfig };

/** Carries it out. @throws PortyardError of what the engine refuses. */
export async function run(engine: EngineLike, step: Step): Promise<void> {
  switch (step.action) {
    case "add-network":
      return void (await engine.addNetwork(step.network));
    case "remove-network":
      return engine.removeNetwork(step.network.name);
    case "set-network":
      return void (await engine.setNetwork(step.to));
    case "add-port":
      return void (await engine.addPort(step.port, step.lease));
    case "remove-port":
      return engine.removePort(step.port.name);
    case "set-ports":
      return void (await engine.setPorts(step.changes.map(({ to }) => to)));
    case "add-service":
      return void (await engine.addService(step.service));
    case "remove-service":
      return engine.removeService(step.service.name);
    case "set-service":
      return void (await engine.setService(step.to));
  }
}

/** The step that takes `step` back. */
export function inverse(step: Step): Step {
  switch (step.action) {
    case "add-network":
    case "remove-network":
      return { action: step.action === "add-network" ? "remove-network" : "add-network", network: step.network };
    case "set-network":
      return { action: "set-network", from: step.to, to: step.from };
    case "add-port":
    case "remove-port":
      return { action: step.action === "add-port" ? "remove-port" : "add-port", port: step.port, lease: step.lease };
    case "set-ports":
      return { action: "set-ports", changes: step.changes.map(({ from, to }) => ({ from: to, to: from })) };
    case "add-service":
    case "remove-service":
      return { action: step.action === "add-service" ? "remove-service" : "add-service", service: step.service };
    case "set-service":
      return { action: "set-service", from: step.to, to: step.from };
  }
}

/** What it is about: "port a". */
export function subjectOf(step: Step): string {
  if ("port" in step) return `port ${step.port.name}`;
  if ("network" in step) return `network ${step.network.name}`;
  if ("changes" in step) return `port ${step.changes.map(({ to }) => to.name).join(", ")}`;
  if ("service" in step) return `service ${step.service.name}`;
  return `${step.action === "set-service" ? "service" : "network"} ${step.to.name}`;
}
