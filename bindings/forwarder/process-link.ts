/** Isolation "process": the forwarder is a process of its own over one tables file with the agent. This side starts it,
 *  pushes descriptors by SCM_RIGHTS, and notices its end.
 *
 *      start: spawn -> connect -> "start" -> "started" -> every descriptor -> up                 attach, detach: only when up
 *      adopt: connect -> "adopt" -> "adopted", every descriptor back -> "started" -> up
 *
 *  An end before "up" is the failure of `start`, an end after it is reported to the listener: never both. */
import { setTimeout as delay } from "node:timers/promises";
import { PortyardError } from "../error.ts";
import { createEventfd, signalEventfd } from "../native/epoll.ts";
import { failedWith } from "../native/errno.ts";
import { closeDescriptor } from "../native/io.ts";
import { connect, peerCredentials, sendWithDescriptors, shutdownSocket } from "../native/scm.ts";
import type { TablesFile } from "../native/tables-file.ts";
import { type ForwarderHandle, ForwarderProcess, socketPathIn } from "./forwarder-process.ts";
import type { Attachment, ForwarderLink, LinkListener } from "./link.ts";
import { LivingForwarder } from "./living-forwarder.ts";
import { decode, encode, type ToAgent, type ToForwarder } from "./message.ts";
import type { ForwarderSettings } from "./settings.ts";
import type { SocketEvent } from "./socket-thread.ts";
import { startThread } from "./thread.ts";

/** How long a forwarder may take to listen, and then to start its workers. */
const START_MS = 20_000;
/** How long it may take to end when it is asked to; then it is killed. */
const END_MS = 5_000;

export class ProcessLink implements ForwarderLink {
  private readonly settings: ForwarderSettings;
  private readonly tables: TablesFile;
  private readonly directory: string;
  private readonly listener: LinkListener;
  /** Of each worker; those of an adopted forwarder are its own. */
  private eventfds: number[] = [];
  private forwarder: ForwarderHandle | null = null;
  private readonly held: Attachment[] = [];
  private socket = -1;
  private isUp = false;
  private isStopping = false;
  /** What it said that it dies of. */
  private lastWords: string | null = null;
  private answer: { resolve: () => void; reject: (error: Error) => void } | null = null;

  /** @param tables the formatted tables file.
   *  @param directory where forwarder.sock and forwarder.log lie. */
  constructor(settings: ForwarderSettings, tables: TablesFile, directory: string, listener: LinkListener) {
    this.settings = settings;
    this.tables = tables;
    this.directory = directory;
    this.listener = listener;
  }

  get pid(): number | null {
    return this.forwarder?.pid ?? null;
  }

  /** @throws PortyardError `forwarder-failed` with the reason that it gave, `no-rights`, `file-failed`; no process is left then. */
  async start(attachments: () => Attachment[]): Promise<void> {
    this.lastWords = null;
    if (this.eventfds.length === 0) this.eventfds = Array.from({ length: this.settings.layout.workers }, createEventfd);
    const forwarder = new ForwarderProcess(this.settings.name, this.directory);
    this.forwarder = forwarder;
    await this.bringUp(forwarder, async () => {
      this.socket = await this.connectTo(forwarder);
      this.readFrom(this.socket);
      await this.ask({ kind: "start", settings: this.settings, tablesPath: this.tables.path }, this.eventfds);
      for (const attachment of attachments()) this.hand(attachment);
    });
  }

  /** Takes over the forwarder that outlived the last agent; resolves with the descriptors that it holds, copies of this
   *  process's own. @throws PortyardError `forwarder-failed`, `system-call-failed`; the forwarder is killed then. */
  async adopt(): Promise<Attachment[]> {
    this.socket = connect(socketPathIn(this.directory));
    const forwarder = new LivingForwarder(peerCredentials(this.socket).pid);
    this.forwarder = forwarder;
    this.readFrom(this.socket, () => forwarder.lost());
    await this.bringUp(forwarder, () => this.ask({ kind: "adopt" }, []));
    return this.held.splice(0);
  }

  /** Follows the end of `forwarder` from now on; it is up when `greet` is done, and killed when that fails. */
  private async bringUp(forwarder: ForwarderHandle, greet: () => Promise<void>): Promise<void> {
    const ended = forwarder.ended.then((reason) => this.ended(reason));
    try {
      await greet();
      this.isUp = true;
    } catch (error) {
      forwarder.kill("SIGKILL");
      await ended;
      throw error;
    }
  }

