/** The end of a living agent, seen from outside. */
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { PortyardError } from "../bindings/error.ts";
import { livingAgent } from "./lock.ts";
import type { Place } from "./place.ts";

const LOOK_MS = 10;
/** How long an agent may take to end: a port takes some milliseconds, and there may be thousands. */
const END_MS = 60_000;

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
