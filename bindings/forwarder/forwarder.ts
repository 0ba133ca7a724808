/** What a forwarder process does. It listens on its socket (mode 0600), is given the tables file and descriptors by the agent, and
 *  runs the workers. Its own process group, so that the end of the agent, or Ctrl-C at a terminal, does not end it. Ends by
 *  `stop`, SIGTERM, when a worker is dead and cannot be begun anew, and with its agent as long as it was not started.
 *  Its log: one JSON object a line on stderr, and to the agent while that is connected. */
import { mkdirSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { LAYOUT_VERSION } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import { closeDescriptor } from "../native/io.ts";
import { hostAddress, mapShared } from "../native/memory.ts";
import { listen, sendWithDescriptors, shutdownSocket } from "../native/scm.ts";
import { claimLife, FORWARDER_LIFE, openTablesFile } from "../native/tables-file.ts";
import { outliveParent } from "../native/process.ts";
import { PortyardError } from "../error.ts";
import { memoryPages } from "../tables/layout.ts";
import { layoutOf } from "../tables/layouts/known-layouts.ts";
import { type LeftPort, LeftTables } from "../tables/left-tables.ts";
import { createMemory, Tables } from "../tables/tables.ts";
import { socketPathIn } from "./forwarder-process.ts";
import { type HeldPort, tellPort } from "./held-port.ts";
import { ForwarderHost } from "./host.ts";
import { type LogLevel, logLine } from "./log-line.ts";
import { decode, encode, type ToAgent, type ToForwarder } from "./message.ts";
import type { ForwarderSettings } from "./settings.ts";
import type { SocketEvent } from "./socket-thread.ts";
import { startThread } from "./thread.ts";

/** How long a killed predecessor may take to let go of the tables. */
const PREDECESSOR_MS = 1000;

class Forwarder {
  private socketPath: string;
  private socketInode = 0;
  private listener: number | null = null;
  private connection: number | null = null;
  /** What was made ready before there was anything to forward. */
  private prepared: { memory: WebAssembly.Memory; host: ForwarderHost } | null = null;
  private host: ForwarderHost | null = null;
  /** Of a forwarder that forwards. */
  private settings: ForwarderSettings | null = null;
  private tables: Tables | null = null;
  /** Descriptor of the tables file. */
  private file = -1;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  /** From now on a signal ends it in order, so that it takes the folder with it that it made. */
  listen(): void {
    mkdirSync(dirname(this.socketPath), { recursive: true, mode: 0o700 });
    const socket = listen(this.socketPath);
    this.listener = socket;
    this.socketInode = statSync(this.socketPath).ino;
    const thread = startThread("socket-thread", { socket, isListening: true });
    thread.on("message", (event: SocketEvent) => this.take(event));
    thread.on("error", (error) => this.fail(error));
  }

  private take(event: SocketEvent): void {
    if (event.kind === "connected") this.connection = event.socket;
    else if (event.kind === "ended") this.hangUp();
    else this.obey(decode<ToForwarder>(event.payload), event.descriptors);
  }

  /** A forwarder that forwards goes on without its agent; one that was not started is of no use to anybody. */
  private hangUp(): void {
    this.connection = null;
    if (this.host === null) this.stop();
  }

  private obey(message: ToForwarder, descriptors: number[]): void {
    const fail = (error: Error) => this.fail(error);
    if (message.kind === "prepare") this.prepare(message.settings).catch(fail);
    else if (message.kind === "start") this.start(message.settings, message.tablesPath, descriptors).catch(fail);
    else if (message.kind === "adopt") this.adopt();
    else if (message.kind === "attach") this.host?.attach(message.port, descriptors[0] ?? -1);
    else if (message.kind === "detach") this.detach(message.port);
    else this.stop();
  }

  /** Does of a start what needs no tables. */
  private async prepare(settings: ForwarderSettings): Promise<void> {
    const { host } = this.make(settings);
    await host.prepare();
    this.say({ kind: "prepared" });
  }

  private make(settings: ForwarderSettings): { memory: WebAssembly.Memory; host: ForwarderHost } {
    const memory = createMemory(memoryPages(settings.layout, settings.layout.workers), true);
    const listener = {
      failed: (error: Error) => this.fail(error),
      log: (level: LogLevel, text: string, details?: Record<string, unknown>) => this.log(level, text, details ?? {}),
    };
    this.prepared = { memory, host: new ForwarderHost(settings, memory, listener) };
    return this.prepared;
  }

  private async start(settings: ForwarderSettings, tablesPath: string, eventfds: number[]): Promise<void> {
    const { memory, host } = this.prepared ?? this.make(settings);
    this.host = host;
    this.socketPath = socketPathIn(settings.runDirectory);
    process.title = `portyard-forwarder ${settings.name} ${this.socketPath}`;
    const base = hostAddress(memory);
    // An opening of its own, kept to the end: the lock on it proves that a forwarder lives.
    const file = openTablesFile(tablesPath, settings.layout.tablesBytes);
    if (!(await this.claim(file.descriptor)))
      throw new PortyardError("forwarder-running", `Another forwarder serves ${tablesPath}.`, { path: tablesPath });
    this.file = file.descriptor;
    mapShared(base + BigInt(map.TABLES), file.descriptor, settings.layout.tablesBytes);
    this.tables = new Tables(memory);
    this.tables.check(settings.layout);
    this.tables.configure(base, settings.layout.workersBase, settings.faultFrames);
    this.tables.store32(map.HEAD_FORWARDER_PID, process.pid);
    await host.start(eventfds);
    outliveParent();
    this.settings = settings;
    this.log("info", "forwarding", { workers: settings.layout.workers, io: settings.io, build: settings.build });
    this.say({ kind: "started" });
  }

  /** A predecessor that was killed holds the lock until the kernel has closed what it had. */
  private async claim(descriptor: number): Promise<boolean> {
    for (const end = performance.now() + PREDECESSOR_MS; !claimLife(descriptor, FORWARDER_LIFE); await delay(1)) {
      if (performance.now() > end) return false;
    }
    return true;
  }

  /** Hands everything to a new agent. One that was never started has nothing to hand over, and is of no use. */
  private adopt(): void {
    if (this.settings === null || this.host === null) return this.fail(new Error("its agent ended before it was started"));
    const { eventfds, descriptors } = this.host.held();
    this.say({ kind: "adopted", settings: this.settings }, eventfds);
    const identities = new Map(this.ports().map((port) => [port.index, tellPort(port)]));
    for (const [port, descriptor] of descriptors) this.say(held(port, identities.get(port)), [descriptor]);
    this.say({ kind: "started" });
    this.log("info", "taken over by another agent", { ports: descriptors.size });
  }

  private ports(): LeftPort[] {
    const layout = layoutOf(LAYOUT_VERSION);
    return (layout && LeftTables.open(this.file, layout)?.ports()) ?? [];
  }

  private detach(port: number): void {
    const descriptor = this.host?.detach(port) ?? -1;
    if (descriptor >= 0) closeDescriptor(descriptor);
  }

  private say(message: ToAgent, descriptors: number[] = []): void {
    if (this.connection === null) return;
    try {
      sendWithDescriptors(this.connection, encode(message), descriptors);
    } catch {
      this.connection = null;
    }
  }

  private log(level: LogLevel, text: string, details: Record<string, unknown>): void {
    process.stderr.write(logLine(level, text, details));
    this.say({ kind: "log", level, text, details });
  }

  fail(error: Error): void {
    this.log("error", "the forwarder ends", { reason: error.message });
    this.say({ kind: "failed", reason: error.message });
    this.leave(1);
  }

  stop(): void {
    const ended = this.host === null ? Promise.resolve() : this.host.stop();
    ended.then(() => {
      this.removeSocket();
      this.leave(0);
    });
  }

  /** Where its socket is, or would be if nobody had another forwarder there: in a takeover there are two. */
  private removeSocket(): void {
    if (statSync(this.socketPath, { throwIfNoEntry: false })?.ino === this.socketInode) rmSync(this.socketPath, { force: true });
  }

  /** A thread that waits in a system call would hold up the end of the process. */
  private leave(status: number): void {
    for (const socket of [this.listener, this.connection]) {
      if (socket !== null) shutdownSocket(socket);
    }
    process.exit(status);
  }
}

function held(port: number, identity: HeldPort | undefined): ToAgent {
  return identity === undefined ? { kind: "held", port } : { kind: "held", port, identity };
}

/** Runs a forwarder that listens at `socketPath`, to the end of this process. */
export function runForwarder(socketPath: string): void {
  const forwarder = new Forwarder(socketPath);
  process.on("SIGTERM", () => forwarder.stop());
  process.on("SIGINT", () => {});
  try {
    forwarder.listen();
  } catch (error) {
    forwarder.fail(error as Error);
  }
}
