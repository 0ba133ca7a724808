/** Which port a station is behind, by network and MAC: two atomic words an entry (abi/mac.ts), shared by all workers and
 *  the agent without locks.
 *
 *      bucket   place 0      place 1            place 7        a key has two buckets of 8 places; it is looked for from a
 *      +--------+--------+   +--------+--------+   ...         place that its hash names, around the bucket
 *      | key    | value  |   | key    | value  |
 *      +--------+--------+   +--------+--------+
 *
 *  A place is claimed by CAS of its key from 0, published by CAS of its value from 0, changed by CAS of its value, and
 *  released by CAS of its value to 0 before its key becomes 0. Readers take key, value, key. A claim stands in the worker's
 *  record until it is published, so that it can be cleared after its worker's death is proved.
 *  Two workers that claim the same key at once both let go; the next frame learns it. A CAS that hits a place which was
 *  released and claimed anew in between may misdirect a station until its next frame: egress still checks its network.
 *  Limits: HEAD_MAC_LIMIT in all (then nothing is learned and frames flood), a limit for each port (mac-ring.ts). */
import * as map from "../abi/memory-map";
import * as field from "../abi/mac";
import * as record from "../abi/worker";
import * as event from "../abi/event";
import * as step from "../abi/trace";
import { MAC_BUCKET_SLOTS } from "../abi/limits";
import * as atomic from "../memory/atomic";
import { TRACE, note } from "../memory/trace";
import { count, nowSeconds, recordPointer } from "../memory/worker";
import * as hash from "./hash";
import * as events from "./event-ring";
import * as ring from "./mac-ring";
import { PORT_GENERATION_MASK, entryOf, keyOf, networkOf, macOf, portOf } from "./mac-entry";

const BUCKET_BYTES: usize = MAC_BUCKET_SLOTS * map.MAC_ENTRY_BYTES;

function bucketA(mixed: u64): usize { return <usize>load<u32>(map.HEAD_MACS) + <usize>(<u32>mixed & load<u32>(map.HEAD_MAC_BUCKET_MASK)) * BUCKET_BYTES; }
function bucketB(mixed: u64): usize { return <usize>load<u32>(map.HEAD_MACS) + <usize>(<u32>(mixed >> 29) & load<u32>(map.HEAD_MAC_BUCKET_MASK)) * BUCKET_BYTES; }
function firstPlace(mixed: u64): usize { return <usize>(mixed >> 61) * map.MAC_ENTRY_BYTES; }

/** The entry of `bucket` whose key word is `key` (0: a free one), from place `first` around; 0 when there is none. */
function search(bucket: usize, first: usize, key: u64): usize {
  for (let step: usize = 0; step < BUCKET_BYTES; step += map.MAC_ENTRY_BYTES) {
    const entry = bucket + ((first + step) & (BUCKET_BYTES - 1));
    if (atomic.load64(entry) == key) return entry;
  }
  return 0;
}

/** The entry of `key`, or 0. It nearly always is in the first place that is looked at: that look is inlined into find and
 *  learn, and they into the frame's way, all others are behind a call (bench/engine: 32 -> 20 ns a frame). */
// @ts-ignore: decorator
@inline
function locate(key: u64, mixed: u64): usize {
  const first = bucketA(mixed) + firstPlace(mixed);
  return atomic.load64(first) == key ? first : locateFurther(key, mixed);
}

function locateFurther(key: u64, mixed: u64): usize {
  const entry = search(bucketA(mixed), firstPlace(mixed), key);
  if (entry != 0) return entry;
  return search(bucketB(mixed), firstPlace(mixed), key);
}

/** Value word of `mac` in `network`; 0 when it is unknown (or being claimed or released just now). */
// @ts-ignore: decorator
@inline
export function find(network: u32, mac: u64): u64 {
  const key = keyOf(network, mac);
  const entry = locate(key, hash.of64(key));
  if (entry == 0) return 0;
  const value = atomic.load64(entry + 8);
  return atomic.load64(entry) == key ? value : 0;
}

