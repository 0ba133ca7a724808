/** What an agent finds in the state at its start, and what it leaves there at its end. */
import { hostPortName } from "../../bindings/config/host-port.ts";
import { networksOf } from "../../bindings/config/networks-of.ts";
import type { EngineConfig } from "../../bindings/config/types.ts";
import { Objects } from "../objects.ts";
import type { Place } from "../place.ts";
import { readState, removeState, writeState } from "./state-file.ts";
import type { State } from "./types.ts";

export interface TakenUp {
  /** Those of the configuration, and held ones of the API. */
  objects: Objects;
  /** The state that was there. */
  before: State | null;
  /** Names of the ports, and host ports, that are to be as they were. */
  kept: Set<string>;
}

/** The objects of a start. Nothing is written yet.
 *  @throws PortyardError `state-unreadable`, `name-taken`, `pool-exhausted`. */
export async function takeUpObjects({ stateFile }: Place, config: EngineConfig): Promise<TakenUp> {
  const objects = new Objects(config);
  const before = await readState(stateFile);
  if (before) objects.hold(before);
  objects.lendFile(before);
  const kept = before ? namesKept(before, objects.toState()) : new Set<string>();
  objects.keepInterfaces(before?.interfaces ?? [], kept);
  return { objects, before, kept };
}

/** Writes what the next start takes up: what the API made. */
export async function leaveRest({ stateFile }: Place, objects: Objects): Promise<void> {
  const rest = objects.toRest();
  if (rest.networks.length + rest.ports.length > 0) await writeState(stateFile, rest);
  else await removeState(stateFile);
}

/** Writes the state as it was before a start that failed. */
export async function leaveAsBefore({ stateFile }: Place, before: State | null): Promise<void> {
  if (before) await writeState(stateFile, before);
  else await removeState(stateFile);
}

/** Names of the ports, host ports among them, that both states have, in networks that both have. */
function namesKept(before: State, wanted: State): Set<string> {
  const networks = sameNames(before.networks, wanted.networks);
  const ports = sameNames(before.ports, wanted.ports);
  const stay = before.ports.filter(({ config }) => ports.has(config.name) && networksOf(config).every((name) => networks.has(name)));
  return new Set([...stay.map(({ config }) => config.name), ...[...networks].map(hostPortName)]);
}

function sameNames<Config extends Published>(before: { config: Config }[], wanted: { config: Config }[]): Set<string> {
  const texts = new Map(wanted.map(({ config }) => [config.name, textOf(config)]));
  return new Set(before.filter(({ config }) => texts.get(config.name) === textOf(config)).map(({ config }) => config.name));
}

interface Published {
  name: string;
  publish?: unknown;
}

/** What is published changes no device. */
const textOf = (config: Published): string => JSON.stringify({ ...config, publish: undefined });
