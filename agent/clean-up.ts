/** What an agent that died left behind, and how it goes: the forwarder, which outlives its agent; persistent TAPs in the
 *  namespaces that the state names; what was changed at interfaces; files in the run folder. Whoever calls holds the lock
 *  of the name. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { hostPortOf } from "../bindings/config/host-port.ts";
import { namespacePath } from "../bindings/config/name.ts";
import { normaliseNetwork } from "../bindings/config/normalise.ts";
import { readPort } from "../bindings/config/parse.ts";
import { BadConfiguration } from "../bindings/config/problem.ts";
import type { PortInput } from "../bindings/config/port-schema.ts";
import type { PortConfig } from "../bindings/config/types.ts";
import type { EngineLike } from "../bindings/engine/types.ts";
import { endForwarders, tablesFiles } from "../bindings/forwarder/left-over-forwarder.ts";
import { poisonFiles } from "../bindings/forwarder/poison-file.ts";
import { withNamespace } from "../bindings/native/namespace.ts";
import { isTapHeld } from "../bindings/native/tap.ts";
import { findHandedTap, removeHandedTap } from "../bindings/ports/handed-tap.ts";
import { linkFailedWith, linkIsGone, readLink, runLinkBatch } from "../bindings/ports/link.ts";
import { cleanHost } from "./host/host.ts";
import type { Place } from "./place.ts";
import { restoreInterface } from "./state/interface-before.ts";
import { readState } from "./state/state-file.ts";
import type { State } from "./state/types.ts";
import { placeOf, type TakenUp } from "./state/take-up.ts";

/** What was there. */
export interface Leftovers {
  /** Pid of the forwarder. */
  forwarder: number | null;
  /** `namespace` is null for the host's. */
  devices: { namespace: string | null; interface: string }[];
  files: string[];
  /** Rules and settings of the host. */
  host: boolean;
}

/** Before a start that takes over tables, and perhaps a living forwarder: removes what belongs to ports that are not asked
 *  for again as they were, and that no forwarder holds.
 *  @throws PortyardError `no-rights`, `link-failed`. */
export async function clearWay(place: Place, origin: "living" | "dead", takenUp: TakenUp): Promise<Leftovers> {
  rmSync(join(place.runDirectory, "agent.sock"), { force: true });
  const { before, kept } = takenUp;
  const gone = origin === "dead" ? takenUp.gone : [];
  const devices: Leftovers["devices"] = [];
  for (const config of gone) if (await removeTap(config)) devices.push(deviceOf(config));
  const goneHosts = before === null ? [] : hostPortsOf(before).filter(({ name }) => origin === "dead" && !kept.has(name));
  devices.push(...(await removeHostPorts(goneHosts)));
  const interfaces = new Set(gone.map(({ packet }) => packet?.interface));
  for (const one of before?.interfaces ?? []) if (interfaces.has(one.interface)) await restoreInterface(one);
  return { forwarder: null, devices, files: [], host: false };
}

/** After the tables were taken over: removes what stands in the state and not in the tables, and is held by nobody. An agent that dies while
 *  it makes or removes a port leaves such a device, or an interface that nobody would put back.
 *  @throws PortyardError `no-rights`, `link-failed`. */
export async function removeUnrecorded(engine: EngineLike, { before, objects }: TakenUp): Promise<Leftovers["devices"]> {
  if (before === null) return [];
  const networks = new Map(before.networks.map(({ config }) => [config.name, normaliseNetwork(config)]));
  const isLeft = (port: PortInput) => hasLeft(engine, port, { instance: objects.inventory.instance, networks });
  const ports = before.ports.map(({ config }) => config);
  const recorded = new Set(ports.filter(isLeft).map(placeOf));
  const unrecorded = ports.filter((port) => !recorded.has(placeOf(port)));
  const devices: Leftovers["devices"] = [];
  for (const port of unrecorded) if (!(await isHeld(port)) && (await removeTap(port))) devices.push(deviceOf(port));
  const hosts = hostPortsOf(before);
  const recordedHosts = new Set(hosts.filter((port) => engine.hasLeft(port)).map(({ name }) => name));
  devices.push(...(await removeHostPorts(hosts.filter(({ name }) => !recordedHosts.has(name) && !isTapHeld(name)))));
  const interfaces = new Set(unrecorded.map(({ packet }) => packet?.interface));
  for (const one of before.interfaces) if (interfaces.has(one.interface)) await restoreInterface(one);
  return devices;
}

/** After the engine has ended what is not wanted: removes what of that is still there and held by nobody. A forwarder that held nothing for a
 *  port, because it died too, or was replaced, gave the engine nothing to end. Nothing where a port of `objects` is now.
 *  @throws PortyardError `no-rights`, `link-failed`. */
