/** A suite whose tests run side by side: for tests that spend their time on starts of processes and on waiting, and that share nothing, as each
 *  is on a machine of its own (cli/demo/machine.ts). They begin in the order in which they are written, and are told in it.
 *
 *      uvu asks for   1 ────── 2 ──── 3 ─ 4 ──      one after the other, and waits for the end of each
 *      what runs      1 ──────  3 ──────            begun when the first is asked for
 *                     2 ────  4 ────────                                                               */
import { availableParallelism } from "node:os";
import { suite } from "uvu";

/** More would wait for a processor, and for each other. */
const AT_ONCE = Math.min(2, availableParallelism());

type Body = () => void | Promise<void>;

/** What a file uses of uvu's suite. */
export interface SideBySideSuite {
  (name: string, body: Body): void;
  run(): void;
}

/** @param atOnce how many run at the same time at most. */
export function sideBySide(name: string, atOnce = AT_ONCE): SideBySideSuite {
  const inner = suite(name);
  const waiting: (() => Promise<void>)[] = [];
  const runNext = async () => {
    for (let begin = waiting.shift(); begin; begin = waiting.shift()) await begin();
  };
  let hasBegun = false;
  const beginAll = () => {
    if (hasBegun) return;
    hasBegun = true;
    for (let lane = 0; lane < atOnce; lane++) void runNext();
  };
  const add = (title: string, body: Body) => {
    const ended = new Promise<void>((resolve, reject) => {
      waiting.push(() => Promise.resolve().then(body).then(resolve, reject));
    });
    ended.catch(() => undefined); // it may fail before uvu comes to ask for it
    inner(title, () => {
      beginAll();
      return ended;
    });
  };
  return Object.assign(add, { run: () => inner.run() });
}
