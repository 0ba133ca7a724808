/** Probes of what the system offers beside system calls: rights, programs, tmpfs. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter } from "node:path";
import { freeBytes, isTmpfs } from "../native/tables-file.ts";
import type { ProbeResult } from "./probe.ts";

/** Bits of CapEff (linux/capability.h) that the agent uses, and what for. */
const CAPABILITIES = [
  { bit: 12, name: "CAP_NET_ADMIN", use: "make and set interfaces" },
  { bit: 13, name: "CAP_NET_RAW", use: "packet sockets" },
  { bit: 21, name: "CAP_SYS_ADMIN", use: "enter network namespaces" },
] as const;

/** Tables of the default size, and as much again for another instance. */
const LEAST_TMPFS_BYTES = 128 * 1024 * 1024;

const PACKAGES: Record<string, string> = { ip: "iproute2", nft: "nftables", unshare: "util-linux" };

/** Which of the capabilities that are used this process has. */
export function probeRights(): ProbeResult {
  const name = "rights";
  const lacking = CAPABILITIES.filter(({ bit }) => ((effectiveCapabilities() >> BigInt(bit)) & 1n) === 0n);
  const who = `user ${process.getuid?.() ?? "unknown"}`;
  if (lacking.length === 0) return { name, state: "ok", detail: `${who}, every capability that is used`, remedy: null };
  const detail = `${who}, without ${lacking.map((capability) => `${capability.name} (${capability.use})`).join(", ")}`;
  return {
    name,
    state: "missing",
    detail,
    remedy: "Run as root; `portyard demo` also runs in a user namespace, and `replay` needs no rights.",
  };
}

function effectiveCapabilities(): bigint {
  try {
    const digits = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    return BigInt(`0x${digits ?? "0"}`);
  } catch {
    return 0n;
  }
}

/** A program of which `args` print the version. */
export async function probeProgram(name: string, program: string, args: string[], otherwise: "missing" | "limited"): Promise<ProbeResult> {
  const { status, words } = await run(program, args);
  if (status === 0) return { name, state: "ok", detail: words.split("\n")[0] ?? "", remedy: null };
  const detail = status === null ? `${program} is not installed` : `${program} failed: ${words}`;
  return { name, state: otherwise, detail, remedy: `Install the package ${PACKAGES[program] ?? program}.` };
}

/** What the demo uses where it has no rights. They are made by a program: a process with threads cannot make one. */
export async function probeUserNamespaces(): Promise<ProbeResult> {
  const name = "user-namespaces";
  const { status, words } = await run("unshare", ["--user", "--map-root-user", "--net", "true"]);
  if (status === 0) return { name, state: "ok", detail: "one with a network namespace was made and left", remedy: null };
  if (status === null)
    return { name, state: "limited", detail: "not tried: unshare is not installed", remedy: "Install the package util-linux." };
  const remedy =
    "Set `sysctl user.max_user_namespaces=10000`, and where they exist kernel.unprivileged_userns_clone=1 and kernel.apparmor_restrict_unprivileged_userns=0.";
  return { name, state: "limited", detail: words, remedy };
}

/** The tables file lies on /run, or on /dev/shm where that is no tmpfs. */
export function probeTmpfs(folder: string): ProbeResult {
  const name = `tmpfs-${folder.split("/").at(-1)}`;
  if (!existsSync(folder)) return { name, state: "limited", detail: `${folder} does not exist`, remedy: `mount -t tmpfs tmpfs ${folder}` };
  if (!isTmpfs(folder)) return { name, state: "limited", detail: `${folder} is no tmpfs: the tables lie on the other one`, remedy: null };
  const free = freeBytes(folder);
  const detail = `${folder} has ${Math.floor(free / 1048576)} MiB free`;
  if (free >= LEAST_TMPFS_BYTES) return { name, state: "ok", detail, remedy: null };
  return { name, state: "limited", detail, remedy: `mount -o remount,size=256m ${folder} (in a container: --shm-size 256m)` };
}

/** Status null: it could not be started. */
function run(program: string, args: string[]): Promise<{ status: number | null; words: string }> {
  const path = [process.env.PATH ?? "", "/usr/sbin", "/sbin"].join(delimiter);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, LC_ALL: "C", PATH: path } });
  let words = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      words += text;
    });
  }
  return new Promise((resolve) => {
    child.on("error", () => resolve({ status: null, words: "" }));
    child.on("close", (status) => resolve({ status: status ?? 1, words: words.trim() }));
  });
}