  /** Resolves when it has said that its workers run. */
  private async ask(message: ToForwarder, descriptors: number[]): Promise<void> {
    const started = new Promise<void>((resolve, reject) => {
      this.answer = { resolve, reject };
    });
    started.catch(() => undefined); // of one that is dead already nobody comes to await it: the message cannot be sent
    this.send(message, descriptors);
    const timer = setTimeout(() => this.answer?.reject(this.failed("its workers do not run")), START_MS);
    await started.finally(() => clearTimeout(timer));
  }

  private async connectTo(forwarder: ForwarderProcess): Promise<number> {
    for (const end = performance.now() + START_MS; ; await delay(2)) {
      try {
        return connect(socketPathIn(this.directory));
      } catch (cause) {
        if (forwarder.pid === null) throw this.failed(await forwarder.ended, cause);
        if (performance.now() > end) throw this.failed("it does not listen", cause);
      }
    }
  }

  /** The socket is closed when the thread that reads it has ended. */
  private readFrom(socket: number, onEnd: () => void = () => {}): void {
    const reader = startThread("socket-thread", { socket, isListening: false });
    reader.on("message", (event: SocketEvent) => {
      if (event.kind === "message") this.take(decode<ToAgent>(event.payload), event.descriptors);
    });
    // a forwarder that cannot be heard is as good as dead
    reader.once("error", () => this.forwarder?.kill("SIGKILL"));
    reader.once("exit", () => {
      closeDescriptor(socket);
      onEnd();
    });
  }

  private take(message: ToAgent, descriptors: number[]): void {
    if (message.kind === "adopted") {
      this.eventfds = descriptors;
      return;
    }
    if (message.kind === "held") {
      this.held.push({ port: message.port, descriptor: descriptors[0] as number });
      return;
    }
    if (message.kind === "log") return this.listener.log(message.level, message.text, message.details);
    if (message.kind === "started") return this.answer?.resolve();
    this.lastWords = message.reason;
    this.answer?.reject(this.failed(message.reason));
  }

  private ended(how: string): void {
    const wasUp = this.isUp;
    const reason = this.lastWords ?? how;
    this.isUp = false;
    this.forwarder = null;
    if (this.socket >= 0) shutdownSocket(this.socket);
    this.socket = -1;
    this.answer?.reject(this.failed(reason));
    if (wasUp && !this.isStopping) this.listener.down(reason);
  }

  private failed(reason: string, cause?: unknown): PortyardError {
    return new PortyardError("forwarder-failed", `The forwarder could not start: ${reason}`, {
      path: `${this.directory}/forwarder.sock`,
      value: reason,
      remedy: "`portyard doctor` says what this machine lacks.",
      cause,
    });
  }

  private send(message: ToForwarder, descriptors: number[]): void {
    sendWithDescriptors(this.socket, encode(message), descriptors);
  }

  /** One that is dead hears nothing: its end is reported, and its successor gets every descriptor at its start. */
  private tell(message: ToForwarder, descriptors: number[]): void {
    try {
      this.send(message, descriptors);
    } catch (error) {
      if (!failedWith(error, "EPIPE", "ECONNRESET", "ENOTCONN")) throw error;
    }
  }

  private hand({ port, descriptor }: Attachment): void {
    this.tell({ kind: "attach", port }, [descriptor]);
  }

  async attach(attachment: Attachment): Promise<void> {
    if (this.isUp) this.hand(attachment);
  }

  async detach(port: number): Promise<void> {
    if (this.isUp) this.tell({ kind: "detach", port }, []);
  }

  wake(): void {
    for (const eventfd of this.eventfds) signalEventfd(eventfd);
  }

  leave(): void {
    this.isStopping = true;
    this.isUp = false;
    this.forwarder?.leave();
    if (this.socket >= 0) shutdownSocket(this.socket);
    this.socket = -1;
    this.eventfds.splice(0).forEach(closeDescriptor);
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    const { forwarder } = this;
    forwarder?.kill("SIGTERM");
    const timer = setTimeout(() => forwarder?.kill("SIGKILL"), END_MS);
    await forwarder?.ended;
    clearTimeout(timer);
    this.eventfds.splice(0).forEach(closeDescriptor);
  }
}
