/** A load generator's two sides: the one that waits in one namespace, then the one that drives in the other. */
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { PortyardError } from "../../bindings/error.ts";
import { nativeProgram } from "./native.ts";
import { end, start } from "./shell.ts";

export interface Pair {
  client: string;
  server: string;
  /** Where the waiting side listens. */
  serverAddress: string;
  /** What the driving side is told, where that is another address: of somebody who leads on to the server. */
  dialledAddress?: string;
}
export interface Outcome {
  server: Record<string, number>;
  client: Record<string, number>;
}

const GRACE_MS = 15000;
let next = 20000;

/** The port that the next measurement takes; each takes one more. */
export const nextPort = (): number => next;

/** Runs `program` in both namespaces of a pair and returns the JSON lines of both sides.
 *  @param server its first argument on the waiting side, `client` on the driving side; `size` is the third.
 *  @throws PortyardError `load-failed` with what the program said. */
export async function runPair(
  pair: Pair,
  program: string,
  [server, client]: readonly [string, string],
  size: number,
  seconds: number,
): Promise<Outcome> {
  const common = [String(next++), String(size), String(seconds)];
  const path = nativeProgram(program);
  const waiting = { namespace: pair.server, command: [path, server, pair.serverAddress, ...common] };
  const driving = { namespace: pair.client, command: [path, client, pair.dialledAddress ?? pair.serverAddress, ...common] };
  const { servers, client: clientResult } = await runSides([waiting], driving, seconds);
  return { client: clientResult, server: servers[0] as Record<string, number> };
}

/** A program in a namespace. */
export interface Command {
  namespace: string;
  command: readonly string[];
}

/** Starts programs that wait, then the one that drives, and returns the JSON lines of all. Each says `ready` when it waits.
 *  @param seconds that they last, about.
 *  @throws PortyardError `load-failed` with what a program said. */
export async function runSides(
  waiting: readonly Command[],
  driving: Command,
  seconds: number,
): Promise<{ servers: Record<string, number>[]; client: Record<string, number> }> {
  const servers = waiting.map((one) => new Side(one.namespace, one.command));
  let client: Side | undefined;
  try {
    await Promise.all(servers.map((one) => one.ready()));
    client = new Side(driving.namespace, driving.command);
    const limitMs = seconds * 1000 + GRACE_MS;
    const [clientResult, ...results] = await Promise.all([client.result(limitMs), ...servers.map((one) => one.result(limitMs))]);
    return { client: clientResult as Record<string, number>, servers: results };
  } finally {
    await Promise.all([...servers.map((one) => one.end()), client?.end()]);
  }
}

class Side {
  private readonly child: ChildProcess;
  private readonly lines: string[] = [];
  private readonly ended: Promise<void>;
  private words = "";
  private onLine: (() => void) | undefined;

  constructor(
    private readonly namespace: string,
    private readonly command: readonly string[],
  ) {
    this.child = start("ip", ["netns", "exec", namespace, ...command], { stdio: ["ignore", "pipe", "pipe"] });
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      this.lines.push(line);
      this.onLine?.();
    });
    this.child.stderr?.on("data", (data) => (this.words += data));
    this.ended = new Promise((resolve) => this.child.once("close", () => resolve()));
  }

  async ready(): Promise<void> {
    const said = new Promise<void>((resolve) => (this.onLine = resolve));
    await Promise.race([said, this.ended]);
    if (this.lines[0] !== "ready") throw this.failure("did not start");
  }

  async result(limitMs: number): Promise<Record<string, number>> {
    const timer = setTimeout(() => this.child.kill("SIGKILL"), limitMs);
    await this.ended;
    clearTimeout(timer);
    const last = this.lines.at(-1);
    if (this.child.exitCode !== 0 || last === undefined) throw this.failure("failed");
    return JSON.parse(last) as Record<string, number>;
  }

  end(): Promise<void> {
    return end(this.child);
  }

  private failure(how: string): PortyardError {
    const cause = this.words.trim() || `status ${this.child.exitCode ?? this.child.signalCode}`;
    return new PortyardError("load-failed", `${this.command.join(" ")} in ${this.namespace} ${how}: ${cause}`);
  }
}
