/** Where the tables file of an instance lies, and its opening: on tmpfs, ours alone. */
import { closeSync, existsSync, mkdirSync, openSync, readSync, rmdirSync, rmSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { LAYOUT_VERSION } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import { PortyardError } from "../error.ts";
import { fileFault } from "../file-fault.ts";
import {
  AGENT_LIFE,
  claimLife,
  FORWARDER_LIFE,
  isAlive,
  isTmpfs,
  openTablesFile,
  releaseLife,
  type TablesFile,
} from "../native/tables-file.ts";
import { type Instance, newTables, tablesPlaces } from "../forwarder/left-over-forwarder.ts";
import { poisonFiles } from "../forwarder/poison-file.ts";
import type { Layout } from "../tables/layout.ts";
import { type LeftFile, readLeft } from "./left-file.ts";
import type { Origin } from "./store.ts";

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

/** Calls `look` with the tables file of an instance, open for reading, and whether a forwarder lives over it; null when there
 *  is none. Nothing is taken. */
export function lookAtTables<Result>(instance: Instance, look: (descriptor: number, isLiving: boolean) => Result): Result | null {
  const file = tablesPlaces(instance).find((place) => existsSync(place));
  if (file === undefined) return null;
  const descriptor = openSync(file, "r");
  try {
    return look(descriptor, isAlive(descriptor, FORWARDER_LIFE));
  } finally {
    closeSync(descriptor);
  }
}

export interface OpenTables {
  file: TablesFile;
  origin: Origin;
  /** A file of another layout, in whose place the new one is to come; null without one. */
  left: LeftFile | null;
}

/** What an engine of this name and layout would find: "new" also where nothing could be taken over. */
export function foundTables(instance: Instance, layout: Layout): Origin {
  const origin = lookAtTables(instance, (descriptor, isLiving) => {
    if (isLiving) return "living";
    return isOfLayout(descriptor, layout) || readLeft(descriptor).tables !== null ? "dead" : "new";
  });
  return origin ?? "new";
}

/** Opens the tables file of an instance and takes the lock that proves this agent's life: a new one, or the one of a dead
 *  agent. It lies in the run folder where that is a tmpfs, else in /dev/shm. Where there is one of another layout, the new one
 *  is made beside it; one that nothing can be read of, and that no forwarder uses, is removed.
 *  @throws PortyardError `agent-running`, `tmpfs-full`, `system-call-failed`. */
export function openTables(name: string, { path }: RunFolder, layout: Layout): OpenTables {
  const file = isTmpfs(path) ? `${path}/tables` : `/dev/shm/portyard-${name}`;
  return (existsSync(file) && openLeft(name, file, layout)) || openNew(name, file, layout.tablesBytes);
}

function openNew(name: string, path: string, bytes: number): OpenTables {
  const file = openTablesFile(path, bytes);
  if (claimLife(file.descriptor, AGENT_LIFE)) return { file, origin: "new", left: null };
  closeSync(file.descriptor);
  throw running(name, path);
}

/** The file of a dead agent; null when nobody has a use for it: it is removed then. */
function openLeft(name: string, path: string, layout: Layout): OpenTables | null {
  const file = openTablesFile(path, 1);
  try {
    if (!claimLife(file.descriptor, AGENT_LIFE)) throw running(name, path);
    const isLiving = isAlive(file.descriptor, FORWARDER_LIFE);
    if (isOfLayout(file.descriptor, layout)) return { file, origin: isLiving ? "living" : "dead", left: null };
    const left = { file, isLiving, ...readLeft(file.descriptor) };
    if (isLiving || left.tables !== null) return { ...openNew(name, newTables(path), layout.tablesBytes), left };
  } catch (error) {
    closeSync(file.descriptor);
    throw error;
  }
  closeSync(file.descriptor);
  rmSync(path, { force: true });
  return null;
}

/** Whether the head of the file is that which `Tables.format` writes for `layout`. */
export function isOfLayout(descriptor: number, { tablesBytes, macs, workers, flows }: Layout): boolean {
  const head = new DataView(new ArrayBuffer(map.HEAD_BYTES));
  readSync(descriptor, head, 0, map.HEAD_BYTES, 0);
  const wanted = [
    [map.HEAD_MAGIC, map.MAGIC],
    [map.HEAD_LAYOUT, LAYOUT_VERSION],
    [map.HEAD_TABLES_BYTES, tablesBytes],
    [map.HEAD_MAC_LIMIT, macs],
    [map.HEAD_WORKER_COUNT, workers],
    [map.HEAD_FLOW_LIMIT, flows],
  ] as const;
  return wanted.every(([pointer, value]) => head.getUint32(pointer - map.TABLES, true) === value);
}

function running(name: string, path: string): PortyardError {
  return new PortyardError("agent-running", `An instance named ${name} is running already.`, {
    path,
    value: name,
    remedy: "Stop it with `portyard down`, or choose another name.",
  });
}

/** Lets go of the file, which stays for the next owner. */
export function abandonTables(file: TablesFile): void {
  releaseLife(file.descriptor, AGENT_LIFE);
  closeSync(file.descriptor);
}

/** Closes and removes the file. */
export function removeTables(file: TablesFile): void {
  closeSync(file.descriptor);
  rmSync(file.path, { force: true });
}

/** Removes what a forwarder wrote beside its socket. */
export function removeForwarderFiles({ path }: RunFolder): void {
  const own = ["forwarder.sock", "forwarder.new.sock", "standby.sock", "forwarder.log", "forwarder.log.1"].map((name) => `${path}/${name}`);
  for (const file of [...own, ...poisonFiles(path)]) ignoringRefusal(() => unlinkSync(file));
}

/** Removes the frames that worker threads of this process died of, and the folder that was made for them if it is ours. */
export function removePoisonFolder(path: string): void {
  const files = poisonFiles(path);
  for (const file of files) ignoringRefusal(() => unlinkSync(file));
  if (files.length > 0) removeRunFolder({ path, made: path });
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
