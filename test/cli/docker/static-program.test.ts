import { suite } from "uvu";
import * as assert from "uvu/assert";
import { isStatic } from "../../../cli/docker/static-program.ts";

const test = suite("static program");

const PT_LOAD = 1;
const PT_INTERP = 3;

interface Shape {
  isWide: boolean;
  isLittle: boolean;
}

/** A program's header with program headers of these types, and nothing behind them. */
function program({ isWide, isLittle }: Shape, types: readonly number[]): Buffer {
  const bytes = Buffer.alloc(512);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, isWide ? 2 : 1, isLittle ? 1 : 2]);
  const first = isWide ? 64 : 52;
  const size = isWide ? 56 : 32;
  if (isWide) view.setBigUint64(32, BigInt(first), isLittle);
  else view.setUint32(28, first, isLittle);
  view.setUint16(isWide ? 54 : 42, size, isLittle);
  view.setUint16(isWide ? 56 : 44, types.length, isLittle);
  for (const [index, type] of types.entries()) view.setUint32(first + index * size, type, isLittle);
  return bytes;
}

for (const isWide of [true, false]) {
  for (const isLittle of [true, false]) {
    test(`of ${isWide ? 64 : 32} bits, ${isLittle ? "little" : "big"} endian: static without an interpreter`, () => {
      assert.is(isStatic(program({ isWide, isLittle }, [PT_LOAD, PT_LOAD])), true);
      assert.is(isStatic(program({ isWide, isLittle }, [PT_LOAD, PT_INTERP, PT_LOAD])), false);
    });
  }
}

test("a script, a stub and nothing are no static programs", () => {
  assert.is(isStatic(Buffer.from(`#!/bin/sh\n${"# a comment\n".repeat(10)}`)), false);
  assert.is(isStatic(Buffer.from("\u007fELF")), false);
  assert.is(isStatic(Buffer.alloc(0)), false);
});

test("a program may lie anywhere in a buffer", () => {
  const before = Buffer.alloc(7);
  const bytes = Buffer.concat([before, program({ isWide: true, isLittle: true }, [PT_LOAD])]);
  assert.is(isStatic(bytes.subarray(before.length)), true);
});

test("one that ends before its program headers do is an error", () => {
  const shape = { isWide: true, isLittle: true };
  assert.throws(() => isStatic(program(shape, [PT_LOAD, PT_LOAD]).subarray(0, 64)), RangeError);
});

test.run();
