/** Removes from outside what an instance has left whose agent is dead. */
import { existsSync } from "node:fs";
import { cleanUp, type Leftovers, removeHanded } from "./clean-up.ts";
import { claimPlace } from "./lock.ts";
import { type Place, removeEmptyDirectory } from "./place.ts";
import { LASTING_OWNERS, type Owner } from "./state/types.ts";
import { removeJson } from "./state/json-file.ts";
import { readState, removeState, writeState } from "./state/state-file.ts";
import { Undo } from "./undo.ts";

/** Removes what a dead agent left; null when there was nothing at all. What others than the file made stays in the state.
 *  @throws PortyardError `agent-running`, `state-unreadable`, `no-rights`. */
export async function takeDownDead(place: Place): Promise<Leftovers | null> {
  if (!existsSync(place.runDirectory) && !existsSync(place.stateDirectory)) return null;
  const undo = new Undo();
  try {
    claimPlace(place, undo);
    const leftovers = await cleanUp(place);
    await keepLastingObjects(place);
    return leftovers;
  } finally {
    await undo.run();
  }
}

async function keepLastingObjects({ stateFile }: Place): Promise<void> {
  const state = await readState(stateFile);
  if (!state) return;
  const isLasting = ({ owner }: { owner: Owner }) => LASTING_OWNERS.includes(owner);
  const rest = { ...state, networks: state.networks.filter(isLasting), ports: state.ports.filter(isLasting), interfaces: [] };
  if (rest.networks.length + rest.ports.length > 0) await writeState(stateFile, rest);
  else await removeState(stateFile);
}

/** Forgets what the API and Docker made as well, and takes containers their interfaces. */
export async function purge({ stateFile, dockerFile, stateDirectory }: Place): Promise<void> {
  const state = await readState(stateFile);
  if (state !== null) await removeHanded(state);
  await removeState(stateFile);
  await removeJson(dockerFile);
  removeEmptyDirectory(stateDirectory);
}
