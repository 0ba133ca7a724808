/** Where the tables file of an instance lies, and its opening: on tmpfs, ours alone. */
import { closeSync, existsSync, mkdirSync, rmdirSync, rmSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { PortyardError } from "../error.ts";
import { fileFault } from "../file-fault.ts";
import { AGENT_LIFE, claimLife, FORWARDER_LIFE, isTmpfs, openTablesFile, type TablesFile } from "../native/tables-file.ts";

const RUN_ROOT = "/run/portyard";

/** Folder of an instance's sockets: /run/portyard/NAME. */
export function defaultRunDirectory(name: string): string {
  return `${RUN_ROOT}/${name}`;
}

/** The run folder of an instance, as far as this engine made it. */
export interface RunFolder {
  path: string;
  /** The topmost folder that was made on the way; null: it was there. */
  made: string | null;
}

/** Makes the run folder (mode 0700) where it is not there. @throws PortyardError `no-rights`, `disk-full`, `file-failed`. */
export function makeRunFolder(path: string): RunFolder {
  try {
    return { path, made: mkdirSync(path, { recursive: true, mode: 0o700 }) ?? null };
  } catch (cause) {
    throw fileFault("Making the folder", path, cause);
  }
}

/** Opens a new tables file of `bytes` and takes the lock that proves this agent's life. What a dead instance left is removed.
 *  The file lies in the run folder where that is a tmpfs, else in /dev/shm.
 *  @throws PortyardError `agent-running`, `forwarder-running`, `tmpfs-full`, `system-call-failed`. */
export function openTables(name: string, { path }: RunFolder, bytes: number): TablesFile {
  return openIn(isTmpfs(path) ? `${path}/tables` : `/dev/shm/portyard-${name}`, name, bytes);
}

function openIn(path: string, name: string, bytes: number): TablesFile {
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

/** Closes and removes the file. */
export function removeTables(file: TablesFile): void {
  closeSync(file.descriptor);
  rmSync(file.path, { force: true });
}

/** Removes what a forwarder wrote beside its socket. */
export function removeForwarderFiles({ path }: RunFolder): void {
  for (const name of ["forwarder.sock", "forwarder.log"]) ignoringRefusal(() => unlinkSync(`${path}/${name}`));
}

/** Removes the folders that were made, as far as nothing is in them. */
export function removeRunFolder({ path, made }: RunFolder): void {
  for (let folder = path; made !== null && folder.startsWith(made); folder = dirname(folder)) ignoringRefusal(() => rmdirSync(folder));
  ignoringRefusal(() => rmdirSync(RUN_ROOT));
}

/** Of what others use, what is gone, and what is not ours. */
function ignoringRefusal(remove: () => void): void {
  try {
    remove();
  } catch {
    // it stays
  }
}
