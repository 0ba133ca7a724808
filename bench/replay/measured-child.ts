/** A program of which is known when it ended how long it ran and how much memory it had at most. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { PortyardError } from "../../bindings/error.ts";
import { projectRoot } from "../support/root.ts";

export interface Ended {
  /** From the start of the process to its end. */
  seconds: number;
  stdout: string;
}

/** Started from the file of this project's command, with its peak of memory as the last line of standard error. */
const PORTYARD = [
  "--import",
  "data:text/javascript,process.on('exit',()=>process.stderr.write('\\n'+process.resourceUsage().maxRSS))",
  join(projectRoot, "dist/cli/main.js"),
];

/** Runs `program` to its end. @throws PortyardError `command-failed` with its words. */
export async function runMeasured(program: string, args: readonly string[]): Promise<Ended> {
  const begin = performance.now();
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const { stdout } = await result(child, program);
  return { seconds: (performance.now() - begin) / 1000, stdout };
}

/** `portyard` with these words. */
export function runPortyard(words: readonly string[]): Promise<Ended> {
  return runMeasured(process.execPath, [...PORTYARD, ...words]);
}

/** `portyard` with `input` as its standard input. @returns its peak of memory in MB. */
export async function peakOfPortyard(words: readonly string[], input: Iterable<Uint8Array>): Promise<number> {
  const child = spawn(process.execPath, [...PORTYARD, ...words], { stdio: ["pipe", "pipe", "pipe"] });
  const ended = result(child, "portyard");
  for (const chunk of input) if (child.stdin?.write(chunk) === false) await Promise.race([once(child.stdin, "drain"), ended]);
  child.stdin?.end();
  const { stderr } = await ended;
  return Number(stderr.trim().split("\n").at(-1)) / 1024;
}

async function result(child: ChildProcess, program: string): Promise<{ stdout: string; stderr: string }> {
  const words = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (words.stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (words.stderr += text));
  child.stdin?.on("error", () => {}); // what the process says at its end explains it
  const [status] = (await once(child, "close")) as [number | null];
  if (status === 0) return words;
  throw new PortyardError("command-failed", `${program} failed: ${words.stderr.trim()}`, { value: status });
}
