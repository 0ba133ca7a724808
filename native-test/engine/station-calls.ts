/** A steady stream of requests of a station, each by a connection of its own from a source port of its own, and what became of every single one. */
import { monotonicMs } from "../../bindings/forwarder/clock.ts";
import { askOnce } from "./station-requests.ts";

const EVERY_MS = 2;

/** What became of a request. */
export interface Call {
  localPort: number;
  /** When it began, before anything was sent: by the monotonic clock, which all processes share. */
  begunMs: number;
  tookMs: number;
  /** Name of whoever answered; null: nobody did. */
  answer: string | null;
  /** Code of the error; null: there was none. */
  fault: string | null;
}

export interface CallOrder {
  address: string;
  port: number;
  perSecond: number;
  /** Source port of the first; the others follow. */
  firstLocalPort: number;
  /** After which a request that gets nothing has failed. */
  patienceMs: number;
}

let stop: () => Promise<Call[]> = async () => [];

async function keepCalling({ address, port, perSecond, firstLocalPort, patienceMs }: CallOrder): Promise<void> {
  const begunMs = monotonicMs();
  const under: Promise<Call>[] = [];
  const timer = setInterval(() => {
    const due = ((monotonicMs() - begunMs) * perSecond) / 1000;
    while (under.length < due) under.push(call(address, port, firstLocalPort + under.length, patienceMs));
  }, EVERY_MS);
  stop = () => {
    clearInterval(timer);
    return Promise.all(under);
  };
}

async function call(address: string, port: number, localPort: number, patienceMs: number): Promise<Call> {
  const begunMs = monotonicMs();
  const ended = (answer: string | null, fault: string | null) => ({ localPort, begunMs, tookMs: monotonicMs() - begunMs, answer, fault });
  return askOnce(address, port, localPort, patienceMs).then(
    (answer) => ended(answer, null),
    (error: NodeJS.ErrnoException) => ended(null, error.code ?? error.message),
  );
}

/** Begins no more, and resolves when the last one has ended: all of them, in the order in which they began. */
async function stopCalling(): Promise<Call[]> {
  return stop();
}

/** The commands of station-process.ts that are about them. */
export const calls = { keepCalling, stopCalling };
