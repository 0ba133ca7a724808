/** The kernel's end of a port, by its kind. */
import type { PortConfig } from "../config/types.ts";
import { PortyardError } from "../error.ts";
import { interfaceIndex } from "../native/interface.ts";
import type { OpenPort } from "../ports/open-port.ts";
import { openPacketPort } from "../ports/packet.ts";
import { openTapPort } from "../ports/tap.ts";

/** Opens what a port is made of. `indices`: the kernel's number of each packet port's interface. */
export async function openDevice(
  instance: string,
  config: PortConfig,
  mtu: number,
  indices: Map<string, number | null>,
): Promise<OpenPort> {
  if (config.tap !== undefined) {
    if (config.mac === undefined) throw new PortyardError("mac-missing", `Port ${config.name} has no MAC.`, { path: "mac" });
    return openTapPort({ instance, name: config.name, tap: config.tap, mac: config.mac, mtu });
  }
  if (config.packet !== undefined) {
    indices.set(config.name, interfaceIndex(config.packet.interface));
    return openPacketPort({ name: config.name, packet: config.packet });
  }
  throw new PortyardError("isolation", `Port ${config.name} is a memory port, which only an inline engine has.`, {
    value: config.name,
    remedy: 'Use isolation "inline", or a tap or packet port.',
  });
}
