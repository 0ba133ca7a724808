/** iproute2 for tests: to its end, or an error with its words. */
import { spawnSync } from "node:child_process";

/** Runs `ip ARGUMENTS` (split at blanks) and returns what it printed. @throws Error with its words. */
export function ip(command: string): string {
  const { status, stdout, stderr, error } = spawnSync("ip", command.split(" "), { encoding: "utf8" });
  if (status === 0) return stdout;
  throw new Error(`ip ${command}: ${error?.message ?? stderr.trim()}`);
}

/** The same with -json, parsed. */
// biome-ignore lint/suspicious/noExplicitAny: what a test asks of it, it knows
export function ipJson(command: string): any[] {
  const printed = ip(`-json -details ${command}`);
  return printed === "" ? [] : JSON.parse(printed);
}
