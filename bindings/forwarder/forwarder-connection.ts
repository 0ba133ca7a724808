/** One conversation with a forwarder process, from its first message to its end: what it is told, what it answers, what it hands back. */
import { setTimeout as delay } from "node:timers/promises";
import { PortyardError } from "../error.ts";
import { failedWith } from "../native/errno.ts";
import { closeDescriptor } from "../native/io.ts";
import { connect, peerCredentials, sendWithDescriptors, shutdownSocket } from "../native/scm.ts";
import type { ForwarderHandle, ForwarderProcess } from "./forwarder-process.ts";
import { type HeldPort, hearPort } from "./held-port.ts";
import type { HeldAttachment, LinkListener } from "./link.ts";
import { LivingForwarder } from "./living-forwarder.ts";
import { decode, encode, type ToAgent, type ToForwarder } from "./message.ts";
import type { SocketEvent } from "./socket-thread.ts";
import { startThread } from "./thread.ts";

/** How long a forwarder may take to listen, and then to do what it is asked. */
const ANSWER_MS = 20_000;
/** How long it may take to end when it is asked to; then it is killed. */
const END_MS = 5_000;

export class ForwarderConnection {
  /** Resolves when the forwarder has ended, with the reason: its own last words, the signal, or its exit status. */
  readonly ended: Promise<string>;
  /** What an adopted one handed back: the eventfd of each worker, and the descriptor of each port. */
  eventfds: number[] = [];
  readonly held: HeldAttachment[] = [];
  private readonly forwarder: ForwarderHandle;
  private readonly socketPath: string;
  private readonly log: LinkListener["log"];
  private socket: number;
  /** What it said that it dies of. */
  private lastWords: string | null = null;
  private answer: { resolve: () => void; reject: (error: Error) => void } | null = null;

  private constructor(
    forwarder: ForwarderHandle,
    socketPath: string,
    socket: number,
    log: LinkListener["log"],
    onEnd: () => void = () => {},
  ) {
    this.forwarder = forwarder;
    this.socketPath = socketPath;
    this.log = log;
    this.socket = socket;
    this.readFrom(socket, onEnd);
    this.ended = forwarder.ended.then((how) => this.end(how));
  }

  /** Starts a forwarder that listens at `socketPath`, and speaks with it.
   *  @throws PortyardError `forwarder-failed` with the reason that it gave, `no-rights`, `disk-full`, `file-failed`; no process is left then. */
  static async start(program: ForwarderProcess, socketPath: string, log: LinkListener["log"]): Promise<ForwarderConnection> {
    return new ForwarderConnection(program, socketPath, await connectTo(program, socketPath), log);
  }

  /** Speaks with the one that listens at `socketPath` and is somebody else's child. @throws PortyardError `system-call-failed`. */
  static meet(socketPath: string, log: LinkListener["log"]): ForwarderConnection {
    const socket = connect(socketPath);
    const forwarder = new LivingForwarder(peerCredentials(socket).pid);
    return new ForwarderConnection(forwarder, socketPath, socket, log, () => forwarder.lost());
  }

  /** Null when it has ended. */
  get pid(): number | null {
    return this.forwarder.pid;
  }

  /** Resolves when it has done what it was asked; one that fails is killed.
   *  @throws PortyardError `forwarder-failed`; it has ended then. */
  async ask(message: ToForwarder, descriptors: number[]): Promise<void> {
    const answered = new Promise<void>((resolve, reject) => {
      this.answer = { resolve, reject };
    });
    answered.catch(() => undefined); // of one that is dead already nobody comes to await it: the message cannot be sent
    const timer = setTimeout(() => this.answer?.reject(this.failed("its workers do not run")), ANSWER_MS);
    try {
      this.send(message, descriptors);
      await answered;
    } catch (error) {
      this.kill("SIGKILL");
      await this.ended;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** One that is dead hears nothing: its end is reported, and its successor gets every descriptor at its start. */
  tell(message: ToForwarder, descriptors: number[]): void {
    if (this.socket < 0) return;
    try {
      this.send(message, descriptors);
    } catch (error) {
      if (!failedWith(error, "EPIPE", "ECONNRESET", "ENOTCONN")) throw error;
    }
  }

  private send(message: ToForwarder, descriptors: number[]): void {
    sendWithDescriptors(this.socket, encode(message), descriptors);
  }

  kill(signal: NodeJS.Signals): void {
    this.forwarder.kill(signal);
  }

  /** Asks it to end, and waits for that. */
  async stop(): Promise<void> {
    this.kill("SIGTERM");
    const timer = setTimeout(() => this.kill("SIGKILL"), END_MS);
    await this.ended;
    clearTimeout(timer);
  }

  /** Says no more; the forwarder goes on. */
  leave(): void {
    this.forwarder.leave();
    this.hangUp();
  }

  private hangUp(): void {
    if (this.socket >= 0) shutdownSocket(this.socket);
    this.socket = -1;
  }

  /** The socket is closed when the thread that reads it has ended. */
  private readFrom(socket: number, onEnd: () => void): void {
    const reader = startThread("socket-thread", { socket, isListening: false });
    reader.on("message", (event: SocketEvent) => {
      if (event.kind === "message") this.take(decode<ToAgent>(event.payload), event.descriptors);
    });
    // a forwarder that cannot be heard is as good as dead
    reader.once("error", () => this.kill("SIGKILL"));
    reader.once("exit", () => {
      this.socket = -1; // its number may be somebody else's from now on
      closeDescriptor(socket);
      onEnd();
    });
  }

  private take(message: ToAgent, descriptors: number[]): void {
    if (message.kind === "adopted") this.eventfds = descriptors;
    else if (message.kind === "held") this.hold(message.port, message.identity, descriptors[0] as number);
    else if (message.kind === "log") this.log(message.level, message.text, message.details);
    else if (message.kind === "started" || message.kind === "prepared") this.answer?.resolve();
    else {
      this.lastWords = message.reason;
      this.answer?.reject(this.failed(message.reason));
    }
  }

  private hold(port: number, identity: HeldPort | undefined, descriptor: number): void {
    this.held.push({ port, descriptor, identity: identity === undefined ? null : hearPort(identity) });
  }

  private end(how: string): string {
    const reason = this.lastWords ?? how;
    this.hangUp();
    this.answer?.reject(this.failed(reason));
    return reason;
  }

  private failed(reason: string): PortyardError {
    return startFailed(this.socketPath, reason);
  }
}

async function connectTo(forwarder: ForwarderProcess, socketPath: string): Promise<number> {
  for (const end = performance.now() + ANSWER_MS; ; await delay(2)) {
    try {
      return connect(socketPath);
    } catch (cause) {
      if (forwarder.pid === null) throw startFailed(socketPath, await forwarder.ended, cause);
      if (performance.now() < end) continue;
      forwarder.kill("SIGKILL");
      await forwarder.ended;
      throw startFailed(socketPath, "it does not listen", cause);
    }
  }
}

function startFailed(path: string, reason: string, cause?: unknown): PortyardError {
  return new PortyardError("forwarder-failed", `The forwarder could not start: ${reason}`, {
    path,
    value: reason,
    remedy: "`portyard doctor` says what this machine lacks.",
    cause,
  });
}
