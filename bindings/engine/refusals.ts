/** What an engine does not do, and says so. */
import { PortyardError } from "../error.ts";
import type { PortEntry } from "./ports.ts";

/** After `leave` or `close`. */
export function engineClosed(): PortyardError {
  return new PortyardError("engine-closed", "The engine is closed.", { remedy: "Create another one." });
}

/** @param what of inline engines alone. */
export function notInline(what: string, remedy = 'Use isolation "inline".'): PortyardError {
  return new PortyardError("isolation", `Only an inline engine ${what}.`, { remedy });
}

/** Its frames are the kernel's. */
export function noMemoryPort({ config: { name }, kind }: PortEntry): PortyardError {
  return new PortyardError("port-kind", `Port ${name} is no memory port.`, { value: kind, remedy: "Give it `memory: {}`." });
}

/** Whether it is the way of a network to its host. */
export function isHost({ kind }: PortEntry): boolean {
  return kind === "host";
}

/** It goes with its network. */
export function hostPortStays({ config: { name, network } }: PortEntry): PortyardError {
  return new PortyardError("port-kind", `Port ${name} is the way of network ${network} to its host.`, {
    value: name,
    remedy: `Take the gateway from the network, or remove the network.`,
  });
}

/** @throws PortyardError `network-in-use` when there are any.
 *  @param what they are: "ports". */
export function refuseUsers(network: string, what: string, users: readonly string[]): void {
  if (users.length === 0) return;
  throw new PortyardError("network-in-use", `Network ${network} has ${what}: ${users.join(", ")}.`, {
    value: network,
    remedy: `Remove its ${what} first.`,
  });
}

/** @throws PortyardError `not-settable` when there are any. */
export function refuseKeys(kind: string, name: string, keys: readonly string[]): void {
  if (keys.length === 0) return;
  throw new PortyardError("not-settable", `${kind} ${name} would have to be made anew to change ${keys.join(", ")}.`, {
    path: keys[0] ?? "",
    value: name,
    remedy: "Remove it and add it again.",
  });
}
