/** Ends an instance from outside, whatever became of its agent: a living one is asked to stop, what a dead one left is
 *  removed. */
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { PortyardError } from "../bindings/error.ts";
import { cleanUp, type Leftovers, removeHanded } from "./clean-up.ts";
import { claimPlace, livingAgent } from "./lock.ts";
import { type Place, removeEmptyDirectory } from "./place.ts";
import { LASTING_OWNERS, type Owner } from "./state/types.ts";
import { removeJson } from "./state/json-file.ts";
import { readState, removeState, writeState } from "./state/state-file.ts";
import { Undo } from "./undo.ts";

const LOOK_MS = 10;
/** How long an agent may take to end: a port takes some milliseconds, and there may be thousands. */
const END_MS = 60_000;

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

/** Ends a living agent that nobody can ask, by SIGTERM; resolves when its lock is free. The lock proves that the pid is its.
 *  @throws PortyardError `agent-stuck` after a minute. */
export async function terminate(place: Place, pid: number): Promise<void> {
  process.kill(pid, "SIGTERM");
  for (const end = performance.now() + END_MS; livingAgent(place) !== null; await delay(LOOK_MS)) {
    if (performance.now() > end) throw stuck(place, pid);
  }
}

/** Resolves when the process is gone: an agent's socket closes some milliseconds before. */
export async function processEnd(pid: number, place: Place): Promise<void> {
  for (const end = performance.now() + END_MS; existsSync(`/proc/${pid}`); await delay(LOOK_MS)) {
    if (performance.now() > end) throw stuck(place, pid);
  }
}

function stuck({ name }: Place, pid: number): PortyardError {
  return new PortyardError("agent-stuck", `The agent ${name} (pid ${pid}) does not end.`, {
    value: pid,
    remedy: `End it with \`kill -9 ${pid}\`, then say \`portyard down --name ${name}\` again.`,
  });
}
