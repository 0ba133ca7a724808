/** Captures that become one: in the order of time, whatever the bursts in which they are read. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { CaptureFrame } from "../../../bindings/capture/index.ts";
import { mergeByTime } from "../../../bindings/replay/merge.ts";

const frameAt = (timeNs: bigint, number: number): CaptureFrame => ({
  bytes: Uint8Array.of(number),
  originalBytes: 1,
  timeNs,
  interface: 0,
});

async function* bursts(frames: readonly CaptureFrame[], sizes: readonly number[]): AsyncGenerator<CaptureFrame[]> {
  for (let at = 0, turn = 0; at < frames.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield frames.slice(at, at + size);
    at += size;
  }
}

/** The next of every capture is looked at, and the earliest taken. */
function model(captures: readonly (readonly CaptureFrame[])[]): [number, number][] {
  const rest = captures.map((frames) => [...frames]);
  const merged: [number, number][] = [];
  for (;;) {
    const heads = rest.flatMap((frames, source) => (frames[0] === undefined ? [] : [{ source, timeNs: frames[0].timeNs }]));
    if (heads.length === 0) return merged;
    const first = heads.reduce((before, head) => (head.timeNs < before.timeNs ? head : before));
    merged.push([first.source, rest[first.source]?.shift()?.bytes[0] ?? -1]);
  }
}

const times = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 30 });
const sizes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 }).map((list) => [...list, 1]);

test("any captures, in bursts of any size, empty ones among them", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(times, sizes), { maxLength: 4 }), async (given) => {
      const captures = given.map(([list]) => list.map((time, index) => frameAt(BigInt(time), index)));
      const merged: [number, number][] = [];
      await mergeByTime(
        captures.map((frames, index) => bursts(frames, given[index]?.[1] ?? [1])),
        (frame, source) => void merged.push([source, frame.bytes[0] ?? -1]),
      );
      assert.equal(merged, model(captures));
    }),
  );
});

test("a promise of the listener is waited for, and its error ends all sources", async () => {
  const ended: string[] = [];
  async function* watched(name: string): AsyncGenerator<CaptureFrame[]> {
    try {
      for (let time = 0n; ; time++) yield [frameAt(time, 0)];
    } finally {
      ended.push(name);
    }
  }
  let under = 0;
  let seen = 0;
  const listener = async (): Promise<void> => {
    assert.is(++under, 1, "one after the other");
    await new Promise((resolve) => setImmediate(resolve));
    under--;
    if (++seen === 5) throw new Error("enough");
  };
  const failure = await mergeByTime([watched("a"), watched("b")], listener).catch((error: Error) => error.message);
  assert.is(failure, "enough");
  assert.equal(ended, ["a", "b"]);
});

test.run();
