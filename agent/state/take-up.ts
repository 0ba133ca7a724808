/** What an agent finds in the state at its start, and what it leaves there at its end. */
import { hostPortName } from "../../bindings/config/host-port.ts";
import { networksOf } from "../../bindings/config/networks-of.ts";
import type { EngineConfig } from "../../bindings/config/types.ts";
import { namespacePath } from "../../bindings/config/name.ts";
import type { PortInput } from "../../bindings/config/port-schema.ts";
import { type Leftovers, Objects } from "../objects.ts";
import type { Place } from "../place.ts";
import { readState, removeState, writeState } from "./state-file.ts";
import type { State } from "./types.ts";

export interface TakenUp {
  /** Those of the configuration, and held ones of others. */
  objects: Objects;
  /** The state that was there. */
  before: State | null;
  /** Names of the ports, and host ports, that are to be as they were. A port that a change was making anew stands in the state twice,
   *  and may be kept as one of the two. */
  kept: Set<string>;
  /** Those that are not, and whose device is none of a kept one's. */
  gone: PortInput[];
}

/** The objects of a start. Nothing is written yet.
 *  @throws PortyardError `state-unreadable`, `name-taken`, `pool-exhausted`. */
export async function takeUpObjects({ stateFile }: Place, config: EngineConfig): Promise<TakenUp> {
  const objects = new Objects(config);
  const before = await readState(stateFile);
  if (before) objects.hold(before);
  objects.lendFile(before);
  const { networks, ports } = before ? entriesKept(before, objects.toState()) : { networks: [], ports: [] };
  const gone = {
    networks: (before?.networks ?? []).filter((one) => !networks.includes(one)),
    ports: (before?.ports ?? []).filter((one) => !ports.includes(one)),
  };
  objects.remember(before?.interfaces ?? [], gone);
  const keptPlaces = new Set(ports.map(({ config: port }) => placeOf(port)));
  const kept = new Set([
    ...ports.map(({ config: port }) => port.name),
    ...networks.map(({ config: network }) => hostPortName(network.name)),
  ]);
  return { objects, before, kept, gone: gone.ports.map(({ config: port }) => port).filter((port) => !keptPlaces.has(placeOf(port))) };
}

/** Where the device of a port is. */
export function placeOf({ tap, packet }: Pick<PortInput, "tap" | "packet">): string {
  return tap ? `tap ${namespacePath(tap.namespace)} ${tap.interface}` : `packet ${packet?.interface}`;
}

/** Writes what the next start takes up: what the API and Docker made. */
export async function leaveRest({ stateFile }: Place, objects: Objects): Promise<void> {
  const rest = objects.toRest();
  if (rest.networks.length + rest.ports.length + (rest.services ?? []).length > 0) await writeState(stateFile, rest);
  else await removeState(stateFile);
}

/** Writes the state as it was before a start that failed. */
export async function leaveAsBefore({ stateFile }: Place, before: State | null): Promise<void> {
  if (before) await writeState(stateFile, before);
  else await removeState(stateFile);
}

/** The entries of `before` that `wanted` has as well, ports in networks that both have. */
function entriesKept(before: State, wanted: State): Leftovers {
  const networks = same(before.networks, wanted.networks);
  const names = new Set(networks.map(({ config }) => config.name));
  const ports = same(before.ports, wanted.ports).filter(({ config }) => networksOf(config).every((name) => names.has(name)));
  return { networks, ports };
}

function same<Entry extends { config: Published }>(before: Entry[], wanted: Entry[]): Entry[] {
  const texts = new Map(wanted.map(({ config }) => [config.name, textOf(config)]));
  return before.filter(({ config }) => texts.get(config.name) === textOf(config));
}

interface Published {
  name: string;
  publish?: unknown;
}

/** What is published changes no device. */
const textOf = (config: Published): string => JSON.stringify({ ...config, publish: undefined });
