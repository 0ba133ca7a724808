/** How far something is that takes longer than a second: one line on a terminal, gone when it is done. Where standard error
 *  is no terminal, whoever reads it has the log. */
import { bar, count } from "./text.ts";

const FIRST_MS = 1000;
const PERIOD_MS = 100;
const WIDTH = 24;
const ERASE_LINE = "\r\u001b[K";

export interface Progress {
  update: (done: number) => void;
  end: () => void;
}

/** Draws on `stream` from the second second on, until its end.
 *  @param total steps; with 0 nothing is shown. */
export function showProgress(what: string, total: number, stream: NodeJS.WriteStream = process.stderr): Progress {
  let done = 0;
  const update = (now: number): void => {
    done = now;
  };
  if (total === 0) return { update, end: () => {} };
  return { update, ...showShare(what, () => [done / total, `${count(done)} of ${count(total)}`], stream) };
}

/** The same for something that tells itself how far it is: a bar where its share is known, and words.
 *  @param state share from 0 to 1, or null, and the words. */
export function showShare(
  what: string,
  state: () => [share: number | null, words: string],
  stream: NodeJS.WriteStream = process.stderr,
): Pick<Progress, "end"> {
  if (!stream.isTTY) return { end: () => {} };
  const begin = performance.now();
  let isDrawn = false;
  const timer = setInterval(() => {
    if (performance.now() - begin < FIRST_MS) return;
    const [share, words] = state();
    isDrawn = true;
    stream.write(`${ERASE_LINE}${what} ${share === null ? "" : `${bar(share, WIDTH)} `}${words}`);
  }, PERIOD_MS).unref();
  return {
    end: () => {
      clearInterval(timer);
      if (isDrawn) stream.write(ERASE_LINE);
      isDrawn = false;
    },
  };
}

/** The same for something whose steps nobody tells: how long it has taken. */
export function showWaiting(what: string, stream: NodeJS.WriteStream = process.stderr): Pick<Progress, "end"> {
  if (!stream.isTTY) return { end: () => {} };
  const begin = performance.now();
  const timer = setInterval(
    () => stream.write(`${ERASE_LINE}${what} ${Math.floor((performance.now() - begin) / 1000)} s`),
    FIRST_MS,
  ).unref();
  return {
    end: () => {
      clearInterval(timer);
      stream.write(ERASE_LINE);
    },
  };
}
