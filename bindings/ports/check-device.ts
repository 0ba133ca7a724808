/** What can be known about a port's device before anything is touched: the namespace is there and the interface's name free
 *  in it, or the interface is there and nobody uses it. */
import type { PortConfig } from "../config/types.ts";
import { interfaceIndex } from "../native/interface.ts";
import { namespacePath, withNamespace } from "../native/namespace.ts";
import { checkHandedTap } from "./handed-tap.ts";
import { checkPacketInterface } from "./packet.ts";
import { refuseTakenName } from "./tap.ts";

/** Where a port's device is to be: two ports never have the same place. */
export function placeOfDevice({ tap, packet }: PortConfig): string | null {
  if (tap) return `tap ${namespacePath(tap.namespace)} ${tap.interface}`;
  return packet ? `packet ${packet.interface}` : null;
}

/** @param freed places of devices that will be gone before.
 *  @throws PortyardError `namespace-missing`, `interface-taken`, `interface-missing`, `interface-in-use`, `no-rights`. */
export async function checkDevice(config: PortConfig, freed: ReadonlySet<string>): Promise<void> {
  const { name, tap, packet } = config;
  const isFreed = freed.has(placeOfDevice(config) ?? "");
  if (tap?.handover) await checkHandedTap({ name, tap, mac: config.mac ?? "" });
  else if (tap) {
    const namespace = namespacePath(tap.namespace);
    withNamespace(namespace, () => isFreed || refuseTakenName(tap.interface, namespace));
  }
  if (packet && !(isFreed && interfaceIndex(packet.interface) !== null)) await checkPacketInterface({ name, packet });
}
