/** Two threads that do the same thing at the same moment, step by step, and rest after each round while a referee looks. */
import { once } from "node:events";
import { parentPort, Worker } from "node:worker_threads";
import { scale } from "../../scale.ts";

// words of the control block; the first two are the steps of each side
/** Round that may run, -1 when it is over: set once for each, as a side that sees one which the other does not waits for it for ever. */
const ROUND = 2;
const CONTROL_WORDS = 3;
/** Looks at the other side's step in one round, some 50 ms: enough for the kernel to give each side a processor where there are two. */
const PATIENCE = 5_000_000;

export const SIDES = [0, 1];

/** One side. */
export class Side {
  readonly #control: Int32Array;
  readonly #index: number;
  #patience = 0;

  constructor(control: SharedArrayBuffer, index: number) {
    this.#control = new Int32Array(control);
    this.#index = index;
  }

  /** Waits, awake, until the other side has come as far. Where it does not run at the same time the patience of a round comes to an end; then this
   *  one goes on alone.                                                                                                   */
  keepStep(step: number): void {
    Atomics.store(this.#control, this.#index, step);
    for (; this.#patience > 0 && Atomics.load(this.#control, 1 - this.#index) < step; this.#patience--);
  }

  /** Calls `round` with the number of each round that may run, and rests after it. */
  run(round: (number: number) => void): void {
    for (let number = 0; number >= 0; ) {
      this.#patience = PATIENCE;
      round(number);
      parentPort?.postMessage(number);
      Atomics.wait(this.#control, ROUND, number);
      number = Atomics.load(this.#control, ROUND);
    }
  }
}

/** Starts two threads of `module` with `data`, an `index` and the `control` of a Side, and lets them run round by round.
 *  @param atRest looks at what they have done in a round; true when there is to be another one. */
export async function inStep(module: URL, data: object, atRest: (round: number) => boolean): Promise<void> {
  const control = new Int32Array(new SharedArrayBuffer(CONTROL_WORDS * 4));
  const threads = SIDES.map((index) => new Worker(module, { workerData: { ...data, index, control: control.buffer } }));
  try {
    for (let [round, goesOn] = [0, true]; goesOn; round++) {
      await Promise.all(threads.map((thread) => once(thread, "message")));
      goesOn = atRest(round);
      Atomics.store(control, ROUND, goesOn ? round + 1 : -1);
      Atomics.notify(control, ROUND);
    }
    await Promise.all(threads.map((thread) => once(thread, "exit")));
  } finally {
    for (const thread of threads) await thread.terminate();
  }
}

/** Says after how many rounds a duel is over: after `least` of them, but not before its sides have met. Whether two threads ever run at the very
 *  same moment is not ours to say, so it waits with a bounded patience; then it says that the duel was none.               */
export function untilMet(least: number, haveMet: () => boolean): (rounds: number) => boolean {
  const end = Date.now() + scale.patienceMilliseconds;
  return (rounds) => {
    if (rounds < least) return false;
    if (haveMet()) return true;
    if (Date.now() < end) return false;
    console.log(`# in ${rounds} rounds the two never claimed the same at once: this machine does not run two threads at the same moment`);
    return true;
  };
}
