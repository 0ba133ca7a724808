/** Whatever ends the demo from outside its own steps, as one AbortSignal: Ctrl-C and its like, a reader of its output that
 *  went away, an exception that nobody awaited. The steps end, what they made is taken back, then the reason is thrown. */
import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
export type SignalName = (typeof SIGNALS)[number] | "SIGPIPE";

/** Why the demo ends early, by a signal's name. */
export class Interrupted extends Error {
  /** What a shell expects of a process that ended by this signal: 128 + its number. */
  readonly exitStatus: number;

  constructor(readonly signalName: SignalName) {
    super(`Interrupted by ${signalName}`);
    this.name = "Interrupted";
    this.exitStatus = 128 + constants.signals[signalName];
  }
}

export interface Interruption {
  signal: AbortSignal;
  abort: (reason: Error) => void;
  /** Gives the signals their usual effect back. */
  release: () => void;
}

/** Listens until `release()`, to standard output for ever and alone: it complains again of each line that nobody reads, and
 *  whoever else would end the process by that would leave behind what the demo made.
 *  The first event aborts, later ones are ignored: taking back must not be cut short. */
export function listen(): Interruption {
  const controller = new AbortController();
  const abort = (reason: Error) => controller.abort(reason);
  const fails = (error: NodeJS.ErrnoException) => abort(error.code === "EPIPE" ? new Interrupted("SIGPIPE") : error);
  const listeners: [string, (...args: never[]) => void][] = [
    ...SIGNALS.map((name): [string, () => void] => [name, () => abort(new Interrupted(name))]),
    ["uncaughtException", fails],
    ["unhandledRejection", fails],
  ];
  for (const [event, listener] of listeners) process.on(event, listener as () => void);
  process.stdout.removeAllListeners("error").on("error", fails);
  return {
    signal: controller.signal,
    abort,
    release: () => {
      for (const [event, listener] of listeners) process.off(event, listener as () => void);
    },
  };
}
