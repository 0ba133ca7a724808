/** Which places a port learned, oldest first: a ring of place numbers for each port, for its limit, eviction and sweep.
 *
 *      ring of port P:   head -> [ place | place | place | ... ] <- head + count        place + 1, u32
 *      positions:        place -> its position in the ring of the port that learned it
 *
 *  Only the worker that reads the port pushes and pops. Another worker that takes an entry away (the station moved) cannot
 *  take it out of the ring: it raises `stale`. A position is live while the entry names this port and the place names
 *  this position; the rest is passed over and compacted away when the ring is needed. */
import * as map from "../abi/memory-map";
import * as mac from "../abi/mac";
import * as field from "../abi/port";
import { EVICTION_CHANCES, MAC_BUCKET_SLOTS, MAX_MACS_PER_PORT } from "../abi/limits";
import * as atomic from "../memory/atomic";
import { entryOf, placeOf, portOf } from "./mac-entry";
import { macLimit, recordOf } from "./port-table";

const POSITION_MASK: u32 = MAX_MACS_PER_PORT - 1;

/** Places of the MAC table. */
export function placeCount(): u32 { return (load<u32>(map.HEAD_MAC_BUCKET_MASK) + 1) * MAC_BUCKET_SLOTS; }

function cell(port: u32, position: u32): usize { return map.MAC_RINGS + port * map.MAC_RING_BYTES + position * 4; }
function positionCell(place: u32): usize { return load<u32>(map.HEAD_MAC_PLACES) + place * 4; }
function head(port: u32): u32 { return load<u32>(recordOf(port), field.RING_HEAD); }
export function occupied(port: u32): u32 { return load<u32>(recordOf(port), field.RING_COUNT); }
function setCount(port: u32, value: u32): void { store<u32>(recordOf(port), value, field.RING_COUNT); }

/** An entry of `port` was taken away by somebody who may not touch the ring. */
export function forget(port: u32): void { atomic.add32(recordOf(port) + field.RING_STALE, 1); }

/** Appends the place of `entry`, which was just learned on `port`. The ring has room: hasRoom or oldest came before. */
export function push(port: u32, entry: usize): void {
  const place = placeOf(entry);
  const position = (head(port) + occupied(port)) & POSITION_MASK;
  store<u32>(cell(port, position), place + 1);
  atomic.store32(positionCell(place), position);
  setCount(port, occupied(port) + 1);
}

/** Takes the oldest position out; its entry if that is live, else 0. Only while occupied. */
function pop(port: u32): usize {
  const position = head(port);
  store<u32>(recordOf(port), (position + 1) & POSITION_MASK, field.RING_HEAD);
  setCount(port, occupied(port) - 1);
  const place = load<u32>(cell(port, position)) - 1;
  return isLive(port, place, position) ? entryOf(place) : 0;
}

function isLive(port: u32, place: u32, position: u32): bool {
  const value = atomic.load64(entryOf(place) + 8);
  return isLearnedOn(value, port) && atomic.load32(positionCell(place)) == position;
}

/** True when the value word is that of an entry which `port` learned. */
export function isLearnedOn(value: u64, port: u32): bool {
  return value != 0 && portOf(value) == port && (value & (<u64>mac.FLAG_STATIC << mac.FLAGS_SHIFT)) == 0;
}

/** True when the port has fewer learned entries than its limit; compacts the ring when others left gaps in it. */
export function hasRoom(port: u32): bool {
  if (occupied(port) < macLimit(port)) return true;
  if (atomic.exchange32(recordOf(port) + field.RING_STALE, 0) == 0) return false;
  compact(port);
  return occupied(port) < macLimit(port);
}

function compact(port: u32): void {
  for (let left = occupied(port); left > 0; left--) {
    const entry = pop(port);
    if (entry != 0) push(port, entry);
  }
}

/** Takes out the entry that the port must lose: its oldest, passing over up to EVICTION_CHANCES that were seen again. 0 when
 *  the oldest position was not live any more, so that there is room now, or when the ring is empty. */
export function oldest(port: u32): usize {
  if (occupied(port) == 0) return 0;
  for (let chance = 0; chance < EVICTION_CHANCES; chance++) {
    const entry = pop(port);
    if (entry == 0) return 0;
    const value = atomic.load64(entry + 8);
    const seenAgain = <u64>mac.FLAG_SEEN_AGAIN << mac.FLAGS_SHIFT;
    if ((value & seenAgain) == 0) return entry;
    atomic.compareExchange64(entry + 8, value, value & ~seenAgain);
    push(port, entry);
  }
  return pop(port);
}

/** Puts a learned entry back that its port's ring has lost (a race of two moves); the sweep calls it for live entries. The
 *  position that it had, if it is still there, is a gap from now on. False when the port is at its limit without it. */
export function repair(port: u32, entry: usize): bool {
  const place = placeOf(entry);
  const position = atomic.load32(positionCell(place)) & POSITION_MASK;
  const distance = (position - head(port)) & POSITION_MASK;
  if (distance < occupied(port) && load<u32>(cell(port, position)) == place + 1) return true;
  forget(port);
  if (!hasRoom(port)) return false;
  push(port, entry);
  return true;
}

/** Forgets every place in the ring. The agent only, when nobody learns on `port` any more. */
export function empty(port: u32): void {
  setCount(port, 0);
  store<u32>(recordOf(port), 0, field.RING_HEAD);
  atomic.store32(recordOf(port) + field.RING_STALE, 0);
}
