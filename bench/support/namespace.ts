/** Network namespaces of a benchmark: `pyb-PID-NAME`, each removed at the end, and what a
 *  killed run has left by the next one. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { onEnd } from "./cleanup.ts";
import { run, succeeds } from "./shell.ts";

const PREFIX = "pyb-";
/** The same of the tables of an engine of a benchmark. */
const TABLES = `portyard-${PREFIX}`;
const NAMESPACES = "/run/netns";

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

/** Removes what runs that were killed have left: namespaces, folders and tables of engines whose name names a process that
 *  is not there any more. Returns what it removed. */
export function removeLeftovers(): string[] {
  const namespaces = leftIn(NAMESPACES, PREFIX);
  namespaces.forEach(removeNamespace);
  const files = [
    ...leftIn("/run/portyard", PREFIX).map((name) => `/run/portyard/${name}`),
    ...leftIn("/dev/shm", TABLES).map((name) => `/dev/shm/${name}`),
  ];
  for (const file of files) rmSync(file, { recursive: true, force: true });
  return [...namespaces.map((name) => `namespace ${name}`), ...files];
}

function leftIn(folder: string, prefix: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((name) => name.startsWith(prefix) && !existsSync(`/proc/${name.slice(prefix.length).split("-")[0]}`));
}

function removeNamespace(name: string): void {
  if (!existsSync(`${NAMESPACES}/${name}`)) return;
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
