/** A running program of a test: its output line by line, and its end. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";

export interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export class Program {
  readonly child: ChildProcessWithoutNullStreams;
  #stdout = "";
  #stderr = "";
  #waiting: { text: string; found: () => void }[] = [];
  /** When neither it nor anything that it started holds its output any more. */
  readonly ended: Promise<End>;
  /** When it is gone itself; what it started may live on. */
  readonly exited: Promise<unknown>;

  constructor([program, ...args]: readonly string[]) {
    this.child = spawn(program as string, args);
    this.child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#look();
    });
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#look();
    });
    this.exited = once(this.child, "exit");
    this.ended = once(this.child, "close").then(([code, signal]) => ({ code, signal, stdout: this.#stdout, stderr: this.#stderr }));
  }

  /** What it has printed until now, and how it ended if it has: for messages. */
  get said(): string {
    const { exitCode, signalCode } = this.child;
    return `${this.#stdout}${this.#stderr}${exitCode ?? signalCode ?? "still running"}`;
  }

  /** Waits until it has printed `text` on either output. @throws Error with what it printed when it ends before. */
  async prints(text: string): Promise<void> {
    const found = new Promise<void>((resolve) => {
      this.#waiting.push({ text, found: resolve });
    });
    const ended = this.ended.then(() => Promise.reject(new Error(`ended without "${text}":\n${this.#stdout}\n${this.#stderr}`)));
    this.#look();
    await Promise.race([found, ended]);
  }

  #look(): void {
    for (const { text, found } of this.#waiting) {
      if (this.#stdout.includes(text) || this.#stderr.includes(text)) found();
    }
  }

  /** Kills it outright and waits until it is gone. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exited;
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: NodeJS.Signals): Promise<End> {
    this.child.kill(signal);
    return this.ended;
  }
}
