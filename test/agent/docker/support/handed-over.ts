/** What systemd does for a socket unit: it listens, and starts the service with the socket as descriptor 3. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, fstatSync, renameSync } from "node:fs";
import { createServer } from "node:net";
import { duplicate } from "../../../../bindings/native/descriptor.ts";

export class HandedOver {
  readonly path: string;
  readonly #descriptor: number;

  private constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  /** A socket that listens at `path`, and whose connections nobody takes here. */
  static async listen(path: string): Promise<HandedOver> {
    const server = createServer();
    server.listen(`${path}.first`);
    await once(server, "listening");
    // its end removes the name that it listened by
    renameSync(`${path}.first`, path);
    const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
    const descriptor = duplicate(fd);
    server.close();
    await once(server, "close");
    return new HandedOver(path, descriptor);
  }

  /** Starts `script` as a service: the process that is to take the socket over is the one that LISTEN_PID names. */
  start(script: string, args: readonly string[]): ChildProcess {
    const line = 'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=docker exec "$@"';
    return spawn("sh", ["-c", line, "sh", process.execPath, script, ...args], {
      stdio: ["ignore", "pipe", "inherit", this.#descriptor, "ipc"],
    });
  }

  /** The socket is there still. */
  get isOpen(): boolean {
    return fstatSync(this.#descriptor).isSocket();
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
