/** Instances of the engine that native tests make, `pyt-PID` and what follows: a forwarder outlives its agent by design, so
 *  its process and its files are looked for by the instance's name. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const RUN = "/run/portyard";
const SHARED_MEMORY = "/dev/shm";
const INSTANCE = /^(?:portyard-)?(pyt-(\d+).*)$/;

/** Removes the instances of test processes that are there no more; returns their names. */
export function removeDeadInstances(): string[] {
  const entries = [RUN, SHARED_MEMORY].filter(existsSync).flatMap((folder) => readdirSync(folder));
  const instances = entries.map((entry) => INSTANCE.exec(entry)).filter((match) => match !== null);
  const dead = new Set(instances.filter(([, , pid]) => !existsSync(`/proc/${pid}`)).map(([, name]) => name as string));
  for (const name of dead) removeInstance(name);
  return [...dead];
}

/** Ends the instance's forwarder, if it still runs, and removes its files. */
export function removeInstance(name: string): void {
  for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    if (isForwarder(pid, name)) process.kill(Number(pid), "SIGKILL");
  }
  rmSync(join(RUN, name), { recursive: true, force: true });
  rmSync(join(SHARED_MEMORY, `portyard-${name}`), { force: true });
}

function isForwarder(pid: string, name: string): boolean {
  try {
    return new RegExp(`portyard-(forwarder|standby).* ${name} `).test(readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "));
  } catch {
    return false; // it has ended meanwhile
  }
}
