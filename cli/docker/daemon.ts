/** A program in the background, its words in a file: started, and waited for until it answers. Nothing here ends it. */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { PortyardError } from "../../bindings/error.ts";
import type { Screen } from "../demo/screen.ts";

/** On a slow machine a daemon needs some seconds. */
const START_MS = 120_000;
const LOOK_MS = 50;
/** Of the log of a daemon that did not come up, in the error. */
const LAST_LINES = 10;

export interface DaemonProgram {
  /** As it is shown. */
  name: string;
  /** Program and arguments that start it, not shown. */
  launch: readonly string[];
  /** Arguments behind those, shown. */
  words: readonly string[];
  environment: NodeJS.ProcessEnv;
  /** Folder of its log. */
  folder: string;
  /** How long it may take until it answers; two minutes when left out. */
  startMs?: number;
}

export class Daemon {
  readonly #name: string;
  readonly #log: string;
  readonly #startMs: number;
  #end: string | null = null;

  /** Starts it. */
  constructor({ name, launch, words, environment, folder, startMs = START_MS }: DaemonProgram, screen: Screen) {
    this.#name = name;
    this.#startMs = startMs;
    this.#log = join(folder, `${name}.log`);
    screen.line(screen.paint("bold", `$ ${[name, ...words].join(" ")} &`));
    const [program = "", ...before] = launch;
    const log = openSync(this.#log, "w");
    const child = spawn(program, [...before, ...words], { stdio: ["ignore", log, log], env: environment });
    closeSync(log);
    child.unref(); // it is not what the example ends with
    child.on("error", ({ message }) => {
      this.#end = message;
    });
    child.on("exit", (status, signal) => {
      this.#end = `it ended with ${signal ?? `status ${status}`}`;
    });
  }

  /** Waits until `isReady` says so, whose signal ends the look when the wait is over.
   *  @returns false when it ended before. @throws PortyardError `daemon-failed` when it takes too long; the signal's reason. */
  async answers(isReady: (signal: AbortSignal) => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
    const timeout = AbortSignal.timeout(this.#startMs);
    const either = AbortSignal.any([signal, timeout]);
    try {
      while (!(await isReady(either))) {
        either.throwIfAborted();
        if (this.#end !== null) return false;
        await delay(LOOK_MS, undefined, { signal: either });
      }
    } catch (error) {
      signal.throwIfAborted();
      throw timeout.aborted ? this.failed() : error;
    }
    signal.throwIfAborted();
    return true;
  }

  /** The error of one that did not come up. */
  failed(): PortyardError {
    const said = readFileSync(this.#log, "utf8").trimEnd().split("\n").slice(-LAST_LINES);
    const why = this.#end ?? `it did not answer within ${this.#startMs / 1000} s`;
    return new PortyardError("daemon-failed", `${this.#name} did not come up: ${why}. Its last words: ${said.at(-1)}`, {
      path: this.#name,
      value: said,
      remedy: "Its words say why; Docker needs control groups, iptables and a file system for layers.",
    });
  }
}
