/** A process in a container that sends and receives for a test; see station-process.ts for what it understands. */
import { type Child, startChild } from "../support/child.ts";

const PROGRAM = new URL("./station-process.js", import.meta.url).href;

export class Station {
  private readonly child: Child;
  /** Answers come in the order of the questions. */
  private last: Promise<unknown> = Promise.resolve();

  /** @param namespace name of a network namespace.
   *  @param enter what goes before a command so that it runs where this namespace is known. */
  constructor(namespace: string, enter: (command: string[]) => string[] = (command) => command) {
    this.child = startChild(`await (await import(${JSON.stringify(PROGRAM)})).obey(heard);`, {
      through: enter(["ip", "netns", "exec", namespace]),
    });
  }

  /** Resolves with the result of a command, when it has one. @throws Error with the words of the one that failed. */
  ask<Result>(command: string, argument: Record<string, unknown>): Promise<Result> {
    this.child.say(JSON.stringify({ command, ...argument }));
    const answer = this.last.then(async () => {
      const { result, error } = JSON.parse(await this.child.line());
      if (error !== undefined) throw new Error(`${command}: ${error}`);
      return result as Result;
    });
    this.last = answer.catch(() => undefined);
    return answer;
  }

  async end(): Promise<void> {
    await this.child.finish();
  }

  /** Ends it with SIGKILL. */
  async kill(): Promise<void> {
    await this.child.kill("SIGKILL");
  }
}
