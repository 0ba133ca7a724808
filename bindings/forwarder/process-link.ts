/** Isolation "process": the forwarder is a process of its own, in its own process group, over one tables file with the
 *  agent. This side starts it, pushes descriptors by SCM_RIGHTS, and notices its end. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { createEventfd, signalEventfd } from "../native/epoll.ts";
import { closeDescriptor } from "../native/io.ts";
import { connect, sendWithDescriptors, shutdownSocket } from "../native/scm.ts";
import type { TablesFile } from "../native/tables-file.ts";
import { PortyardError } from "../error.ts";
import type { Attachment, ForwarderLink, LinkListener } from "./link.ts";
import { decode, encode, type ToAgent, type ToForwarder } from "./message.ts";
import type { ForwarderSettings } from "./settings.ts";
import type { SocketEvent } from "./socket-thread.ts";

const PROGRAM = fileURLToPath(new URL("./portyard-forwarder.js", import.meta.url));
/** How long a forwarder may take to listen and to start its workers. */
const START_MS = 20_000;

export class ProcessLink implements ForwarderLink {
  private readonly settings: ForwarderSettings;
  private readonly tables: TablesFile;
  private readonly directory: string;
  private readonly listener: LinkListener;
  private readonly eventfds: number[];
  private child: ChildProcess | null = null;
  private socket = -1;
  private reader: Worker | null = null;
  private isStopping = false;
  private exited: Promise<void> = Promise.resolve();
  private answer: { resolve: () => void; reject: (error: Error) => void } | null = null;

  /** @param tables the formatted tables file.
   *  @param directory where forwarder.sock and forwarder.log lie. */
  constructor(settings: ForwarderSettings, tables: TablesFile, directory: string, listener: LinkListener) {
    this.settings = settings;
    this.tables = tables;
    this.directory = directory;
    this.listener = listener;
    this.eventfds = Array.from({ length: settings.layout.workers }, createEventfd);
  }

  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  /** Starts a process and hands it everything. Called again after it died.
   *  @throws PortyardError `forwarder-failed` with the reason that it gave. */
  async start(attachments: Attachment[]): Promise<void> {
    const path = `${this.directory}/forwarder.sock`;
    rmSync(path, { force: true });
    this.spawnForwarder(path);
    this.socket = await this.connectTo(path);
    this.readFrom(this.socket);
    const started = new Promise<void>((resolve, reject) => {
      this.answer = { resolve, reject };
    });
    this.send({ kind: "start", settings: this.settings, tablesPath: this.tables.path }, this.eventfds);
    await started;
    for (const attachment of attachments) await this.attach(attachment);
  }

  private spawnForwarder(path: string): void {
    const log = openSync(`${this.directory}/forwarder.log`, "a", 0o600);
    const child = spawn(process.execPath, [PROGRAM, this.settings.name, path], {
      detached: true,
      stdio: ["ignore", log, log],
      env: forwarderEnvironment(),
    });
    closeSync(log);
    this.child = child;
    this.exited = new Promise((resolve) => {
      child.once("error", (error) => this.ended(error.message, resolve));
      child.once("exit", (code, signal) => this.ended(signal ?? `exit status ${code}`, resolve));
    });
  }

  private ended(reason: string, resolve: () => void): void {
    this.child = null;
    this.disconnect();
    this.answer?.reject(
      new PortyardError("forwarder-failed", `The forwarder ended: ${reason}.`, {
        value: reason,
        remedy: `Read ${this.directory}/forwarder.log.`,
      }),
    );
    const wasRunning = this.answer === null;
    this.answer = null;
    resolve();
    if (wasRunning && !this.isStopping) this.listener.down(reason);
  }

  private async connectTo(path: string): Promise<number> {
    for (const end = performance.now() + START_MS; ; await delay(2)) {
      try {
        return connect(path);
      } catch (cause) {
        if (this.child === null || performance.now() > end) {
          throw new PortyardError("forwarder-failed", "The forwarder did not start.", {
            path,
            remedy: `Read ${this.directory}/forwarder.log.`,
            cause,
          });
        }
      }
    }
  }

  private readFrom(socket: number): void {
    const reader = new Worker(new URL("./socket-thread.js", import.meta.url), { workerData: { socket, isListening: false } });
    reader.on("message", (event: SocketEvent) => {
      if (event.kind === "message") this.take(decode<ToAgent>(event.payload));
    });
    this.reader = reader;
  }

  private take(message: ToAgent): void {
    if (message.kind === "log") return this.listener.log(message.level, message.text, message.details);
    if (message.kind === "started") this.answer?.resolve();
    else this.answer?.reject(new PortyardError("forwarder-failed", `The forwarder could not start: ${message.reason}`));
    this.answer = null;
  }

  private send(message: ToForwarder, descriptors: number[]): void {
    sendWithDescriptors(this.socket, encode(message), descriptors);
  }

  /** A dead forwarder is not told: its successor gets every descriptor at its start. */
  async attach({ port, descriptor }: Attachment): Promise<void> {
    if (this.socket >= 0) this.send({ kind: "attach", port }, [descriptor]);
  }

  async detach(port: number): Promise<void> {
    if (this.socket >= 0) this.send({ kind: "detach", port }, []);
  }

  wake(): void {
    for (const eventfd of this.eventfds) signalEventfd(eventfd);
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    this.child?.kill("SIGTERM");
    const timer = setTimeout(() => this.child?.kill("SIGKILL"), 5000);
    await this.exited;
    clearTimeout(timer);
    this.eventfds.forEach(closeDescriptor);
    rmSync(`${this.directory}/forwarder.sock`, { force: true });
  }

  private disconnect(): void {
    if (this.socket < 0) return;
    const { socket, reader } = this;
    this.socket = -1;
    this.reader = null;
    shutdownSocket(socket);
    if (reader === null) closeDescriptor(socket);
    else reader.once("exit", () => closeDescriptor(socket));
  }
}

/** Nothing of the agent's environment that would change how Node runs: options of a debugger or a profiler. */
function forwarderEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_V8_COVERAGE: _coverage, ...rest } = process.env;
  return rest;
}
