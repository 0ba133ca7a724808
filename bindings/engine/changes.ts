/** The changes of an engine: one after the other, in the order of the calls, and none after its end. */
import { engineClosed } from "./refusals.ts";

export class Changes {
  private last: Promise<unknown> = Promise.resolve();
  private readonly after: () => void;
  private hasEnded = false;

  /** @param after called at the end of each, whatever becomes of it. */
  constructor(after: () => void) {
    this.after = after;
  }

  get isClosed(): boolean {
    return this.hasEnded;
  }

  /** @throws PortyardError `engine-closed`. */
  run<Result>(action: () => Promise<Result>): Promise<Result> {
    this.refuseClosed();
    const result = this.last.then(action).finally(this.after);
    this.last = result.catch(() => undefined);
    return result;
  }

  /** As `run`, of one that nobody waits for. */
  runAside(action: () => Promise<unknown>): void {
    if (!this.hasEnded) this.run(action).catch(() => undefined);
  }

  /** @throws PortyardError `engine-closed`. */
  refuseClosed(): void {
    if (this.hasEnded) throw engineClosed();
  }

  /** There is no other one after those that were asked for; resolves when these are done. False when it was so before. */
  async close(): Promise<boolean> {
    if (this.hasEnded) return false;
    this.hasEnded = true;
    await this.last;
    return true;
  }
}
