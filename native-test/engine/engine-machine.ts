/** An engine in a process of its own on a machine of its own: a network namespace with nothing in it, an empty /run and an
 *  empty /dev/shm. So "nothing is left" means exactly that, and what the process may not do cannot harm the test.
 *
 *    unshare --net --mount -> tmpfs on /run and /dev/shm -> (setpriv) -> node engine-process                             */
import { type Child, startChild } from "../support/child.ts";

const PROGRAM = new URL("./engine-process.js", import.meta.url).href;

export interface MachineOptions {
  /** Size of /run, as mount takes it. */
  size?: string;
  /** Shell commands before the engine's process starts: to make namespaces, devices, folders. */
  prepare?: readonly string[];
  /** Arguments that go before it, to run it as somebody else. */
  before?: readonly string[];
}

/** What a command said: its result, or the error. */
export interface Answer<Result = unknown> {
  result?: Result;
  error?: { code: string; message: string; path: string | null; value: unknown; remedy: string | null };
}

export class EngineMachine {
  private readonly child: Child;

  constructor({ size = "50%", prepare = [], before = [] }: MachineOptions = {}) {
    const steps = [
      `mount -t tmpfs -o size=${size},mode=755 tmpfs /run`,
      "mount -t tmpfs tmpfs /dev/shm",
      "mkdir /run/netns",
      "ip link set lo up",
      ...prepare,
      'exec "$@"',
    ];
    const through = ["unshare", "--net", "--mount", "sh", "-c", steps.join(" && "), "sh", ...before];
    this.child = startChild(`await (await import(${JSON.stringify(PROGRAM)})).obey(heard);`, { through });
  }

  /** What came of a command; see engine-process.ts. */
  async ask<Result = unknown>(command: string, argument: Record<string, unknown> = {}): Promise<Answer<Result>> {
    this.child.say(JSON.stringify({ command, ...argument }));
    return JSON.parse(await this.child.line()) as Answer<Result>;
  }

  /** As `ask`, for what must succeed. @throws Error with the words of its error. */
  async have<Result = unknown>(command: string, argument: Record<string, unknown> = {}): Promise<Result> {
    const { result, error } = await this.ask<Result>(command, argument);
    if (error !== undefined) throw new Error(`${command}: ${error.code}: ${error.message}`);
    return result as Result;
  }

  /** Every file, device and forwarder on the machine. */
  traces(): Promise<string[]> {
    return this.have<string[]>("traces");
  }

  async end(): Promise<void> {
    await this.child.finish();
  }
}
