/** The program `docker`, run to its end: quietly for questions, or as a step that people see, with its command line before it and its
 *  output as it comes. In a session of its own: Ctrl-C must not reach one that is just making or removing something. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { PortyardError } from "../../bindings/error.ts";
import type { Screen } from "../demo/screen.ts";

export interface Outcome {
  /** Exit status; 1 also when a signal ended it. */
  status: number;
  /** Without the line break at the end. */
  stdout: string;
  stderr: string;
}

/** A command that people saw, as `--json` prints it. */
export interface Step {
  command: string;
  /** Exit status of `docker`. */
  status: number;
  seconds: number;
}

export interface StepOptions {
  /** Written to standard input. */
  input?: Uint8Array;
  /** Shown behind the command, as a comment. */
  note?: string;
  /** Ends the step. */
  signal?: AbortSignal;
}

type Show = (line: string) => void;

export class DockerClient {
  /** In the order in which they were done. */
  readonly steps: Step[] = [];
  readonly #screen: Screen;
  readonly #environment: NodeJS.ProcessEnv;

  /** @param environment says which Docker is meant (`DOCKER_HOST`) and where programs are (`PATH`). */
  constructor(screen: Screen, environment: NodeJS.ProcessEnv) {
    this.#screen = screen;
    this.#environment = environment;
  }

  /** Runs `docker WORDS` without showing it. @param signal ends it, whether Docker answers or not.
   *  @throws PortyardError `docker-missing`; the signal's reason when it was aborted. */
  async ask(words: readonly string[], signal?: AbortSignal): Promise<Outcome> {
    signal?.throwIfAborted();
    const silent = () => {};
    const outcome = await this.#run(words, signal === undefined ? {} : { signal }, silent, silent);
    signal?.throwIfAborted();
    return outcome;
  }

  /** Shows and runs `docker WORDS`, and counts it as a step. Its errors are shown too; they are the caller's to judge.
   *  @throws PortyardError `docker-missing`. */
  async step(words: readonly string[], options: StepOptions = {}): Promise<Outcome> {
    const command = ["docker", ...words].join(" ");
    this.#screen.line(`${this.#screen.paint("bold", `$ ${command}`)}${options.note === undefined ? "" : `   # ${options.note}`}`);
    const start = performance.now();
    const show = (line: string) => this.#screen.line(line);
    const outcome = await this.#run(words, options, show, (line) => this.#screen.warn(line));
    const seconds = Math.round(performance.now() - start) / 1000;
    this.steps.push({ command, status: outcome.status, seconds });
    return outcome;
  }

  #run(words: readonly string[], { input, signal }: StepOptions, onOutput: Show, onError: Show): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const child = spawn("docker", words, { detached: true, stdio: "pipe", env: this.#environment });
      const stop = () => void child.kill("SIGTERM");
      signal?.addEventListener("abort", stop);
      const stdout = linesOf(child.stdout, onOutput);
      const stderr = linesOf(child.stderr, onError);
      child.stdin.on("error", () => {}); // it ended before it had read all: its status says why
      child.stdin.end(input);
      child.on("error", (cause) => reject(dockerMissing(cause)));
      child.on("close", async (status) => {
        signal?.removeEventListener("abort", stop);
        resolve({ status: status ?? 1, stdout: await stdout, stderr: await stderr });
      });
    });
  }
}

async function linesOf(stream: Readable, show: Show): Promise<string> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: stream })) {
    lines.push(line);
    show(line);
  }
  return lines.join("\n");
}

function dockerMissing(cause: Error): PortyardError {
  return new PortyardError("docker-missing", `The program docker cannot be started: ${cause.message}.`, {
    value: "docker",
    remedy: "Install it: apt install docker.io.",
    cause,
  });
}
