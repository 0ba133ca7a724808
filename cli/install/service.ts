/** What makes installed units run, and stop: commands of the service manager, or why there are none. */
import { existsSync } from "node:fs";
import { runProgram } from "../../bindings/native/program.ts";
import { PortyardError } from "../../bindings/error.ts";
import type { ProgramPaths } from "./program-path.ts";

/** A program and its arguments. */
export type Words = readonly string[];

/** Where things are installed. */
export interface Target {
  /** Folder that the installed system lies in; "/" is the one that runs. */
  root: string;
  programs: ProgramPaths;
  /** Why commands are not run, as one clause; null where they are. */
  notRun: string | null;
}

/** There while systemd runs (sd_booted(3)). */
const BOOTED = "/run/systemd/system";

/** @param root null for the system that runs. */
export function targetOf(root: string | null, programs: ProgramPaths): Target {
  const notRun = root !== null ? "with --root nothing is run" : existsSync(BOOTED) ? null : "systemd does not run here";
  return { root: root ?? "/", programs, notRun };
}

const agent = (name: string): string => `portyard-agent@${name}.service`;
const forwarders = (name: string): string[] => [`portyard-forwarder@${name}.service`, `portyard-standby@${name}.service`];
const docker = (name: string): string => `portyard-docker@${name}.socket`;

/** Lets systemd read the units that were written, and forget those whose files are gone. */
export const READ_UNITS: Words = ["systemctl", "daemon-reload"];

/** What is told of an instance. */
export interface Services {
  name: string;
  docker: boolean;
}

/** Starts what was written. An agent that runs already begins anew, without a lost frame: systemd hands over no socket to it otherwise.
 *  @param wasThere the instance was installed before. */
export function startCommands({ name, docker: isDocker }: Services, wasThere: boolean): Words[] {
  const stop: Words[] = wasThere ? [["systemctl", "stop", agent(name)]] : [];
  return [READ_UNITS, ...stop, ["systemctl", "start", ...(isDocker ? [docker(name)] : []), agent(name)]];
}

/** Ends the instance and what waits for it: first the socket, by which Docker would start the agent again.
 *  @param purge forget what the API and Docker made as well. */
export function stopCommands({ name, docker: isDocker }: Services, { node, portyard }: ProgramPaths, purge: boolean): Words[] {
  const socket: Words[] = isDocker ? [["systemctl", "stop", docker(name)]] : [];
  return [
    ...socket,
    [node, portyard, "down", "--name", name, ...(purge ? ["--purge"] : [])],
    ["systemctl", "stop", agent(name), ...forwarders(name)],
  ];
}

/** Runs a command to its end. @throws PortyardError `command-failed` with the words of the command. */
export async function runCommand(words: Words): Promise<void> {
  const [program = "", ...args] = words;
  const { status, cause, stderr } = await runProgram(program, args);
  if (status === 0) return;
  const line = words.join(" ");
  const why = cause?.code ?? (stderr.trim() || `exit status ${status}`);
  const remedy = "Look at `systemctl status 'portyard-*'`, and ask again: what is done already is not done twice.";
  throw new PortyardError("command-failed", `\`${line}\` failed: ${why}`, { path: line, value: status, remedy, cause });
}
