/** What the demo must take back, newest first. Every step that makes something pushes its own undoing before the next
 *  step starts, so that Ctrl-C, a failure and the normal end all leave the machine by the same way. */
type Step = { what: string; undo: () => void | Promise<void> };

export class Undo {
  #steps: Step[] = [];

  /** @param what a phrase for the warning when it fails: "remove namespace container1". */
  push(what: string, undo: Step["undo"]): void {
    this.#steps.push({ what, undo });
  }

  /** Takes back everything, also when a step fails; afterwards there is nothing left to undo.
   *  @returns one sentence for each step that failed. */
  async run(): Promise<string[]> {
    const complaints: string[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.undo();
      } catch (error) {
        complaints.push(`Could not ${step.what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return complaints;
  }
}
