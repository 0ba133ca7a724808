/** Programs that change or tell something of a host or a container, run to their end. */
import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { withNamespace } from "./namespace.ts";

const ADMINISTRATOR_FOLDERS = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

export interface Output {
  /** Null when it could not be started; `cause` says why. */
  status: number | null;
  cause: NodeJS.ErrnoException | null;
  stdout: string;
  stderr: string;
}

/** Words of the kernel in English, and administrators' programs found also without a login shell. */
export function environment(): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: "C", PATH: [process.env.PATH ?? "", ...ADMINISTRATOR_FOLDERS].join(delimiter) };
}

/** True when `program` is installed. */
export function isInstalled(program: string): boolean {
  return programPath(program) !== null;
}

/** Where `program` is, of several the one that would be started; null when it is not installed. */
export function programPath(program: string): string | null {
  const folders = (environment().PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, program)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs a program with `input` on its standard input, in the network namespace of the calling thread or the one of this path.
 *  @throws PortyardError `namespace-missing` and `no-rights` as `withNamespace`; nothing when there is no namespace to enter. */
export async function runProgram(program: string, args: readonly string[], input = "", namespace: string | null = null): Promise<Output> {
  const start = () => spawn(program, args, { stdio: "pipe", env: environment() });
  const child = namespace === null ? start() : withNamespace(namespace, start);
  const output: Output = { status: null, cause: null, stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  child.stdin.on("error", () => {}); // it ended before it had read all: its status says why
  child.stdin.end(input);
  return new Promise((resolve) => {
    child.on("error", (cause) => resolve({ ...output, cause }));
    child.on("close", (status) => resolve({ ...output, status: status ?? 1 }));
  });
}
