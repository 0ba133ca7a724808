/** Where forwarder processes come from: children of this process, or such that somebody else, a service manager, starts and keeps waiting
 *  below `waiting` in the run folder. */
import { readdirSync, renameSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { PortyardError } from "../error.ts";
import { failedWith } from "../native/errno.ts";
import { ForwarderConnection } from "./forwarder-connection.ts";
import { ForwarderProcess, type Program, waitingFolderIn } from "./forwarder-process.ts";
import type { LinkListener } from "./link.ts";

/** How long the next one may take to wait: a service manager starts it a little after the last one was taken. */
const WAIT_MS = 10_000;
const LOOK_MS = 10;

export interface ForwarderSource {
  /** One that listens at `socketPath` and was asked nothing yet. The abort of `signal` ends what is under way.
   *  @throws PortyardError `forwarder-failed`, `forwarder-missing`, `no-rights`, `disk-full`, `file-failed`. */
  open(program: Program, socketPath: string, signal: AbortSignal): Promise<ForwarderConnection>;
}

/** Those that this process starts. */
export class OwnForwarders implements ForwarderSource {
  private readonly name: string;
  private readonly directory: string;
  private readonly log: LinkListener["log"];

  /** @param directory where forwarder.log lies. */
  constructor(name: string, directory: string, log: LinkListener["log"]) {
    this.name = name;
    this.directory = directory;
    this.log = log;
  }

  async open(program: Program, socketPath: string, signal: AbortSignal): Promise<ForwarderConnection> {
    const started = new ForwarderProcess(program, this.name, this.directory, socketPath);
    const end = () => started.kill("SIGKILL");
    signal.addEventListener("abort", end);
    try {
      return await ForwarderConnection.start(started, socketPath, this.log);
    } finally {
      signal.removeEventListener("abort", end);
    }
  }
}

/** Those that wait. */
export class WaitingForwarders implements ForwarderSource {
  private readonly folder: string;
  private readonly log: LinkListener["log"];

  /** @param directory the run folder. */
  constructor(directory: string, log: LinkListener["log"]) {
    this.folder = waitingFolderIn(directory);
    this.log = log;
  }

  async open(_program: Program, socketPath: string, signal: AbortSignal): Promise<ForwarderConnection> {
    for (const end = performance.now() + WAIT_MS; performance.now() < end && !signal.aborted; await delay(LOOK_MS)) {
      for (const path of this.sockets()) {
        const one = this.meet(path);
        if (one === null) continue;
        renameSync(path, socketPath);
        return one;
      }
    }
    throw new PortyardError("forwarder-missing", `No forwarder waits in ${this.folder}.`, {
      path: this.folder,
      remedy: "Start the units portyard-forwarder@ and portyard-standby@ of this instance, or use `--forwarders own`.",
    });
  }

  private sockets(): string[] {
    try {
      return readdirSync(this.folder).map((name) => `${this.folder}/${name}`);
    } catch {
      return []; // nobody has waited there yet
    }
  }

  /** Null when its process has ended: then its socket goes. */
  private meet(path: string): ForwarderConnection | null {
    try {
      return ForwarderConnection.meet(path, this.log);
    } catch (error) {
      if (!failedWith(error, "ECONNREFUSED", "ENOENT")) throw error;
      rmSync(path, { force: true });
      return null;
    }
  }
}
