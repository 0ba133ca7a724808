/** A forwarder whose agent died: found by the pid in the head of the tables file, known by its command line, ended. */
import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { HEAD_BYTES, HEAD_FORWARDER_PID, HEAD_MAGIC, MAGIC, TABLES } from "../assembly/abi/memory-map.ts";
import type { Place } from "./place.ts";

/** How long it may take to end when it is asked to; then it is killed. */
const END_MS = 2000;
const LOOK_MS = 5;

/** Where the tables file may lie: on /run, or on /dev/shm where that is no tmpfs. */
export function tablesFiles(place: Place): string[] {
  return [join(place.runDirectory, "tables"), `/dev/shm/portyard-${place.name}`];
}

/** Ends the forwarder that the dead agent of `place` left, and returns its pid; null when there is none. */
export async function endForwarder(place: Place): Promise<number | null> {
  const pid = tablesFiles(place)
    .map(forwarderPid)
    .find((found) => found > 0 && isForwarder(found, place));
  if (pid === undefined) return null;
  process.kill(pid, "SIGTERM");
  if (!(await hasEnded(pid, place))) process.kill(pid, "SIGKILL");
  await hasEnded(pid, place);
  return pid;
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
function isForwarder(pid: number, place: Place): boolean {
  const line = commandLine(pid);
  return line.includes("portyard-forwarder") && line.endsWith(` ${place.name} ${join(place.runDirectory, "forwarder.sock")}`);
}

/** Empty when the process has ended. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

async function hasEnded(pid: number, place: Place): Promise<boolean> {
  for (const end = performance.now() + END_MS; isForwarder(pid, place); await delay(LOOK_MS)) {
    if (performance.now() > end) return false;
  }
  return true;
}
