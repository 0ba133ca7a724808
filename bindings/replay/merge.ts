/** Several captures as one, in the order of time: of the captures' next frames the one that was seen first comes first, and of
 *  frames of one time that of the capture that was named first. Within a capture its own order stays, also where its times go back. */
import type { CaptureFrame } from "../capture/types.ts";

/** Frames of one capture, in bursts as they are read. */
export type Bursts = AsyncIterable<readonly CaptureFrame[]>;

/** The frame, and the place of its capture among those that were given. */
export type MergedListener = (frame: CaptureFrame, source: number) => void | Promise<void>;

class Cursor {
  readonly source: number;
  #bursts: AsyncIterator<readonly CaptureFrame[]>;
  #burst: readonly CaptureFrame[] = [];
  #next = 0;

  constructor(bursts: Bursts, source: number) {
    this.source = source;
    this.#bursts = bursts[Symbol.asyncIterator]();
  }

  get head(): CaptureFrame | undefined {
    return this.#burst[this.#next];
  }

  shift(): void {
    this.#next++;
  }

  /** Reads on when what was read is used up; false at the end. */
  async fill(): Promise<boolean> {
    while (this.#next >= this.#burst.length) {
      const { done, value } = await this.#bursts.next();
      if (done === true) return false;
      this.#burst = value;
      this.#next = 0;
    }
    return true;
  }

  async end(): Promise<void> {
    await this.#bursts.return?.();
  }
}

/** Calls `listener` with every frame; a promise that it returns is waited for. What is held of each capture is one burst. */
export async function mergeByTime(captures: readonly Bursts[], listener: MergedListener): Promise<void> {
  const all = captures.map((bursts, source) => new Cursor(bursts, source));
  try {
    let open = await filled(all);
    while (open.length > 0) {
      await drain(open, listener);
      open = await filled(open);
    }
  } finally {
    for (const cursor of all) await cursor.end();
  }
}

async function filled(cursors: readonly Cursor[]): Promise<Cursor[]> {
  const open: Cursor[] = [];
  for (const cursor of cursors) if (await cursor.fill()) open.push(cursor);
  return open;
}

/** Until one of them has used up what was read of it. */
async function drain(cursors: readonly Cursor[], listener: MergedListener): Promise<void> {
  for (;;) {
    const cursor = earliest(cursors);
    const frame = cursor.head as CaptureFrame;
    cursor.shift();
    const answer = listener(frame, cursor.source);
    if (answer !== undefined) await answer;
    if (cursor.head === undefined) return;
  }
}

function earliest(cursors: readonly Cursor[]): Cursor {
  let first = cursors[0] as Cursor;
  for (const cursor of cursors) if ((cursor.head as CaptureFrame).timeNs < (first.head as CaptureFrame).timeNs) first = cursor;
  return first;
}
