/** The TAP of a port once it is open: described for the engine, and closed wherever it has come to by then. */
import { close, closeSync } from "node:fs";
import { promisify } from "node:util";
import type { TapConfig } from "../config/types.ts";
import { PortyardError } from "../error.ts";
import { failedWith } from "../native/errno.ts";
import { interfaceIndex } from "../native/interface.ts";
import { namespacePath, withNamespace } from "../native/namespace.ts";
import { locateTap, setPersistent, type Tap } from "../native/tap.ts";
import { linkIsGone, runLinkBatch } from "./link.ts";
import { type OpenPort, once } from "./open-port.ts";

export interface TapPortRequest {
  /** Name of the instance: two agents never make the same temporary device. */
  instance: string;
  /** Name of the port, unique in the instance. */
  name: string;
  tap: TapConfig;
  /** 02:00:00:00:00:0c: of the container's end. */
  mac: string;
  /** 576-65,521; at least 1,280 with an IPv6 address. */
  mtu: number;
}

/** The error of a name that somebody has in the namespace at this path. */
export function interfaceTaken(name: string, namespace: string): PortyardError {
  return new PortyardError("interface-taken", `The network namespace at ${namespace} has an interface called ${name} already.`, {
    path: namespace,
    value: name,
    remedy: `Choose another name, or remove that one: nsenter --net=${namespace} ip link del ${name}.`,
  });
}

/** The port of an open TAP that stands in its namespace: one that was made just now, or one that a forwarder kept. */
export function describeTapPort(request: TapPortRequest, tap: Omit<Tap, "name">, pins: number | null = null): OpenPort {
  const { name, tap: config, mac, mtu } = request;
  const { descriptor, checksum, tso, uso } = tap;
  const namespace = namespacePath(config.namespace);
  const common = { kind: "tap", name, descriptor, vnet: true, checksum, tso, uso, auxdata: false } as const;
  return {
    ...common,
    mac,
    mtu,
    interface: config.interface,
    namespace,
    pins,
    outlives: config.handover ?? false,
    restore: 0,
    leave: () => closeSync(descriptor),
    close: once(() => closeTapPort(descriptor)),
  };
}

/** Closes the descriptor and removes the device, wherever it is by now. */
export async function closeTapPort(descriptor: number): Promise<void> {
  const place = locateTap(descriptor);
  if (place === null) return closeAside(descriptor); // gone with its namespace
  const path = `/proc/self/fd/${place.namespace}`;
  const index = () => withNamespace(path, () => interfaceIndex(place.name));
  try {
    const own = index();
    letGo(descriptor);
    await closeAside(descriptor);
    if (own !== null && index() === own) await removeDevice(place.name, path);
  } finally {
    closeSync(place.namespace);
  }
}

/** The device goes with its last descriptor; with its namespace it may have gone just now. */
function letGo(descriptor: number): void {
  try {
    setPersistent(descriptor, false);
  } catch (error) {
    if (!failedWith(error, "EBADFD")) throw error;
  }
}

/** The last close of a TAP waits in the kernel until nobody uses the device any more: a thread of Node's pool does it. */
const closeAside = promisify(close);

/** What a close alone does not do while a forwarder still has its copy of the descriptor. */
async function removeDevice(name: string, namespace: string): Promise<void> {
  try {
    await runLinkBatch([`link del dev ${name}`], namespace);
  } catch (error) {
    if (!linkIsGone(error)) throw error;
  }
}
