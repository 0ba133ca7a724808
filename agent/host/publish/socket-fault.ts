/** Why a published port could not be taken, for people. */
import { PortyardError } from "../../../bindings/error.ts";
import { holdersOf } from "./holder.ts";
import type { PublishedPort } from "./published-port.ts";

/** `192.0.2.1:8080/tcp`, `[::]:53/udp`. */
export function hostPlace({ hostAddress, hostPort, protocol }: PublishedPort): string {
  return `${hostAddress.includes(":") ? `[${hostAddress}]` : hostAddress}:${hostPort}/${protocol}`;
}

/** @returns PortyardError `host-port-taken`, `host-address-missing`, `no-rights`, or `host-port-failed` with the kernel's error. */
export async function socketFault(published: PublishedPort, cause: NodeJS.ErrnoException): Promise<PortyardError> {
  const place = hostPlace(published);
  const fields = { path: "publish", value: place, cause };
  if (cause.code === "EADDRINUSE") {
    const holders = await holdersOf(published.protocol, published.hostPort);
    const named = holders.map(({ program, pid }) => `${program} (pid ${pid})`).join(", ");
    const remedy = `${holders.length > 0 ? "End that program" : "See who by `ss -lntup`"}, or choose another host port or host address.`;
    return new PortyardError("host-port-taken", `Port ${place} of the host is held by ${named || "another program"}.`, {
      ...fields,
      remedy,
    });
  }
  if (cause.code === "EADDRNOTAVAIL" || cause.code === "EAFNOSUPPORT") {
    const remedy = "Write an address of this host (`ip address`), or leave it out to publish at all of them.";
    return new PortyardError("host-address-missing", `This host has no address ${published.hostAddress}.`, { ...fields, remedy });
  }
  if (cause.code === "EACCES" || cause.code === "EPERM") {
    const remedy = "Run as root, or with the capability CAP_NET_BIND_SERVICE.";
    return new PortyardError("no-rights", `This process may not take port ${place} of the host.`, { ...fields, remedy });
  }
  return new PortyardError("host-port-failed", `Port ${place} of the host cannot be taken: ${cause.code ?? cause.message}.`, fields);
}