/** Learns that `mac` is behind `port`, whose generation is `generation`: a new entry, a move, or a sign of life. */
// @ts-ignore: decorator
@inline
export function learn(worker: usize, network: u32, mac: u64, port: u32, generation: u32): void {
  const key = keyOf(network, mac);
  const mixed = hash.of64(key);
  const entry = locate(key, mixed);
  const home = <u64>port | (<u64>generation << field.GENERATION_SHIFT);
  if (entry == 0) {
    insert(worker, key, mixed, home);
    return;
  }
  const value = atomic.load64(entry + 8);
  if (TRACE && (value & PORT_GENERATION_MASK) == home) note(step.LEARN, step.LEARN_SEEN, port);
  if ((value & PORT_GENERATION_MASK) != home) move(worker, entry, key, value, home);
  else if (<u32>(value >> field.SEEN_SHIFT) != nowSeconds(worker)) refresh(worker, entry, value);
}

function stamp(worker: usize, home: u64, flags: u64): u64 {
  return home | ((flags | field.FLAG_VALID) << field.FLAGS_SHIFT) | (<u64>nowSeconds(worker) << field.SEEN_SHIFT);
}

/** The station was seen on the port where it is known to be: once a second at most. Losing the race costs nothing. */
function refresh(worker: usize, entry: usize, value: u64): void {
  const flags = (value >> field.FLAGS_SHIFT) & 0xff;
  atomic.compareExchange64(entry + 8, value, stamp(worker, value & PORT_GENERATION_MASK, flags | field.FLAG_SEEN_AGAIN));
}

function move(worker: usize, entry: usize, key: u64, value: u64, home: u64): void {
  if (value == 0 || isStatic(value)) {
    if (TRACE) note(step.LEARN, value == 0 ? step.LEARN_CLAIMED : step.LEARN_HELD, portOf(value));
    return;
  }
  const port = portOf(home);
  if (!makeRoom(worker, port) || !atomic.compareExchange64(entry + 8, value, stamp(worker, home, 0))) return notLearned(worker);
  if (TRACE) note(step.LEARN, step.LEARN_MOVED, portOf(value));
  ring.forget(portOf(value));
  ring.push(port, entry);
  count(worker, record.MOVED, 1);
  events.emit(worker, event.MAC_MOVED, port, networkOf(key), macOf(key), portOf(value));
}

function notLearned(worker: usize): void {
  if (TRACE) note(step.LEARN, step.LEARN_FULL);
  count(worker, record.NOT_LEARNED, 1);
}

function insert(worker: usize, key: u64, mixed: u64, home: u64): void {
  const port = portOf(home);
  if (!makeRoom(worker, port) || atomic.load32(map.HEAD_MAC_COUNT) >= load<u32>(map.HEAD_MAC_LIMIT)) return notLearned(worker);
  const entry = claim(worker, key, mixed);
  if (entry == 0) return notLearned(worker);
  if (TRACE) note(step.LEARN, step.LEARN_NEW);
  publish(worker, entry, stamp(worker, home, 0));
  ring.push(port, entry);
  count(worker, record.LEARNED, 1);
  events.emit(worker, event.MAC_LEARNED, port, networkOf(key), macOf(key), 0);
}

/** A place with `key` and value 0, known to be the only one of its key; 0 when both buckets are full or another worker
 *  claims the same key just now. */
function claim(worker: usize, key: u64, mixed: u64): usize {
  const entry = freeEntry(mixed);
  if (entry == 0) return 0;
  noteClaim(worker, entry, key);
  if (!atomic.compareExchange64(entry, 0, key)) return dropClaim(worker);
  if (hasAnother(entry, key, mixed)) {
    atomic.store64(entry, 0);
    return dropClaim(worker);
  }
  return entry;
}

