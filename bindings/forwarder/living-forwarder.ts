/** A forwarder that outlived the agent which started it: no child of this process, so its end is that of its socket. */
import type { ForwarderHandle } from "./forwarder-process.ts";

export class LivingForwarder implements ForwarderHandle {
  readonly ended: Promise<string>;
  private readonly process: number;
  private hasEnded = false;
  private end: (reason: string) => void = () => {};

  /** @param process its process id. */
  constructor(process: number) {
    this.process = process;
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  get pid(): number | null {
    return this.hasEnded ? null : this.process;
  }

  kill(signal: NodeJS.Signals): void {
    if (this.hasEnded) return;
    try {
      process.kill(this.process, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  leave(): void {
    this.hasEnded = true;
  }

  /** Its connection ended. What cannot be heard is not to forward: it is killed, unless it has ended already. */
  lost(): void {
    if (this.hasEnded) return;
    this.kill("SIGKILL");
    this.hasEnded = true;
    this.end("its connection ended");
  }
}
