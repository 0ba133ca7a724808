/** Which of its three ways the demo takes: on the machine's own kernel with all rights; in a user namespace, where any user
 *  has them; or, where that is refused and on other systems, a capture replayed in memory. */
import { readFileSync } from "node:fs";
import { attempt } from "./command.ts";
import type { Mode } from "./result.ts";

/** Bits of CapEff: to make interfaces, raw sockets and namespaces. */
const NEEDED = [12n, 13n, 21n];
/** Set by the demo for itself inside the user namespace. */
export const INSIDE_VARIABLE = "PORTYARD_DEMO_INSIDE";

/** The reason is one sentence on why there is no better way, the remedy what the reader can do, both null for "root"; launch
 *  is what starts a program inside the user namespace. */
export interface Choice {
  mode: Mode;
  reason: string | null;
  remedy: string | null;
  launch: string[];
}

/** @param replay the user asks for the replay. */
export async function chooseMode(replay: boolean): Promise<Choice> {
  if (replay) return replaying("It was asked for by --replay.", "leave out --replay.");
  if (process.platform !== "linux") {
    return replaying(
      `Network namespaces are Linux's; this is ${process.platform}.`,
      "run the demo on Linux, in a virtual machine if need be.",
    );
  }
  if (process.env[INSIDE_VARIABLE] !== undefined)
    return { mode: "user-namespace", reason: process.env[INSIDE_VARIABLE], remedy: null, launch: [] };
  if (hasRights()) return { mode: "root", reason: null, remedy: null, launch: [] };
  return userNamespace();
}

function hasRights(): boolean {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  const held = BigInt(`0x${line}`);
  return NEEDED.every((bit) => (held >> bit) & 1n);
}

/** A namespace of processes as well, where that is allowed: then nothing outlives the demo, not even its kill -9. */
async function userNamespace(): Promise<Choice> {
  const flags = [["--pid", "--mount-proc"], []];
  let refusal = "";
  for (const more of flags) {
    const launch = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--fork", "--kill-child", ...more, ...inTmpfs];
    const { status, stderr } = await attempt(launch[0] as string, [...launch.slice(1), "true"]).catch((error: Error) => ({
      status: 1,
      stderr: error.message,
    }));
    if (status === 0)
      return {
        mode: "user-namespace",
        reason: "This user may not make interfaces on the machine itself.",
        remedy: "run it as root.",
        launch,
      };
    refusal = stderr.trim();
  }
  return replaying(
    `This user has no rights, and a user namespace is refused: ${refusal}`,
    "run it as root, or allow user namespaces (user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns).",
  );
}

/** A shell line that runs its arguments over an empty /run of their own. */
const inTmpfs = ["sh", "-c", 'mount -t tmpfs tmpfs /run && exec "$@"', "sh"];

const replaying = (reason: string, remedy: string): Choice => ({ mode: "replay", reason, remedy, launch: [] });
