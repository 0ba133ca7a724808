/** `portyard down`: ends an instance and removes what it made, running or not. */
import { basename, dirname } from "node:path";
import { Command } from "commander";
import type { VersionView } from "../agent/api/schema.ts";
import type { Leftovers } from "../agent/clean-up.ts";
import { livingAgent } from "../agent/lock.ts";
import { type Place, placeOf } from "../agent/place.ts";
import { processEnd, terminate } from "../agent/process-end.ts";
import { DEFAULT_NAME } from "../bindings/config/defaults.ts";
import { PortyardError } from "../bindings/error.ts";
import { ask, socketOf, type Target } from "./client.ts";
import { print, printJson } from "./format/lines.ts";
import { jsonOption, nameOption, socketOption } from "./option.ts";

interface DownOptions extends Target {
  purge?: boolean;
  json?: boolean;
}

/** What `--json` prints. */
interface Outcome extends Partial<Leftovers> {
  name: string;
  /** What was found: an agent that ran, what a dead one had left, or nothing. */
  was: "running" | "dead" | "absent";
  purged: boolean;
}

/** The command `portyard down`. */
export function downCommand(): Command {
  return new Command("down")
    .description("stop an instance and remove what it made, also what a dead one left")
    .addOption(nameOption("name of the instance (default: default)"))
    .addOption(socketOption())
    .option("--purge", "forget the networks and ports that the API and Docker made as well")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
It returns when agent, forwarder and devices are gone. Where nothing runs, that is no error.

Examples:
  portyard down
  portyard down --name lab --purge`,
    )
    .action(down);
}

/** @throws PortyardError `agent-stuck`, `no-rights`, what the agent answers, or what cannot be removed. */
async function down(options: DownOptions): Promise<void> {
  const outcome = await stop(options);
  if (options.json) printJson(outcome);
  else print(sentence(outcome));
}

async function stop(options: DownOptions): Promise<Outcome> {
  const name = (await stopByApi(options)) ?? null;
  const place = placeOf(name ?? nameOf(options));
  if (name === null) return { ...(await stopWithoutApi(place)), ...(await forget(place, options)) };
  return { name, was: "running", ...(await forget(place, options)) };
}

async function forget(place: Place, options: DownOptions): Promise<{ purged: boolean }> {
  if (options.purge) {
    const { purge } = await import("../agent/take-down.ts");
    await purge(place);
  }
  return { purged: options.purge === true };
}

/** Asks the agent to stop, and waits for its end. @returns its name, or null when none listens. */
async function stopByApi(options: DownOptions): Promise<string | null> {
  const socket = socketOf(options);
  try {
    const { body: agent } = await ask<VersionView>(socket, "GET", "/v1/version");
    if (options.name !== undefined && agent.instance !== options.name) throw otherAgent(socket, agent.instance, options.name);
    await ask(socket, "POST", "/v1/stop");
    if (agent.pid !== process.pid) await processEnd(agent.pid, placeOf(agent.instance));
    return agent.instance;
  } catch (error) {
    if (error instanceof PortyardError && error.code === "agent-missing") return null;
    throw error;
  }
}

async function stopWithoutApi(place: Place): Promise<Omit<Outcome, "purged">> {
  const pid = livingAgent(place);
  if (pid !== null) {
    await terminate(place, pid);
    return { name: place.name, was: "running" };
  }
  const { takeDownDead } = await import("../agent/take-down.ts");
  const leftovers = await takeDownDead(place);
  return { name: place.name, was: leftovers ? "dead" : "absent", ...leftovers };
}

/** The instance whose agent does not answer on `--socket`: said, or by the folder that a default socket lies in. */
function nameOf({ name, socket }: Target): string {
  if (name !== undefined || socket === undefined) return name ?? DEFAULT_NAME;
  const folder = basename(dirname(socket));
  if (placeOf(folder).socket === socket) return folder;
  throw new PortyardError("agent-missing", `No agent listens on ${socket}.`, {
    path: socket,
    remedy: "Say with --name which instance is to be removed.",
  });
}

function otherAgent(socket: string, found: string, wanted: string): PortyardError {
  const remedy = `Leave out --name, or say --name ${found}.`;
  return new PortyardError("other-agent", `The agent on ${socket} is ${found}, not ${wanted}.`, { path: socket, value: found, remedy });
}

function sentence({ name, was, forwarder, devices = [], files = [], host = false }: Outcome): string {
  if (was === "running") return `${name} is down.`;
  if (was === "absent") return `There was no instance ${name}.`;
  const parts = [
    forwarder ? `forwarder ${forwarder}` : "",
    `${devices.length} devices`,
    `${files.length} files`,
    host ? "rules and settings of the host" : "",
  ];
  return `${name} is down: removed ${parts.filter((part) => part !== "").join(", ")} that its dead agent had left.`;
}
