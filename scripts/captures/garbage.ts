/** What nobody means to send: noise, and good frames with some bytes changed, cut off, doubled or put in. Fixed seed. */
import { bytes } from "../../test/support/packet/bytes.ts";
import type { Random } from "../../test/support/packet/random.ts";

const LONGEST_NOISE = 200;

export function noise(source: Random, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => source.bytes(source.below(LONGEST_NOISE)));
}

/** `count` frames made by changing frames of `good` behind their addresses, so that a switch still forwards most of them. */
export function mutants(source: Random, good: readonly Uint8Array[], count: number): Uint8Array[] {
  return Array.from({ length: count }, () => mutate(source, source.pick(good)));
}

function mutate(source: Random, frame: Uint8Array): Uint8Array {
  let changed = frame;
  for (let changes = 1 + source.below(3); changes > 0; changes--) changed = source.pick([flip, cut, repeat, insert])(source, changed);
  return changed;
}

type Change = (source: Random, frame: Uint8Array) => Uint8Array;

const place = (source: Random, frame: Uint8Array): number => Math.min(frame.length, 12 + source.below(Math.max(1, frame.length - 12)));
const flip: Change = (source, frame) => {
  const at = place(source, frame);
  return at < frame.length ? frame.with(at, source.pick([0, 1, 0x7f, 0x80, 0xff, source.below(256)])) : frame;
};
const cut: Change = (source, frame) => frame.subarray(0, place(source, frame));
const repeat: Change = (source, frame) => {
  const at = place(source, frame);
  return bytes(frame.subarray(0, at), frame.subarray(at, at + 8), frame.subarray(at));
};
const insert: Change = (source, frame) => {
  const at = place(source, frame);
  return bytes(frame.subarray(0, at), source.bytes(1 + source.below(4)), frame.subarray(at));
};
