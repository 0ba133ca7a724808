/** A demo container: a process in a network namespace of its own, and the name under which `ip netns` knows that namespace.
 *  The name is given only after the mark says which namespace it will be: whatever moment the demo is killed at, the next
 *  one can tell its own `container1` from another's. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { PortyardError } from "../../bindings/error.ts";
import { run } from "./command.ts";
import { type DemoMark, namespaceInode } from "./mark.ts";
import type { Echo } from "./traffic/ping.ts";
import type { Answers } from "./traffic/requests.ts";
import type { Transfer } from "./traffic/stream.ts";

export type Task =
  | { task: "ping"; address: string; count: number | null; intervalMs: number }
  | { task: "receive" }
  | { task: "send"; address: string; port: number; seconds: number }
  | { task: "answer"; name: string; port: number; delayMs: number }
  | { task: "request"; address: string; port: number; count: number; atOnce: number };

export type Answer =
  | { event: "ready" }
  | { event: "echo"; sequence: number; echo: Echo | null }
  | { event: "listening"; port: number }
  | { event: "sofar"; transfer: Transfer }
  | { event: "answered"; count: number }
  | { event: "done"; result?: Transfer | Answers }
  | { event: "failed"; code: string; message: string };

/** Ends a task's wait: with its result, or with its error. */
interface Waiting {
  hear: (answer: Answer) => void;
  settle: (result: Transfer | Answers | undefined) => void;
  fail: (error: Error) => void;
}

export class Container {
  #waiting: Waiting | null = null;
  #lastWords = "";

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => this.#hear(JSON.parse(line) as Answer));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-2000);
    });
    child.stdin?.on("error", () => {});
    child.on("error", (error) => this.#end(error.message));
    child.on("close", (code, signal) => this.#end(`it ended with ${signal ?? `status ${code}`}`));
  }

  /** Starts the process, names its namespace and brings its loopback up.
   *  @param tell called with the container as soon as there is something to close.
   *  @throws PortyardError `container-ended`, `system-call-failed`, `command-failed`. */
  static async start(name: string, mark: DemoMark, tell: (container: Container) => void): Promise<Container> {
    const program = fileURLToPath(new URL("./container-process.js", import.meta.url));
    const child = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "pipe"] });
    const container = new Container(name, child);
    tell(container);
    await container.#wait(() => {});
    mark.willName(name, namespaceInode(`/proc/${child.pid}/ns/net`));
    await run("ip", ["netns", "attach", name, String(child.pid)]);
    await run("ip", ["-netns", name, "link", "set", "lo", "up"]);
    return container;
  }

  /** Sends echo requests. @param report called with each one's answer, or null when none came within a second. */
  async ping(
    address: string,
    count: number | null,
    intervalMs: number,
    report: (sequence: number, echo: Echo | null) => void,
  ): Promise<void> {
    await this.#perform({ task: "ping", address, count, intervalMs }, (answer) => {
      if (answer.event === "echo") report(answer.sequence, answer.echo);
    });
  }

  /** Receives one TCP stream to its end. @returns what came. */
  async receive(listening: (port: number) => void, sofar: (transfer: Transfer) => void): Promise<Transfer> {
    const result = await this.#perform({ task: "receive" }, (answer) => {
      if (answer.event === "listening") listening(answer.port);
      if (answer.event === "sofar") sofar(answer.transfer);
    });
    return result as Transfer;
  }

  /** Sends one TCP stream for `seconds`. @returns what the kernel took. */
  async send(address: string, port: number, seconds: number): Promise<Transfer> {
    return (await this.#perform({ task: "send", address, port, seconds }, () => {})) as Transfer;
  }

  /** From now on answers requests at `port`, by its name, each after `delayMs`. */
  async answer(port: number, delayMs: number): Promise<void> {
    await this.#perform({ task: "answer", name: this.name, port, delayMs }, () => {});
  }

  /** Makes `count` requests, each by a connection of its own, `atOnce` of them at a time. @param sofar called with how many were answered. */
  async request(address: string, port: number, count: number, atOnce: number, sofar: (count: number) => void): Promise<Answers> {
    const result = await this.#perform({ task: "request", address, port, count, atOnce }, (answer) => {
      if (answer.event === "answered") sofar(answer.count);
    });
    return result as Answers;
  }

  /** Ends the process; whatever it was doing fails with `container-ended`. */
  async close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null || this.child.pid === undefined) return;
    const closed = once(this.child, "close");
    this.child.kill("SIGKILL");
    await closed;
  }

  #perform(task: Task, hear: Waiting["hear"]): Promise<Transfer | Answers | undefined> {
    this.child.stdin?.write(`${JSON.stringify(task)}\n`);
    return this.#wait(hear);
  }

  #wait(hear: Waiting["hear"]): Promise<Transfer | Answers | undefined> {
    return new Promise((settle, fail) => {
      this.#waiting = { hear, settle, fail };
      if (this.child.exitCode !== null || this.child.signalCode !== null) this.#end("it had ended");
    });
  }

  #hear(answer: Answer): void {
    const waiting = this.#waiting;
    waiting?.hear(answer);
    if (answer.event === "ready") this.#finish()?.settle(undefined);
    if (answer.event === "done") this.#finish()?.settle(answer.result);
    if (answer.event === "failed") this.#finish()?.fail(new PortyardError(answer.code, `${this.name}: ${answer.message}`));
  }

  #end(how: string): void {
    const words = this.#lastWords.trim();
    const message = `The process of ${this.name} is gone: ${how}${words === "" ? "" : `\n${words}`}`;
    this.#finish()?.fail(new PortyardError("container-ended", message, { value: this.child.pid ?? null }));
  }

  #finish(): Waiting | null {
    const waiting = this.#waiting;
    this.#waiting = null;
    return waiting;
  }
}
