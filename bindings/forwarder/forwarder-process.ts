/** The forwarder as a child process: in a process group of its own, so that the end of the agent or Ctrl-C at a terminal
 *  does not end it, with a log beside its socket. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, renameSync, statSync, unlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fileFault } from "../file-fault.ts";
import { lastError } from "./log-line.ts";

/** The run folder lies in memory: every start looks whether its log has grown beyond this. */
const MAX_LOG_BYTES = 256 * 1024;

/** In the environment of a forwarder: process id of the agent that started it. */
export const AGENT_VARIABLE = "PORTYARD_AGENT_PID";

/** The programs: one that is to forward at once, one that stands by for it. */
export type Program = "portyard-forwarder" | "portyard-standby";

/** A forwarder in a process of its own. */
export interface ForwarderHandle {
  /** Null when it could not be started, or has ended. */
  readonly pid: number | null;
  /** Resolves when it has ended, with the reason: its own last words, the signal, or its exit status. */
  readonly ended: Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** It is somebody else's from now on: its end is not waited for, and what happens to it does not matter here. */
  leave(): void;
}

export class ForwarderProcess implements ForwarderHandle {
  readonly ended: Promise<string>;
  private readonly child: ChildProcess;
  private hasEnded = false;

  /** Starts it.
   *  @param directory where forwarder.log lies.
   *  @param socketPath where it is to listen; what is there goes.
   *  @throws PortyardError `no-rights`, `disk-full`, `file-failed` of the two. */
  constructor(program: Program, name: string, directory: string, socketPath: string) {
    makeRoom(socketPath);
    const logPath = `${directory}/forwarder.log`;
    const log = openLog(logPath);
    this.child = spawn(process.execPath, [fileURLToPath(new URL(`./${program}.js`, import.meta.url)), name, socketPath], {
      detached: true,
      stdio: ["ignore", log, log],
      env: environment(),
    });
    closeSync(log);
    const reason = new Promise<string>((resolve) => {
      this.child.once("error", (error) => resolve(error.message));
      this.child.once("exit", (code, signal) => resolve(signal ?? lastError(logPath) ?? `exit status ${code}`));
    });
    this.ended = reason.finally(() => {
      this.hasEnded = true;
    });
  }

  get pid(): number | null {
    return this.hasEnded ? null : (this.child.pid ?? null);
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.hasEnded) this.child.kill(signal);
  }

  leave(): void {
    this.hasEnded = true;
    this.child.unref();
  }
}

/** Where the forwarder of a run folder listens. */
export function socketPathIn(directory: string): string {
  return `${directory}/forwarder.sock`;
}

/** Where the one that stands by listens meanwhile. */
export function standbySocketIn(directory: string): string {
  return `${directory}/standby.sock`;
}

/** Where forwarders that a service manager has started wait for their agent, each with a socket of its own. */
export function waitingFolderIn(directory: string): string {
  return `${directory}/waiting`;
}

/** What a predecessor left at `path` goes. */
function makeRoom(path: string): void {
  try {
    unlinkSync(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw fileFault("Removing", path, cause);
  }
}

/** A log that has grown makes room for a new one, which stays beside it. */
function openLog(path: string): number {
  try {
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) renameSync(path, `${path}.1`);
    return openSync(path, "a", 0o600);
  } catch (cause) {
    throw fileFault("Opening the log", path, cause);
  }
}

/** The agent's own, but nothing of it that would change how Node runs: options of a debugger or a profiler. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_V8_COVERAGE: _coverage, ...rest } = process.env;
  return { ...rest, [AGENT_VARIABLE]: String(process.pid) };
}
