/** What an agent that died left behind, and how it goes: the forwarder, which outlives its agent; persistent TAPs in the
 *  namespaces that the state names; what was changed at interfaces; files in the run folder. Whoever calls holds the lock
 *  of the name. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { namespacePath } from "../bindings/config/name.ts";
import type { PortInput } from "../bindings/config/port-schema.ts";
import { poisonFiles } from "../bindings/forwarder/poison-file.ts";
import { linkFailedWith, linkIsGone, readLink, runLinkBatch } from "../bindings/ports/link.ts";
import { endForwarder, tablesFiles } from "./left-over-forwarder.ts";
import type { Place } from "./place.ts";
import { restoreInterface } from "./state/interface-before.ts";
import { readState } from "./state/state-file.ts";
import type { State } from "./state/types.ts";

/** What was there. */
export interface Leftovers {
  /** Pid of the forwarder. */
  forwarder: number | null;
  devices: { namespace: string; interface: string }[];
  files: string[];
}

/** Before a start that takes over tables, and perhaps a living forwarder: removes what belongs to ports that are not asked
 *  for again as they were, and that no forwarder holds. `kept`: names of those that are.
 *  @throws PortyardError `no-rights`, `link-failed`. */
export async function clearWay(place: Place, origin: "living" | "dead", before: State, kept: ReadonlySet<string>): Promise<Leftovers> {
  rmSync(join(place.runDirectory, "agent.sock"), { force: true });
  const gone = before.ports.map(({ config }) => config).filter(({ name }) => origin === "dead" && !kept.has(name));
  const devices = [];
  for (const config of gone) if (await removeTap(config)) devices.push(deviceOf(config));
  const interfaces = new Set(gone.map(({ packet }) => packet?.interface));
  for (const one of before.interfaces) if (interfaces.has(one.interface)) await restoreInterface(one);
  return { forwarder: null, devices, files: [] };
}

/** Removes what the dead agent of `place` left.
 *  @throws PortyardError `state-unreadable`, `no-rights`, `link-failed`. */
export async function cleanUp(place: Place): Promise<Leftovers> {
  const state = await readState(place.stateFile);
  const forwarder = await endForwarder(place);
  const devices = [];
  for (const { config } of state?.ports ?? []) if (await removeTap(config)) devices.push(deviceOf(config));
  for (const before of state?.interfaces ?? []) await restoreInterface(before);
  const names = ["forwarder.sock", "standby.sock", "forwarder.log", "forwarder.log.1", "agent.sock"].map((name) =>
    join(place.runDirectory, name),
  );
  const files = [...tablesFiles(place), ...names, ...poisonFiles(place.runDirectory)].filter((path) => existsSync(path));
  for (const path of files) rmSync(path, { force: true });
  return { forwarder, devices, files };
}

function deviceOf({ tap }: PortInput): Leftovers["devices"][number] {
  return { namespace: tap?.namespace ?? "", interface: tap?.interface ?? "" };
}

interface Link {
  address?: string;
  linkinfo?: { info_kind?: string };
}

/** True when the TAP of a port was still there. One that is not a TAP, or has another MAC, is somebody else's. */
async function removeTap({ tap, mac }: PortInput): Promise<boolean> {
  if (!tap) return false;
  const namespace = namespacePath(tap.namespace);
  if (!existsSync(namespace)) return false;
  const link = await findLink(tap.interface, namespace);
  if (link?.linkinfo?.info_kind !== "tun" || link.address !== mac) return false;
  await runLinkBatch([`link del dev ${tap.interface}`], namespace);
  return true;
}

async function findLink(name: string, namespace: string): Promise<Link | null> {
  try {
    const [link] = await readLink<Link[]>(["link", "show", "dev", name], namespace);
    return link ?? null;
  } catch (error) {
    if (linkFailedWith(error, "does not exist") || linkIsGone(error)) return null;
    throw error;
  }
}