/** A free place: in the first bucket, or in the second when the first has under three left and the second has more. */
function freeEntry(mixed: u64): usize {
  const a = bucketA(mixed);
  const b = bucketB(mixed);
  const freeA = freePlaces(a);
  if (freeA >= 3 || freeA >= freePlaces(b)) return search(a, firstPlace(mixed), 0);
  return search(b, firstPlace(mixed), 0);
}

function freePlaces(bucket: usize): u32 {
  let free: u32 = 0;
  for (let at: usize = 0; at < BUCKET_BYTES; at += map.MAC_ENTRY_BYTES) free += <u32>(atomic.load64(bucket + at) == 0);
  return free;
}

function hasAnother(entry: usize, key: u64, mixed: u64): bool {
  return hasAnotherIn(bucketA(mixed), entry, key) || hasAnotherIn(bucketB(mixed), entry, key);
}

function hasAnotherIn(bucket: usize, entry: usize, key: u64): bool {
  for (let at: usize = 0; at < BUCKET_BYTES; at += map.MAC_ENTRY_BYTES) {
    if (bucket + at != entry && atomic.load64(bucket + at) == key) return true;
  }
  return false;
}

function noteClaim(worker: usize, entry: usize, key: u64): void {
  store<u64>(recordPointer(worker), key, record.CLAIM_KEY);
  atomic.store32(recordPointer(worker) + record.CLAIM_PLACE, <u32>entry);
}

function dropClaim(worker: usize): usize {
  atomic.store32(recordPointer(worker) + record.CLAIM_PLACE, 0);
  return 0;
}

function publish(worker: usize, entry: usize, value: u64): void {
  atomic.compareExchange64(entry + 8, 0, value);
  atomic.add32(map.HEAD_MAC_COUNT, 1);
  dropClaim(worker);
}

/** Takes the entry away if its value still is `value`; true when this call did it. */
export function release(worker: usize, entry: usize, value: u64): bool {
  const key = atomic.load64(entry);
  noteClaim(worker, entry, key);
  const own = atomic.compareExchange64(entry + 8, value, 0);
  if (own) {
    atomic.store64(entry, 0);
    atomic.add32(map.HEAD_MAC_COUNT, -1);
  }
  dropClaim(worker);
  return own;
}

/** Clears what a dead worker had claimed and neither published nor released. Only after its death is proved. */
export function clearClaim(workerRecord: usize): void {
  const entry = atomic.load32(workerRecord + record.CLAIM_PLACE);
  if (entry == 0) return;
  const key = load<u64>(workerRecord, record.CLAIM_KEY);
  if (atomic.load64(entry + 8) == 0) atomic.compareExchange64(entry, key, 0);
  atomic.store32(workerRecord + record.CLAIM_PLACE, 0);
}

/** True when `port` may have one more learned entry, for which it may have lost its own oldest one. */
function makeRoom(worker: usize, port: u32): bool {
  if (ring.hasRoom(port)) return true;
  const entry = ring.oldest(port);
  if (entry == 0) return ring.hasRoom(port);
  const key = atomic.load64(entry);
  const value = atomic.load64(entry + 8);
  // Since it was taken out of the ring another worker may have moved it, or taken it away.
  if (ring.isLearnedOn(value, port) && release(worker, entry, value)) {
    count(worker, record.EVICTED, 1);
    events.emit(worker, event.MAC_EVICTED, port, networkOf(key), macOf(key), 0);
  }
  return true;
}

/** Enters a station that a predecessor's table had, as it was last seen there; one that is known is left alone. False when its port or
 *  the table is at its limit. The agent only, before anybody reads `port`. */
export function restore(worker: usize, network: u32, mac: u64, port: u32, generation: u32, seenSeconds: u32): bool {
  const key = keyOf(network, mac);
  const mixed = hash.of64(key);
  if (locate(key, mixed) != 0) return true;
  if (!ring.hasRoom(port) || atomic.load32(map.HEAD_MAC_COUNT) >= load<u32>(map.HEAD_MAC_LIMIT)) return false;
  const entry = claim(worker, key, mixed);
  if (entry == 0) return false;
  const home = <u64>port | (<u64>generation << field.GENERATION_SHIFT);
  publish(worker, entry, home | (<u64>field.FLAG_VALID << field.FLAGS_SHIFT) | (<u64>seenSeconds << field.SEEN_SHIFT));
  ring.push(port, entry);
  return true;
}

