/** TAPs that a container runtime moves. One is made in the host's namespace, under a name that the runtime is told; the runtime moves it
 *  into the container, renames it there and gives it addresses and routes, and may bring it back under its old name. Its MAC, which is
 *  the port's own, tells it wherever it is. It is persistent from the beginning: the container keeps it while no engine runs.
 *  The namespace need not be there yet: runtimes ask for the interface before they start the container.
 *
 *      made, opened ── host `py…` ── runtime ──> container `eth0` ── runtime ──> host `py…` ── removed with the port         */
import { closeSync, statSync } from "node:fs";
import type { TapConfig } from "../config/types.ts";
import { PortyardError } from "../error.ts";
import { interfaceIndex } from "../native/interface.ts";
import { namespacePath, withNamespace } from "../native/namespace.ts";
import { openTap, setPersistent } from "../native/tap.ts";
import { whenFree } from "./busy.ts";
import { linkIsGone, readLink, runLinkBatch } from "./link.ts";
import type { OpenPort } from "./open-port.ts";
import { describeTapPort, interfaceTaken, type TapPortRequest } from "./tap-device.ts";

/** Where the TAP of a port stands. */
export interface HandedPlace {
  /** Path of the container's namespace; null for the host's. */
  namespace: string | null;
  /** What it is called there. */
  name: string;
}

/** What tells a TAP from all others. */
export interface HandedTap {
  /** Of the port. */
  name: string;
  tap: Pick<TapConfig, "namespace" | "interface">;
  mac: string;
}

/** Opens the TAP of a port: the one that stands already, in the container or for the runtime, or a new one for the runtime.
 *  @throws PortyardError `interface-taken`, `no-rights`, `tun-missing`, `iproute2-missing`, `link-failed`, `device-busy`. */
export async function openHandedTap(request: TapPortRequest): Promise<OpenPort> {
  const place = await checkHandedTap(request);
  if (place !== null) return openAt(place, request);
  const { tap: config, mac, mtu } = request;
  const tap = openTap(config.interface, { offload: config.offload });
  try {
    await runLinkBatch([`link set dev ${tap.name} address ${mac} mtu ${mtu}`]);
    setPersistent(tap.descriptor, true);
  } catch (error) {
    closeSync(tap.descriptor);
    throw error;
  }
  return describeTapPort(request, tap);
}

/** Opens the TAP of a port where it stands; null when it is nowhere.
 *  @throws PortyardError `no-rights`; `device-busy` when it has an owner still after a second. */
export async function reopenHandedTap(request: TapPortRequest): Promise<OpenPort | null> {
  const place = await findHandedTap(request);
  return place && openAt(place, request);
}

/** Looks whether the TAP could be opened: it stands somewhere, or its name in the host's namespace is free.
 *  @returns where it stands; null when it is to be made.
 *  @throws PortyardError `interface-taken`, `no-rights`. */
export async function checkHandedTap(handed: HandedTap): Promise<HandedPlace | null> {
  const place = await findHandedTap(handed);
  if (place !== null) return place;
  if (interfaceIndex(handed.tap.interface) !== null) throw interfaceTaken(handed.tap.interface, "/proc/self/ns/net");
  return null;
}

interface Link {
  ifname: string;
  address?: string;
}

/** Where the TAP stands; null when it is nowhere, or its container is gone. */
export async function findHandedTap({ tap, mac }: HandedTap): Promise<HandedPlace | null> {
  const path = namespacePath(tap.namespace);
  const inside = (await tapsIn(path)).find(({ address }) => address === mac);
  if (inside !== undefined) return { namespace: path, name: inside.ifname };
  const isHere = interfaceIndex(tap.interface) !== null;
  const outside = isHere ? (await tapsIn(null)).find(({ ifname, address }) => ifname === tap.interface && address === mac) : undefined;
  return outside === undefined ? null : { namespace: null, name: outside.ifname };
}

async function tapsIn(namespace: string | null): Promise<Link[]> {
  try {
    return await readLink<Link[]>(["link", "show", "type", "tun"], namespace);
  } catch (error) {
    if (linkIsGone(error) || (error instanceof PortyardError && error.code === "namespace-missing")) return [];
    throw error;
  }
}

/** One that is opened in the container keeps the container's namespace: somebody must watch for its end (`pinned`). */
async function openAt({ namespace, name }: HandedPlace, request: TapPortRequest): Promise<OpenPort> {
  const options = { offload: request.tap.offload };
  const open = () => (namespace === null ? openTap(name, options) : withNamespace(namespace, () => openTap(name, options)));
  const tap = await whenFree(open, name, request);
  return describeTapPort(request, tap, namespace === null ? null : statSync(namespace).ino);
}

/** Removes the TAP of a port that nobody holds, wherever it stands. Returns where that was; null when it was nowhere.
 *  @throws PortyardError `no-rights`, `link-failed`. */
export async function removeHandedTap(handed: HandedTap): Promise<HandedPlace | null> {
  const place = await findHandedTap(handed);
  if (place === null) return null;
  try {
    await runLinkBatch([`link del dev ${place.name}`], place.namespace);
  } catch (error) {
    if (!linkIsGone(error)) throw error; // with its container
  }
  return place;
}
