/** A story: a sentence, and frames that make it true on every build. When it has been told, the books must balance:
 *  every frame and every slot is accounted for, and the MAC table agrees with its own rings and counts.               */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as reasons from "../../assembly/abi/drop-reason.ts";

import { checkBooks } from "./books.ts";
import { BUILDS, type Output, TestEngine } from "./engine.ts";

export interface StoryOptions {
  /** Entries that the MAC table may hold. */
  macLimit?: number;
}

/** Registers `story` as a test for each build. */
export function tell(sentence: string, story: (engine: TestEngine) => void, { macLimit }: StoryOptions = {}): void {
  for (const build of BUILDS) {
    test(`${sentence} (${build})`, () => {
      const engine = new TestEngine(build, macLimit);
      story(engine);
      checkBooks(engine);
      engine.close();
    });
  }
}

/** The frame leaves by these ports, unchanged unless said otherwise, and by no other. `about` names it if it does not. */
export function expectOutputs(
  engine: TestEngine,
  from: number,
  frame: Uint8Array,
  expected: Record<number, Uint8Array> | number[],
  about = "the frame",
): void {
  const wanted = Array.isArray(expected) ? Object.fromEntries(expected.map((port) => [port, frame])) : expected;
  const outputs = engine.send(from, frame);
  assert.equal(portsOf(outputs).sort(byNumber), Object.keys(wanted).map(Number).sort(byNumber), `ports that ${about} left by`);
  for (const output of outputs) assert.is(hexOf(output.frame), hexOf(wanted[output.port]!), `${about} as it left port ${output.port}`);
}

export interface DropOptions {
  /** Port at which the drop is counted: by default the one that the frame came from. */
  at?: number;
  offload?: Uint8Array;
  about?: string;
}

/** Nothing comes out; one more drop for `reason` is counted, and no other. */
export function expectDrop(engine: TestEngine, from: number, frame: Uint8Array, reason: number, options: DropOptions = {}): void {
  const { at = from, offload, about = "the frame" } = options;
  const before = { here: engine.drops(at, reason), all: engine.totals().dropped };
  assert.equal(portsOf(engine.send(from, frame, offload)), [], `ports that ${about} left by`);
  const found = Object.values(reasons).filter((number) => number !== 0 && engine.drops(at, number) > 0);
  const message = `${about} is a drop for ${nameOf(reason)} at port ${at}; counted there: ${found.map((number) => `${nameOf(number)} ${engine.drops(at, number)}`)}`;
  assert.is(engine.drops(at, reason), before.here + 1, message);
  assert.is(engine.totals().dropped, before.all + 1, `drops of ${about}`);
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

const names = new Map(Object.entries(reasons).map(([name, number]) => [number as number, name]));

/** The constant's name of a reason. */
export function nameOf(reason: number): string {
  return names.get(reason) ?? `reason ${reason}`;
}

/** What left `port`; it must be one frame. */
export function only(outputs: Output[], port: number): Output {
  const own = outputs.filter((output) => output.port === port);
  assert.is(own.length, 1, `frames that left port ${port}`);
  return own[0]!;
}

export function portsOf(outputs: Output[]): number[] {
  return outputs.map(({ port }) => port);
}

export function byNumber(a: number, b: number): number {
  return a - b;
}