export async function removeDropped({ before, gone, objects }: TakenUp): Promise<Leftovers["devices"]> {
  const places = new Set([...objects.inventory.ports.values()].map(placeOf));
  const dropped = gone.filter((port) => !places.has(placeOf(port)));
  const devices: Leftovers["devices"] = [];
  for (const port of dropped) if (!(await isHeld(port)) && (await removeTap(port))) devices.push(deviceOf(port));
  const interfaces = new Set(dropped.map(({ packet }) => packet?.interface));
  for (const one of before?.interfaces ?? []) if (interfaces.has(one.interface)) await restoreInterface(one);
  return devices;
}

/** What another version wrote, and this one cannot read, is left alone. */
function hasLeft(engine: EngineLike, input: PortInput, there: Parameters<typeof readPort>[1]): boolean {
  try {
    return engine.hasLeft(readPort(input, there));
  } catch (error) {
    if (error instanceof BadConfiguration) return true;
    throw error;
  }
}

async function isHeld({ name, tap, mac }: PortInput): Promise<boolean> {
  if (tap?.handover) {
    const place = await findHandedTap({ name, tap, mac: mac ?? "" });
    if (place === null) return false;
    return place.namespace === null ? isTapHeld(place.name) : withNamespace(place.namespace, () => isTapHeld(place.name));
  }
  if (!tap || !existsSync(namespacePath(tap.namespace))) return false;
  return withNamespace(namespacePath(tap.namespace), () => isTapHeld(tap.interface));
}

/** Removes what the dead agent of `place` left, except what a container goes on with (`handover`).
 *  @throws PortyardError `state-unreadable`, `no-rights`, `link-failed`. */
export async function cleanUp(place: Place): Promise<Leftovers> {
  const state = await readState(place.stateFile);
  const forwarder = await endForwarders(place);
  const devices: Leftovers["devices"] = [];
  const ended = (state?.ports ?? []).map(({ config }) => config).filter(({ tap }) => !tap?.handover);
  for (const config of ended) if (await removeTap(config)) devices.push(deviceOf(config));
  const hostPorts = state === null ? [] : hostPortsOf(state);
  devices.push(...(await removeHostPorts(hostPorts)));
  const host = hostPorts.length > 0 && (await cleanHost(place));
  for (const before of state?.interfaces ?? []) await restoreInterface(before);
  const names = ["forwarder.sock", "forwarder.new.sock", "standby.sock", "forwarder.log", "forwarder.log.1", "agent.sock"].map((name) =>
    join(place.runDirectory, name),
  );
  const files = [...tablesFiles(place), ...names, ...poisonFiles(place.runDirectory)].filter((path) => existsSync(path));
  for (const path of files) rmSync(path, { force: true });
  return { forwarder, devices, files, host };
}

function deviceOf({ tap }: PortInput): Leftovers["devices"][number] {
  return { namespace: tap?.namespace ?? "", interface: tap?.interface ?? "" };
}

interface Link {
  address?: string;
  linkinfo?: { info_kind?: string };
}

/** True when the TAP of a port was still there. One that is not a TAP, or has another MAC, is somebody else's. */
async function removeTap({ name, tap, mac }: PortInput): Promise<boolean> {
  if (!tap) return false;
  if (tap.handover) return (await removeHandedTap({ name, tap, mac: mac ?? "" })) !== null;
  const namespace = namespacePath(tap.namespace);
  return existsSync(namespace) && removeLink(tap.interface, namespace, mac);
}

/** The host ports of the networks that a state has. */
function hostPortsOf({ name, networks }: State): PortConfig[] {
  return networks.flatMap(({ config }) => hostPortOf(name, normaliseNetwork(config)) ?? []);
}

async function removeHostPorts(ports: readonly PortConfig[]): Promise<Leftovers["devices"]> {
  const devices: Leftovers["devices"] = [];
  for (const { name, mac } of ports) if (await removeLink(name, null, mac)) devices.push({ namespace: null, interface: name });
  return devices;
}

async function removeLink(name: string, namespace: string | null, mac: string | undefined): Promise<boolean> {
  const link = await findLink(name, namespace);
  if (link?.linkinfo?.info_kind !== "tun" || link.address !== mac) return false;
  await runLinkBatch([`link del dev ${name}`], namespace);
  return true;
}

async function findLink(name: string, namespace: string | null): Promise<Link | null> {
  try {
    const [link] = await readLink<Link[]>(["link", "show", "dev", name], namespace);
    return link ?? null;
  } catch (error) {
    if (linkFailedWith(error, "does not exist") || linkIsGone(error)) return null;
    throw error;
  }
}

/** Removes the TAPs of a state that containers go on with. Returns them. @throws PortyardError `no-rights`, `link-failed`. */
export async function removeHanded(state: State): Promise<Leftovers["devices"]> {
  const devices: Leftovers["devices"] = [];
  for (const { config } of state.ports) if (config.tap?.handover && (await removeTap(config))) devices.push(deviceOf(config));
  return devices;
}
