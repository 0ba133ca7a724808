/** Runs `ip` and its like. In a session of its own: Ctrl-C in the terminal must not reach a command that is just taking
 *  something back. */
import { spawn } from "node:child_process";
import { PortyardError } from "../../bindings/error.ts";

export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** @param input written to standard input. @throws PortyardError `tool-missing` when there is no such program. */
export function attempt(program: string, args: string[], input = ""): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { detached: true, stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", (cause) => reject(toolMissing(program, cause)));
    child.on("close", (status) => resolve({ status, stdout, stderr }));
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** @returns what it printed. @throws PortyardError `command-failed` with what it said, or `tool-missing`. */
export async function run(program: string, args: string[], input = ""): Promise<string> {
  const { status, stdout, stderr } = await attempt(program, args, input);
  if (status === 0) return stdout;
  const said = stderr.trim() || `exit status ${status}`;
  throw new PortyardError("command-failed", `${[program, ...args].join(" ")}: ${said}`, { value: input || undefined });
}

/** `ip -batch`: all lines in one process, optionally inside a namespace. */
export async function ipBatch(lines: string[], namespace?: string): Promise<void> {
  const where = namespace === undefined ? [] : ["-netns", namespace];
  await run("ip", [...where, "-batch", "-"], `${lines.join("\n")}\n`);
}

function toolMissing(program: string, cause: Error): PortyardError {
  return new PortyardError("tool-missing", `The program ${program} cannot be started: ${cause.message}`, {
    value: program,
    cause,
    remedy: program === "ip" ? "Install iproute2 (apt install iproute2)." : `Install ${program}.`,
  });
}
