/** Suites of the wire files: each runs on the debug and on the release build. */
import { type Test, suite } from "uvu";
import * as assert from "uvu/assert";
import { BUILDS, instantiateTest, type TestModule } from "../../support/wasm.ts";

/** Defines and runs the suite `name` once for each build, over a memory of its own. Once in a file: uvu starts when nothing
 *  more is defined in the same turn, and what is defined after an await would begin a second run. */
export async function wireSuite(name: string, define: (test: Test, module: TestModule) => void): Promise<void> {
  const modules = await Promise.all(BUILDS.map((build) => instantiateTest("wire", build)));
  for (const module of modules) {
    const test = suite(`${name} (${module.build})`);
    define(test, module);
    test.run();
  }
}

/** Runs `action` and fails when it changed a byte of the memory outside `from` (inclusive) to `to` (exclusive). */
export function changesOnly(module: TestModule, from: number, to: number, action: () => void): void {
  const before = module.bytes.slice();
  action();
  before.set(module.bytes.subarray(from, to), from);
  const at = Buffer.compare(before, module.bytes) === 0 ? -1 : before.findIndex((byte, index) => byte !== module.bytes[index]);
  assert.is(at, -1, `byte ${at} changed; only ${from} to ${to} may`);
}

/** Lower-case hexadecimal digits of `bytes`, so that a difference can be read. */
export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** `bytes` with those from `offset` on replaced by `part`. */
export function patched(bytes: Uint8Array, offset: number, part: ArrayLike<number>): Uint8Array {
  const copy = bytes.slice();
  copy.set(part, offset);
  return copy;
}

/** A seeded generator of numbers (xorshift32): the same seed gives the same run. */
export class Random {
  #state: number;

  /** @param seed 1 to 0xffffffff. */
  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }
}

/** A seed for a run that nobody asked for in particular: PORTYARD_SEED repeats one. */
export function newSeed(): number {
  return Number(process.env.PORTYARD_SEED ?? 0) || (Date.now() ^ (process.pid << 16)) >>> 0 || 1;
}
