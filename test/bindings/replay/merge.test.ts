/** Captures that become one: in the order of time, whatever the bursts in which they are read. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { mergeByTime, type Records } from "../../../bindings/replay/merge.ts";
import { scale } from "../../scale.ts";

interface Frame {
  seconds: number;
  nanoseconds: number;
  number: number;
}

const frameAt = (time: number, number: number): Frame => ({ seconds: time >> 2, nanoseconds: time & 3, number });

/** A capture that is read in bursts. */
class Bursts implements Records {
  record = frameAt(0, -1);
  isClosed = false;
  /** With which it closes. */
  fault: string | null = null;
  /** That were read, and not empty. */
  bursts = 0;
  readonly #frames: readonly Frame[];
  readonly #sizes: readonly number[];
  #turn = 0;
  #next = 0;
  #read = 0;

  constructor(frames: readonly Frame[], sizes: readonly number[]) {
    this.#frames = frames;
    this.#sizes = sizes;
  }

  advance(): boolean {
    if (this.#next === this.#read) return false;
    this.record = this.#frames[this.#next++] as Frame;
    return true;
  }

  async fill(): Promise<boolean> {
    if (this.#read === this.#frames.length) return false;
    const before = this.#read;
    this.#read = Math.min(before + (this.#sizes[this.#turn++ % this.#sizes.length] ?? 1), this.#frames.length);
    if (this.#read > before) this.bursts++;
    return true;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    if (this.fault !== null) throw new Error(this.fault);
  }
}

/** The next of every capture is looked at, and the earliest taken. */
function model(captures: readonly (readonly Frame[])[]): [number, number][] {
  const timeOf = ({ seconds, nanoseconds }: Frame) => 4 * seconds + nanoseconds;
  const rest = captures.map((frames) => [...frames]);
  const merged: [number, number][] = [];
  for (;;) {
    const heads = rest.flatMap((frames, source) => (frames[0] === undefined ? [] : [{ source, time: timeOf(frames[0]) }]));
    if (heads.length === 0) return merged;
    const first = heads.reduce((before, head) => (head.time < before.time ? head : before));
    merged.push([first.source, rest[first.source]?.shift()?.number ?? -1]);
  }
}

const times = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 30 });
const sizes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 }).map((list) => [...list, 1]);

test("any captures, in bursts of any size, empty ones among them", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(times, sizes), { maxLength: 4 }), async (given) => {
      const captures = given.map(([list]) => list.map((time, index) => frameAt(time, index)));
      const records = captures.map((frames, index) => new Bursts(frames, given[index]?.[1] ?? [1]));
      const merged: [number, number][] = [];
      let used = 0;
      const listener = (source: number) => void merged.push([source, records[source]?.record.number ?? -1]);
      await mergeByTime(records, listener, () => void used++);
      assert.equal(merged, model(captures));
      assert.is(
        used,
        records.reduce((sum, { bursts }) => sum + bursts, 0),
      );
      assert.ok(records.every(({ isClosed }) => isClosed));
    }),
    { numRuns: scale.mergedCaptures },
  );
});

test("a promise of the listener is waited for, and its error ends all sources", async () => {
  const endless = Array.from({ length: 100 }, (_, time) => frameAt(time, 0));
  const captures = [new Bursts(endless, [1]), new Bursts(endless, [1])];
  let under = 0;
  let seen = 0;
  const listener = async (): Promise<void> => {
    assert.is(++under, 1, "one after the other");
    await new Promise((resolve) => setImmediate(resolve));
    under--;
    if (++seen === 5) throw new Error("enough");
  };
  const failure = await mergeByTime(captures, listener, () => {}).catch((error: Error) => error.message);
  assert.is(failure, "enough");
  assert.ok(captures.every(({ isClosed }) => isClosed));
});

test("captures that cannot be closed keep no other one open; the first error comes out, of the listener before all", async () => {
  const run = async (listener: () => void): Promise<string> => {
    const captures = [0, 1, 2, 3].map((time) => new Bursts([frameAt(time, 0)], [1]));
    for (const source of [1, 2]) (captures[source] as Bursts).fault = `capture ${source}`;
    const failure = await mergeByTime(captures, listener, () => {}).catch((error: Error) => error.message);
    assert.ok(captures.every(({ isClosed }) => isClosed));
    return failure ?? "none";
  };
  assert.is(await run(() => {}), "capture 1");
  const fails = () => {
    throw new Error("enough");
  };
  assert.is(await run(fails), "enough");
});

test.run();
