/** A second process of a native test: Node with a module's text, spoken to line by line. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onEnd } from "./cleanup.ts";

export interface Child {
  process: ChildProcess;
  /** The next line that it prints. @throws Error when it ends before. */
  line(): Promise<string>;
  say(line: string): void;
  /** Ends what it hears (`heard()` returns undefined) and waits until it is gone; returns its exit status. */
  finish(): Promise<number | null>;
  /** Ends it by `signal` and waits until it is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Starts Node with `script`, in which `bindings("native/memory.js")` imports a compiled module of this project.
 *  @param options.through program and arguments that start it, as ["unshare", "-m"].
 *  @param options.quiet its stderr goes nowhere: it is to fail. */
export function startChild(script: string, options: { through?: readonly string[]; quiet?: boolean } = {}): Child {
  const [program = "", ...args] = [...(options.through ?? []), process.execPath, "--input-type=module", "-e", PREAMBLE + script];
  const child = spawn(program, args, { stdio: ["pipe", "pipe", options.quiet === true ? "ignore" : "inherit"] });
  const forget = onEnd(`process ${child.pid}`, () => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error("the other process has ended");
    return value as string;
  };
  const gone = once(child, "exit");
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await gone;
  };
  const finish = async () => {
    child.stdin.end();
    await gone;
    return child.exitCode;
  };
  void gone.then(forget);
  return { process: child, line, finish, kill, say: (text) => void child.stdin.write(`${text}\n`) };
}

const PREAMBLE = `
import { createInterface } from "node:readline";
const bindings = (path) => import(new URL(path, ${JSON.stringify(new URL("../../bindings/", import.meta.url).href)}));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const heard = async () => (await lines.next()).value;
`;
