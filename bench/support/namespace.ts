/** Network namespaces of a benchmark: `pyb-PID-NAME`, each removed at the end, and those of a killed run by the next one. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { onEnd } from "./cleanup.ts";
import { run, succeeds } from "./shell.ts";

const PREFIX = "pyb-";
const FOLDER = "/run/netns";

export interface Namespace {
  name: string;
  remove: () => Promise<void>;
}

/** A new namespace with loopback up, without IPv6 (its own chatter would be measured too) and with a bridge that asks no firewall. */
export function makeNamespace(label: string): Namespace {
  const name = `${PREFIX}${process.pid}-${label}`;
  run("ip", ["netns", "add", name]);
  const remove = onEnd(`namespace ${name}`, () => removeNamespace(name));
  run("ip", ["-n", name, "link", "set", "lo", "up"]);
  for (const setting of ["net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1"])
    succeeds("ip", ["netns", "exec", name, "sysctl", "-qw", setting]);
  for (const table of ["ip", "ip6", "arp"])
    succeeds("ip", ["netns", "exec", name, "sysctl", "-qw", `net.bridge.bridge-nf-call-${table}tables=0`]);
  return { name, remove };
}

/** A device name that no other run uses, at most 15 characters. */
export function deviceName(label: string): string {
  return `pyb${process.pid}${label}`;
}

/** Lines for `ip -batch`, in the host's namespace or in that of `namespace`. */
export function ipBatch(lines: readonly string[], namespace?: string): void {
  run("ip", [...(namespace === undefined ? [] : ["-n", namespace]), "-batch", "-"], { input: lines.join("\n") });
}

/** Names, addresses and brings up one end of a link. */
export function setUpEnd(namespace: string, device: string, name: string, address: string): void {
  ipBatch([`link set ${device} name ${name}`, `address add ${address}/24 dev ${name}`, `link set ${name} up`], namespace);
}

/** Removes namespaces of runs that were killed: those whose process is not there any more. */
export function removeLeftovers(): string[] {
  const names = existsSync(FOLDER) ? readdirSync(FOLDER) : [];
  const dead = names.filter((name) => name.startsWith(PREFIX) && !existsSync(`/proc/${name.split("-")[1]}`));
  dead.forEach(removeNamespace);
  return dead;
}

function removeNamespace(name: string): void {
  if (!existsSync(`${FOLDER}/${name}`)) return;
  for (const pid of run("ip", ["netns", "pids", name]).split("\n").filter(Boolean)) stopProcess(Number(pid));
  run("ip", ["netns", "del", name]);
}

/** Only what a benchmark started lives in its namespaces, but a process may have gone by itself meanwhile. */
function stopProcess(pid: number): void {
  try {
    if (pid !== process.pid && readFileSync(`/proc/${pid}/comm`).length > 0) process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!["ESRCH", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
