/** Addresses and default routes of an interface, as lines for `ip -batch`, and what the kernel must allow before. */
import { writeFileSync } from "node:fs";
import { PortyardError } from "../error.ts";
import { withNamespace } from "../native/namespace.ts";
import { interfaceIndex } from "../native/interface.ts";
import { linkFailedWith, runLinkBatch } from "./link.ts";

/** Metric of a default route that stands behind another, before the interface's index is added: above the 1,024 that the kernel
 *  gives IPv6 routes. */
const SPARE_METRIC = 1024;

/** True for an IPv6 address, with or without prefix length. */
export function isIpv6(address: string): boolean {
  return address.includes(":");
}

/** The line that gives interface `name` an address with prefix length.
 *  @param words further ones, as "nodad". */
export function addAddress(address: string, name: string, words = ""): string {
  return `address add ${address} ${isIpv6(address) ? words : "broadcast + "}dev ${name}`.replace("  ", " ");
}

/** Turns IPv6 on for interface `name` of the calling thread's namespace: Docker turns it off in namespaces that have had no address
 *  of it. @throws PortyardError `ipv6-missing`. */
export function allowIpv6(name: string): void {
  try {
    writeFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, "0");
  } catch (cause) {
    throw new PortyardError("ipv6-missing", `The kernel has no IPv6 for the interface ${name}.`, {
      path: `/proc/sys/net/ipv6/conf/${name}`,
      remedy: "Leave out the IPv6 address, or start the kernel without ipv6.disable=1.",
      cause,
    });
  }
}

/** Carries out `lines`, and then leads the default routes of `namespace` to `gateways` by interface `name`. A default route that is there
 *  already stays and comes first; ours is used when that goes. @throws PortyardError as `runLinkBatch`. */
export async function runWithDefaultRoutes(lines: string[], gateways: string[], name: string, namespace: string): Promise<void> {
  const routes = gateways.map((gateway) => `route add default via ${gateway} dev ${name}`);
  try {
    await runLinkBatch([...lines, ...routes], namespace);
  } catch (cause) {
    const taken = routes.findIndex((route) => linkFailedWith(cause, "File exists") && (cause as PortyardError).path === `ip ${route}`);
    if (taken < 0) throw cause;
    const index = withNamespace(namespace, () => interfaceIndex(name)) ?? 0;
    const behind = `${routes[taken]} metric ${SPARE_METRIC + index}`;
    await runWithDefaultRoutes([behind], gateways.slice(taken + 1), name, namespace);
  }
}
