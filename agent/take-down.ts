/** Ends an instance from outside, whatever became of its agent: a living one is asked to stop, what a dead one left is
 *  removed. */
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { PortyardError } from "../bindings/error.ts";
import { cleanUp, type Leftovers } from "./clean-up.ts";
import { claimPlace, livingAgent } from "./lock.ts";
import { type Place, removeEmptyDirectory } from "./place.ts";
import { readState, removeState, writeState } from "./state/state-file.ts";
import { Undo } from "./undo.ts";

const LOOK_MS = 10;
/** How long an agent may take to end: a port takes some milliseconds, and there may be thousands. */
const END_MS = 60_000;

/** Removes what a dead agent left; null when there was nothing at all. What the API made stays in the state.
 *  @throws PortyardError `agent-running`, `state-unreadable`, `no-rights`. */
export async function takeDownDead(place: Place): Promise<Leftovers | null> {
  if (!existsSync(place.runDirectory) && !existsSync(place.stateDirectory)) return null;
  const undo = new Undo();
  try {
    claimPlace(place, undo);
    const leftovers = await cleanUp(place);
    await keepApiObjects(place);
    return leftovers;
  } finally {
    await undo.run();
  }
}

async function keepApiObjects({ stateFile }: Place): Promise<void> {
  const state = await readState(stateFile);
  if (!state) return;
  const isApi = ({ owner }: { owner: string }) => owner === "api";
  const rest = { ...state, networks: state.networks.filter(isApi), ports: state.ports.filter(isApi), interfaces: [] };
  if (rest.networks.length + rest.ports.length > 0) await writeState(stateFile, rest);
  else await removeState(stateFile);
}

/** Forgets what the API made as well. */
export async function purge({ stateFile, stateDirectory }: Place): Promise<void> {
  await removeState(stateFile);
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
