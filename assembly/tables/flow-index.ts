/** Where flows are: a reference to the entry under each of its two tuples. A bucket is one cache line; a tuple has two of them,
 *  and half of all places stay empty.
 *
 *      +-----------+-----------+---  ...  ---+-----------+
 *      | reference | reference |             | reference |      tag 32 | direction 1 | entry's number + 1, or 0
 *      +-----------+-----------+---  ...  ---+-----------+
 *
 *  A reference is placed by CAS from 0 and taken out by CAS to 0. One whose entry has gone (its worker died in between) hurts nobody,
 *  as the entry itself is compared; it is cleared when its place is wanted. */
import * as map from "../abi/memory-map";
import * as field from "../abi/flow";
import { FLOW_BUCKET_SLOTS } from "../abi/limits";
import * as atomic from "../memory/atomic";
import { addressesOf, areSame, entryOf, headIn, instanceOf, isLive, matches, ownHash, stateOf, wordOf } from "./flow-entry";

const BUCKET_BYTES: usize = FLOW_BUCKET_SLOTS * field.REFERENCE_BYTES;
const NUMBER_MASK: u32 = 0x7fffffff;

function bucketA(mixed: u64): usize { return bucket(<u32>mixed); }
function bucketB(mixed: u64): usize { return bucket(<u32>mixed ^ (<u32>(mixed >> 32) * 0x9e3779b1 | 1)); }
function bucket(number: u32): usize { return <usize>load<u32>(map.HEAD_FLOW_INDEX) + <usize>(number & load<u32>(map.HEAD_FLOW_BUCKET_MASK)) * BUCKET_BYTES; }

function referenceTo(mixed: u64, direction: u32, number: u32): u64 {
  return (mixed & 0xffffffff00000000) | <u64>((direction << field.DIRECTION_SHIFT) | (number + 1));
}
function tagOf(reference: u64): u32 { return <u32>(reference >> 32); }
function directionOf(reference: u64): u32 { return <u32>reference >> field.DIRECTION_SHIFT; }
function entryAt(reference: u64): usize { return entryOf((<u32>reference & NUMBER_MASK) - 1); }

/** Entry of a flow with this tuple, its direction in the lowest bit; 0: none. */
export function find(mixed: u64, head: u64, fromLow: u64, fromHigh: u64, toLow: u64, toHigh: u64): usize {
  const found = findIn(bucketA(mixed), mixed, head, fromLow, fromHigh, toLow, toHigh);
  return found != 0 ? found : findIn(bucketB(mixed), mixed, head, fromLow, fromHigh, toLow, toHigh);
}

/** The same for the tuple of `entry`, which need not be in the table, in `direction`. */
export function findSame(entry: usize, direction: u32): usize {
  const at = addressesOf(entry, direction);
  const head = headIn(entry, direction);
  return find(ownHash(entry, direction), head, load<u64>(at), load<u64>(at, 8), load<u64>(at, 16), load<u64>(at, 24));
}

function findIn(first: usize, mixed: u64, head: u64, fromLow: u64, fromHigh: u64, toLow: u64, toHigh: u64): usize {
  for (let at = first; at < first + BUCKET_BYTES; at += field.REFERENCE_BYTES) {
    const reference = atomic.load64(at);
    if (reference == 0 || tagOf(reference) != <u32>(mixed >> 32)) continue;
    const entry = entryAt(reference);
    const before = wordOf(entry);
    if (!isLive(before) || !matches(entry, directionOf(reference), head, fromLow, fromHigh, toLow, toHigh)) continue;
    if (instanceOf(wordOf(entry)) == instanceOf(before)) return entry | <usize>directionOf(reference);
  }
  return 0;
}

/** Enters a reference to the tuple of entry `number` in `direction`; false when both of its buckets are full. */
export function place(entry: usize, number: u32, direction: u32): bool {
  const mixed = ownHash(entry, direction);
  const reference = referenceTo(mixed, direction, number);
  const a = bucketA(mixed);
  const b = bucketB(mixed);
  const first = freePlaces(a) >= freePlaces(b) ? a : b;
  const second = first == a ? b : a;
  if (placeIn(first, reference) || placeIn(second, reference)) return true;
  clearLeft(a);
  clearLeft(b);
  return placeIn(first, reference) || placeIn(second, reference);
}

function freePlaces(first: usize): u32 {
  let free: u32 = 0;
  for (let at = first; at < first + BUCKET_BYTES; at += field.REFERENCE_BYTES) free += <u32>(atomic.load64(at) == 0);
  return free;
}

function placeIn(first: usize, reference: u64): bool {
  for (let at = first; at < first + BUCKET_BYTES; at += field.REFERENCE_BYTES) {
    if (atomic.load64(at) == 0 && atomic.compareExchange64(at, 0, reference)) return true;
  }
  return false;
}

/** Clears references that lead to no entry, or to one that has become another flow. */
function clearLeft(first: usize): void {
  for (let at = first; at < first + BUCKET_BYTES; at += field.REFERENCE_BYTES) {
    const reference = atomic.load64(at);
    if (reference != 0 && !leads(reference)) atomic.compareExchange64(at, reference, 0);
  }
}

function leads(reference: u64): bool {
  const entry = entryAt(reference);
  const state = stateOf(wordOf(entry));
  if (state == field.STATE_FREE || state >= <u32>field.STATE_ENDING) return false;
  return <u32>(ownHash(entry, directionOf(reference)) >> 32) == tagOf(reference);
}

/** Takes the reference to entry `number` in `direction` out. */
export function take(entry: usize, number: u32, direction: u32): void {
  const mixed = ownHash(entry, direction);
  const reference = referenceTo(mixed, direction, number);
  if (!takeFrom(bucketA(mixed), reference)) takeFrom(bucketB(mixed), reference);
}

function takeFrom(first: usize, reference: u64): bool {
  for (let at = first; at < first + BUCKET_BYTES; at += field.REFERENCE_BYTES) {
    if (atomic.load64(at) == reference && atomic.compareExchange64(at, reference, 0)) return true;
  }
  return false;
}

/** What else has the tuple of entry `number` in `direction`, flow or claim: its word, or 0. */
export function rivalOf(entry: usize, number: u32, direction: u32): u64 {
  const mixed = ownHash(entry, direction);
  const rival = rivalIn(bucketA(mixed), entry, number, direction, mixed);
  return rival != 0 ? rival : rivalIn(bucketB(mixed), entry, number, direction, mixed);
}

function rivalIn(first: usize, entry: usize, number: u32, direction: u32, mixed: u64): u64 {
  for (let at = first; at < first + BUCKET_BYTES; at += field.REFERENCE_BYTES) {
    const reference = atomic.load64(at);
    if (reference == 0 || tagOf(reference) != <u32>(mixed >> 32) || reference == referenceTo(mixed, direction, number)) continue;
    const other = entryAt(reference);
    const word = wordOf(other);
    if (stateOf(word) == field.STATE_FREE || stateOf(word) >= <u32>field.STATE_ENDING) continue;
    if (areSame(entry, direction, other, directionOf(reference))) return word;
  }
  return 0;
}
