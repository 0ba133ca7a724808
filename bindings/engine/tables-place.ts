/** Where the tables file of an instance lies, and its opening: on tmpfs, ours alone. */
import { closeSync, existsSync, mkdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { PortyardError } from "../error.ts";
import { AGENT_LIFE, claimLife, FORWARDER_LIFE, isTmpfs, openTablesFile, type TablesFile } from "../native/tables-file.ts";

/** Folder of an instance's sockets: /run/portyard/NAME. */
export function defaultRunDirectory(name: string): string {
  return `/run/portyard/${name}`;
}

/** `RUN_DIRECTORY/tables` where that is a tmpfs, else /dev/shm/portyard-NAME. Makes the folder (mode 0700). */
export function tablesPath(name: string, runDirectory: string): string {
  mkdirSync(runDirectory, { recursive: true, mode: 0o700 });
  return isTmpfs(runDirectory) ? `${runDirectory}/tables` : `/dev/shm/portyard-${name}`;
}

/** Opens a new tables file of `bytes` and takes the lock that proves this agent's life. What a dead instance left is removed.
 *  @throws PortyardError `agent-running`, `forwarder-running`, `tmpfs-full`. */
export function openTables(name: string, runDirectory: string, bytes: number): TablesFile {
  const path = tablesPath(name, runDirectory);
  if (existsSync(path)) removeLeftOver(name, path);
  const file = openTablesFile(path, bytes);
  if (claimLife(file.descriptor, AGENT_LIFE)) return file;
  closeSync(file.descriptor);
  throw running(name, path);
}

/** The file of an instance that is dead on both sides may go; of one whose forwarder still moves frames it may not. */
function removeLeftOver(name: string, path: string): void {
  const file = openTablesFile(path, 1);
  const [agentIsDead, forwarderIsDead] = [claimLife(file.descriptor, AGENT_LIFE), claimLife(file.descriptor, FORWARDER_LIFE)];
  closeSync(file.descriptor);
  if (!agentIsDead) throw running(name, path);
  if (!forwarderIsDead) {
    throw new PortyardError("forwarder-running", `The forwarder of instance ${name} still runs, without its agent.`, {
      path,
      value: name,
      remedy: `End it with \`portyard down --name ${name}\`.`,
    });
  }
  rmSync(path, { force: true });
}

function running(name: string, path: string): PortyardError {
  return new PortyardError("agent-running", `An instance named ${name} is running already.`, {
    path,
    value: name,
    remedy: "Stop it with `portyard down`, or choose another name.",
  });
}

/** Closes and removes the file, and its folder when nothing else is in it. */
export function removeTables(file: TablesFile): void {
  closeSync(file.descriptor);
  rmSync(file.path, { force: true });
}

/** Removes what a forwarder wrote beside its socket. */
export function removeRunFiles(runDirectory: string): void {
  for (const name of ["forwarder.sock", "forwarder.log"]) rmSync(`${runDirectory}/${name}`, { force: true });
  for (const folder of [runDirectory, dirname(runDirectory)]) removeIfEmpty(folder);
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // others use it, or it is gone
  }
}
