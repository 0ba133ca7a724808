/** Ports whose other end is a TAP in a container's network namespace. In order:
 *   1  look that the namespace is there and the interface's name is free in it
 *   2  make the TAP in the host's namespace, under a name of its own: one that is opened inside would keep the namespace alive
 *      for ever, one that is opened outside reads EBADFD 0.2 s after the namespace went
 *   3  set MAC and MTU, move it, name it, set addresses, bring it up, lead default routes to the network's gateways
 *   4  make it persistent, so that it outlives whoever holds its descriptor
 *  A failure at any step removes the device. A process that dies between 2 and 4 leaves nothing: the kernel removes it.
 *
 *  The TAP's own MAC is the container's. IPv6 addresses go through duplicate address detection as any others do. */
import { createHash } from "node:crypto";
import { closeSync, statSync } from "node:fs";
import type { TapConfig } from "../config/types.ts";
import { PortyardError } from "../error.ts";
import { failedWith } from "../native/errno.ts";
import { interfaceIndex } from "../native/interface.ts";
import { namespacePath, withNamespace } from "../native/namespace.ts";
import { openTap, setPersistent, type Tap } from "../native/tap.ts";
import { deviceBusy, whenFree } from "./busy.ts";
import { addAddress, allowIpv6, isIpv6, runWithDefaultRoutes } from "./interface-address.ts";
import { openHandedTap, reopenHandedTap } from "./handed-tap.ts";
import { linkFailedWith, runLinkBatch } from "./link.ts";
import type { OpenPort } from "./open-port.ts";
import { describeTapPort, interfaceTaken, type TapPortRequest } from "./tap-device.ts";

/** Opens the TAP of a port, all or nothing.
 *  @throws PortyardError `namespace-missing`, `interface-taken`, `no-rights`, `tun-missing`, `iproute2-missing`, `ipv6-missing`,
 *  `link-failed`, `device-busy`. */
export async function openTapPort(request: TapPortRequest): Promise<OpenPort> {
  if (request.tap.handover) return openHandedTap(request);
  const namespace = namespacePath(request.tap.namespace);
  withNamespace(namespace, () => refuseTakenName(request.tap.interface, namespace));
  const tap = makeTap(request);
  try {
    await place(tap, request, namespace);
    setPersistent(tap.descriptor, true);
  } catch (error) {
    closeSync(tap.descriptor);
    throw error;
  }
  return describeTapPort(request, tap);
}

/** Opens the TAP of a port again that both its holders left behind: persistent, with its addresses, in its namespace. Its
 *  descriptor then keeps that namespace: somebody must watch for its end (`pinned`). Null when it is not there any more.
 *  @throws PortyardError `no-rights`; `device-busy` when it has an owner still after a second. */
export async function reopenTapPort(request: TapPortRequest): Promise<OpenPort | null> {
  if (request.tap.handover) return reopenHandedTap(request);
  const { namespace, interface: name, offload } = request.tap;
  const path = namespacePath(namespace);
  const open = () => withNamespace(path, () => (interfaceIndex(name) === null ? null : openTap(name, { offload })));
  try {
    const tap = await whenFree(open, name, request);
    return tap && describeTapPort(request, tap, statSync(path).ino);
  } catch (error) {
    if (error instanceof PortyardError && error.code === "namespace-missing") return null;
    throw error;
  }
}

/** Marks what is ours and stands only for the moment before the move: "py", then 10 hexadecimal digits. */
export function temporaryName(instance: string, port: string): string {
  return `py${createHash("sha256").update(`${instance}\0${port}`).digest("hex").slice(0, 10)}`;
}

function makeTap({ instance, name, tap }: TapPortRequest): Tap {
  const device = temporaryName(instance, name);
  try {
    return openTap(device, { offload: tap.offload });
  } catch (cause) {
    if (!failedWith(cause, "EBUSY")) throw cause;
    throw deviceBusy(device, { instance, name }, cause);
  }
}

/** In the calling thread's namespace, whose path is `namespace`. @throws PortyardError `interface-taken`. */
export function refuseTakenName(name: string, namespace: string): void {
  if (interfaceIndex(name) !== null) throw interfaceTaken(name, namespace);
}

async function place(tap: Tap, { tap: config, mac, mtu }: TapPortRequest, namespace: string): Promise<void> {
  const name = config.interface;
  try {
    await runLinkBatch([`link set dev ${tap.name} address ${mac} mtu ${mtu}`, `link set dev ${tap.name} netns ${namespace} name ${name}`]);
  } catch (cause) {
    throw linkFailedWith(cause, "File exists") ? interfaceTaken(name, namespace) : cause;
  }
  if (config.addresses.some(isIpv6)) withNamespace(namespace, () => allowIpv6(name));
  const lines = [...config.addresses.map((address) => addAddress(address, name)), `link set dev ${name} up`];
  await runWithDefaultRoutes(lines, reachable(config), name, namespace);
}

/** Those gateways that an address of the interface can reach. */
function reachable({ addresses, gateways = [] }: TapConfig): string[] {
  return gateways.filter((gateway) => addresses.some((address) => isIpv6(address) === isIpv6(gateway)));
}
