/** How an interface of a packet port was before the engine silenced it (bindings/ports/packet.ts). The engine puts it back
 *  by itself; this is for the case that it dies before. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { PortConfig } from "../../bindings/config/types.ts";
import { linkIsGone, readLink, runLinkBatch } from "../../bindings/ports/link.ts";

export interface InterfaceBefore {
  interface: string;
  isUp: boolean;
  hasArp: boolean;
  /** disable_ipv6 of the interface; null where the kernel has no IPv6. */
  disableIpv6: string | null;
}

interface Link {
  ifname: string;
  flags: string[];
}

const ipv6Switch = (name: string): string => `/proc/sys/net/ipv6/conf/${name}/disable_ipv6`;

/** How the interfaces of `ports` that the engine will silence are now; those that are not there are left out. */
export async function readInterfaces(ports: readonly PortConfig[]): Promise<InterfaceBefore[]> {
  const names = new Set(ports.flatMap(({ packet }) => (packet && !packet.shared ? [packet.interface] : [])));
  if (names.size === 0) return [];
  const links = await readLink<Link[]>(["link", "show"]);
  return links.filter(({ ifname }) => names.has(ifname)).map(describe);
}

function describe({ ifname, flags }: Link): InterfaceBefore {
  const file = ipv6Switch(ifname);
  const disableIpv6 = existsSync(file) ? readFileSync(file, "utf8").trim() : null;
  return { interface: ifname, isUp: flags.includes("UP"), hasArp: !flags.includes("NOARP"), disableIpv6 };
}

/** Puts an interface back; nothing happens when it is gone. */
export async function restoreInterface({ interface: name, isUp, hasArp, disableIpv6 }: InterfaceBefore): Promise<void> {
  try {
    await runLinkBatch([`link set dev ${name} arp ${hasArp ? "on" : "off"} ${isUp ? "up" : "down"}`]);
  } catch (error) {
    if (linkIsGone(error)) return;
    throw error;
  }
  if (disableIpv6 !== null) writeFileSync(ipv6Switch(name), disableIpv6);
}
