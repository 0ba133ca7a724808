/** A forwarder that nobody is in charge of any more: found by the pid in the head of the tables file, known by its command line,
 *  ended. */
import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { HEAD_BYTES, HEAD_FORWARDER_PID, HEAD_MAGIC, MAGIC, TABLES } from "../../assembly/abi/memory-map.ts";

/** How long it may take to end when it is asked to; then it is killed. */
const END_MS = 2000;
const LOOK_MS = 5;

/** Whose forwarder it is. */
export interface Instance {
  name: string;
  runDirectory: string;
}

/** Where the tables file may lie: on /run, or on /dev/shm where that is no tmpfs. */
export function tablesPlaces({ name, runDirectory }: Instance): string[] {
  return [join(runDirectory, "tables"), `/dev/shm/portyard-${name}`];
}

/** Where a takeover that goes over to another layout has the tables that it makes, and those that it has replaced. */
export const newTables = (path: string): string => `${path}.new`;
export const oldTables = (path: string): string => `${path}.old`;

/** Every file of tables that an instance may have left. */
export function tablesFiles(instance: Instance): string[] {
  return tablesPlaces(instance).flatMap((path) => [path, newTables(path), oldTables(path)]);
}

/** Ends the forwarders over `files` that nobody is in charge of, and returns the pid of the first; null when there is none. */
export async function endForwarders(instance: Instance, files = tablesFiles(instance)): Promise<number | null> {
  const pids = new Set(files.map(forwarderPid).filter((found) => found > 0 && isForwarder(found, instance)));
  for (const pid of pids) await endForwarder(pid, instance);
  return [...pids][0] ?? null;
}

async function endForwarder(pid: number, instance: Instance): Promise<void> {
  process.kill(pid, "SIGTERM");
  if (!(await hasEnded(pid, instance))) process.kill(pid, "SIGKILL");
  await hasEnded(pid, instance);
}

function forwarderPid(path: string): number {
  if (!existsSync(path)) return 0;
  const head = Buffer.alloc(HEAD_BYTES);
  const file = openSync(path, "r");
  const length = readSync(file, head, 0, HEAD_BYTES, 0);
  closeSync(file);
  if (length < HEAD_BYTES || head.readUInt32LE(HEAD_MAGIC - TABLES) !== MAGIC) return 0;
  return head.readUInt32LE(HEAD_FORWARDER_PID - TABLES);
}

/** The pid may be another process's by now: the one whose command line ends with the instance's name and socket is ours. */
function isForwarder(pid: number, { name, runDirectory }: Instance): boolean {
  const line = commandLine(pid);
  return line.includes("portyard-forwarder") && line.endsWith(` ${name} ${join(runDirectory, "forwarder.sock")}`);
}

/** Empty when the process has ended. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

async function hasEnded(pid: number, instance: Instance): Promise<boolean> {
  for (const end = performance.now() + END_MS; isForwarder(pid, instance); await delay(LOOK_MS)) {
    if (performance.now() > end) return false;
  }
  return true;
}
