/** SIGHUP: `up` applies its configuration file again. A terminal that is closed sends it too, and then it is an end. */
import { closeSync, openSync } from "node:fs";
import type { Agent } from "../agent/agent.ts";
import type { Log } from "../agent/log.ts";

/** True when this process was started on a terminal that is not there any more. */
export function hasLostTerminal(): boolean {
  if (!process.stdin.isTTY) return false;
  try {
    closeSync(openSync("/dev/tty", "r"));
    return false;
  } catch {
    return true;
  }
}

/** Reloads that were asked for by signal: one that comes during the start is done after it. */
export class HangUps {
  readonly #log: Log;
  #agent: Agent | null = null;
  #isWaiting = false;

  constructor(log: Log) {
    this.#log = log;
  }

  ask(): void {
    if (this.#agent === null) this.#isWaiting = true;
    else void this.#reload(this.#agent);
  }

  /** From now on `agent` is the one to be asked. */
  serve(agent: Agent): void {
    this.#agent = agent;
    if (this.#isWaiting) void this.#reload(agent);
    this.#isWaiting = false;
  }

  async #reload(agent: Agent): Promise<void> {
    try {
      const { config, changes } = await agent.reload();
      this.#log.info({ config, changes }, "reloaded");
    } catch (error) {
      this.#log.error({ err: error }, "the configuration could not be reloaded: nothing was changed");
    }
  }
}
