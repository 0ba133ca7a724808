/** Removes what a mark names: this demo's things at its end, a killed demo's before the next one begins. Whatever is no
 *  longer there is passed over; what carries one of our names but is another's is left alone. */
import { readdirSync, readFileSync, rmSync, statfsSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { PortyardError } from "../../bindings/error.ts";
import { namespacePath } from "../../bindings/native/namespace.ts";
import { attempt, run } from "./command.ts";
import { MARK_VARIABLE, type MarkContent, namespaceInode, tagOf } from "./mark.ts";

/** The engine's name: its files lie in /run/portyard/NAME, its tables there or in /dev/shm/portyard-NAME. */
export const instanceName = (tag: string): string => `demo-${tag}`;
const NSFS_MAGIC = 0x6e736673;
const GONE_WITHIN_MS = 2000;

/** @throws PortyardError `process-stays`, `command-failed`. */
export async function removeMade(content: Readonly<MarkContent>): Promise<void> {
  await endProcesses(content.tokens);
  for (const { name, inode } of content.namespaces) {
    if (isOurs(name, inode)) await run("ip", ["netns", "delete", name]);
  }
  for (const tag of content.tokens.map(tagOf)) {
    await removeDevices(tag);
    rmSync(`/run/portyard/${instanceName(tag)}`, { recursive: true, force: true });
    rmSync(`/dev/shm/portyard-${instanceName(tag)}`, { force: true });
  }
}

/** A name without a namespace behind it is what a demo leaves that is killed in the middle of `ip netns attach`. */
function isOurs(name: string, inode: number | null): boolean {
  const path = namespacePath(name);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return false;
  return inode === null || statfsSync(path).type !== NSFS_MAGIC || namespaceInode(path) === inode;
}

async function removeDevices(tag: string): Promise<void> {
  const { stdout } = await attempt("ip", ["-json", "link", "show"]);
  const names = (JSON.parse(stdout || "[]") as { ifname: string }[]).map(({ ifname }) => ifname);
  for (const name of names.filter((name) => name.includes(tag))) await attempt("ip", ["link", "delete", name]);
}

async function endProcesses(tokens: readonly string[]): Promise<void> {
  const deadline = performance.now() + GONE_WITHIN_MS;
  for (let pids = processesOf(tokens); pids.length > 0; pids = processesOf(tokens)) {
    if (performance.now() > deadline)
      throw new PortyardError("process-stays", `Process ${pids.join(", ")} of the demo does not end`, { value: pids });
    for (const pid of pids) kill(pid);
    await delay(5);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended between the look and the signal.
  }
}

function processesOf(tokens: readonly string[]): number[] {
  const pids = readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid);
  return pids.filter((pid) => tokens.some((token) => environmentOf(pid).includes(`\0${MARK_VARIABLE}=${token}\0`)));
}

function environmentOf(pid: number): string {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, "latin1")}`;
  } catch {
    return "";
  }
}
