/** Commands of the system: short ones to their end, long ones beside us. */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { PortyardError } from "../../bindings/error.ts";

const ADMINISTRATOR_FOLDERS = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

/** True when `program` is in PATH or in one of the administrator's folders. */
export function isInstalled(program: string): boolean {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...ADMINISTRATOR_FOLDERS];
  return folders.some((folder) => existsSync(join(folder, program)));
}

/** Runs a command to its end and returns what it wrote.
 *  @param input what it reads from standard input.
 *  @throws PortyardError `command-failed` with its words when it cannot be started or does not end with 0. */
export function run(program: string, args: readonly string[], options: { input?: string; env?: NodeJS.ProcessEnv } = {}): string {
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    env: withAdministratorFolders(options.env),
    input: options.input ?? "",
  });
  if (status === 0) return stdout;
  const words = error?.message ?? stderr.trim();
  throw new PortyardError("command-failed", `${program} ${args.join(" ")} failed: ${words}`, { value: status });
}

/** The same, and whether it went well instead of an error. */
export function succeeds(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore", env: withAdministratorFolders() }).status === 0;
}

/** Starts a program that runs beside us. */
export function start(program: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  return spawn(program, args, { ...options, env: withAdministratorFolders(options.env) });
}

/** Ends a program that we started, and waits until it is gone; kills it when it does not go within `patienceMs`. */
export async function end(child: ChildProcess, patienceMs = 3000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
  await gone;
  clearTimeout(timer);
}

function withAdministratorFolders(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { ...env, PATH: [env.PATH ?? "", ...ADMINISTRATOR_FOLDERS].join(delimiter) };
}
