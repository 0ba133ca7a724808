/** One agent after another under one name, while both processes live: the new one asks the old one to let go and waits for
 *  the name; the old one looks whether the new one comes up, and goes on itself if it does not. */
import { request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { PortyardError } from "../bindings/error.ts";
import { livingAgent } from "./lock.ts";
import type { Place } from "./place.ts";

const LOOK_MS = 5;
/** How long an agent may take to let go: changes that are under way end first. */
const LET_GO_MS = 30_000;
/** How long a successor may take to claim the name that it asked for. */
const CLAIM_MS = 10_000;

/** Resolves when the name of `place`, whose agent was asked to let go, is free. @throws PortyardError `agent-stuck`. */
export async function released(place: Place): Promise<void> {
  for (const end = performance.now() + LET_GO_MS; livingAgent(place) !== null; await delay(LOOK_MS)) {
    if (performance.now() < end) continue;
    const remedy = `Look at its log, or end it with \`portyard down --name ${place.name}\`.`;
    throw new PortyardError("agent-stuck", `The agent ${place.name} does not let go of its name.`, { value: place.name, remedy });
  }
}

/** Of the one that let go: true when its successor runs, false when that has failed, or never came. */
export async function isSucceeded(place: Place): Promise<boolean> {
  for (const end = performance.now() + CLAIM_MS; livingAgent(place) === null; await delay(LOOK_MS)) {
    if (performance.now() > end) return false;
  }
  for (; livingAgent(place) !== null; await delay(LOOK_MS)) {
    if ((await stateOf(place)) === "running") return true;
  }
  return false;
}

/** What the agent on the socket says of itself; null when none answers. */
function stateOf({ socket }: Place): Promise<string | null> {
  return new Promise((resolve) => {
    const call = request({ socketPath: socket, path: "/v1/version", agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve(stateIn(text)));
      response.on("error", () => resolve(null));
    });
    call.on("error", () => resolve(null));
    call.end();
  });
}

function stateIn(text: string): string | null {
  try {
    return (JSON.parse(text) as { state?: string }).state ?? null;
  } catch {
    return null;
  }
}
