/** How a start is taken back, step by step, newest first: the same way when it failed in the middle and when it ends. */
export class Undo {
  readonly #steps: (() => void | Promise<void>)[] = [];

  push(step: () => void | Promise<void>): void {
    this.#steps.push(step);
  }

  /** Takes everything back, also when a step fails. Returns what failed. */
  async run(): Promise<unknown[]> {
    const faults: unknown[] = [];
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step();
      } catch (fault) {
        faults.push(fault);
      }
    }
    return faults;
  }
}
