/** What an engine is asked for, one by one, and how each is taken back. */
import type { NetworkConfig, PortConfig } from "../../bindings/config/types.ts";
import type { Lease } from "../../bindings/ipam/lease.ts";
import type { EngineLike } from "../../bindings/engine/types.ts";

export type Step =
  | { action: "add-network" | "remove-network"; network: NetworkConfig }
  | { action: "set-network"; from: NetworkConfig; to: NetworkConfig }
  | { action: "add-port" | "remove-port"; port: PortConfig; lease: Lease }
  | { action: "set-ports"; changes: { from: PortConfig; to: PortConfig }[] };

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
  }
}

/** What it is about: "port a". */
export function subjectOf(step: Step): string {
  if ("port" in step) return `port ${step.port.name}`;
  if ("network" in step) return `network ${step.network.name}`;
  if ("changes" in step) return `port ${step.changes.map(({ to }) => to.name).join(", ")}`;
  return `network ${step.to.name}`;
}