/** Sets the entry of `mac` to a static one on `port`, replacing a learned one; false when the table is full or another port
 *  has it as a static one. The agent only. */
export function setStatic(worker: usize, network: u32, mac: u64, port: u32, generation: u32): bool {
  const key = keyOf(network, mac);
  const mixed = hash.of64(key);
  const home = <u64>port | (<u64>generation << field.GENERATION_SHIFT);
  const value = stamp(worker, home, field.FLAG_STATIC);
  for (let tries = 0; tries < 1000; tries++) {
    let entry = locate(key, mixed);
    if (entry != 0) {
      const before = atomic.load64(entry + 8);
      if (isStatic(before) && portOf(before) != port) return false;
      if (before == 0 || !atomic.compareExchange64(entry + 8, before, value)) continue;
      if (!isStatic(before)) ring.forget(portOf(before));
      return true;
    }
    if (atomic.load32(map.HEAD_MAC_COUNT) >= load<u32>(map.HEAD_MAC_LIMIT)) return false;
    entry = claim(worker, key, mixed);
    if (entry == 0) continue;
    publish(worker, entry, value);
    return true;
  }
  return false;
}

function isStatic(value: u64): bool { return (value & (<u64>field.FLAG_STATIC << field.FLAGS_SHIFT)) != 0; }

/** Takes a static entry on `port` away; false when there is none. The agent only. */
export function clearStatic(worker: usize, network: u32, mac: u64, port: u32): bool {
  const key = keyOf(network, mac);
  const entry = locate(key, hash.of64(key));
  if (entry == 0) return false;
  const value = atomic.load64(entry + 8);
  if (!isStatic(value) || portOf(value) != port) return false;
  return release(worker, entry, value);
}

/** Takes a learned entry on `port` away, while workers run; false when there is none. The agent only. */
export function forgetLearned(worker: usize, network: u32, mac: u64, port: u32): bool {
  const key = keyOf(network, mac);
  const entry = locate(key, hash.of64(key));
  if (entry == 0) return false;
  const value = atomic.load64(entry + 8);
  if (!ring.isLearnedOn(value, port) || !release(worker, entry, value)) return false;
  ring.forget(port);
  return true;
}

/** Takes away every entry that names `port` and empties its ring; how many. The agent only, after the grace period of the
 *  port: no worker learns on it any more. */
export function flushPort(worker: usize, port: u32): u32 {
  let flushed: u32 = 0;
  const places = ring.placeCount();
  for (let place: u32 = 0; place < places; place++) {
    const entry = entryOf(place);
    const value = atomic.load64(entry + 8);
    if (value != 0 && portOf(value) == port) flushed += <u32>release(worker, entry, value);
  }
  ring.empty(port);
  return flushed;
}

/** Takes away every entry of `network`; how many. The agent only, when the network has no port left. */
export function flushNetwork(worker: usize, network: u32): u32 {
  let flushed: u32 = 0;
  const places = ring.placeCount();
  for (let place: u32 = 0; place < places; place++) {
    const entry = entryOf(place);
    const value = atomic.load64(entry + 8);
    if (value == 0 || networkOf(atomic.load64(entry)) != network) continue;
    ring.forget(portOf(value));
    flushed += <u32>release(worker, entry, value);
  }
  return flushed;
}

/** Counts the entries anew: a count is never trusted after a death. The agent only, while no worker runs. */
export function recount(): u32 {
  let entries: u32 = 0;
  const places = ring.placeCount();
  for (let place: u32 = 0; place < places; place++) entries += <u32>(atomic.load64(entryOf(place) + 8) != 0);
  atomic.store32(map.HEAD_MAC_COUNT, entries);
  return entries;
}
