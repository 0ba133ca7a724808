/** Pieces of packets: the first one carries the ports, and the others follow it to its flow by network, addresses and identification (RFC 791,
 *  RFC 8200, section 4.5). What a worker remembers of a packet, FRAGMENTED_BYTES each:
 *
 *      0   key u64 (piece.ts); 0: nothing
 *      8   flow u32: entry, its direction in the lowest bit; SPOILT: nothing of the packet goes on | instance of the flow u32
 *      16  known until u32 (seconds) | number u32: how many were remembered before | pieces u32 | end of the packet u32, 0: not known yet
 *      32  source, destination, 16 bytes each, IPv4 in the first four
 *      64  pieces (MAX_FRAGMENT_PIECES): begin u16 | end u16
 *
 *  A piece that overlaps another one spoils its packet (RFC 5722, here for IPv4 too), as do one piece too many and one that cannot be right; the same
 *  piece once more is dropped alone. When the packet is whole it is forgotten, so that its identification may come again. Limits: MAX_FRAGMENTED
 *  packets, of which the oldest goes, and FRAGMENT_SECONDS. All pieces come by one port, so to one worker. Pieces that come before the first one are
 *  not known: nothing is held back here. A frame is shown to these functions before anything in it is changed. */
import { FRAGMENT_SECONDS, MAX_FRAGMENT_PIECES } from "../../abi/limits";
import * as map from "../../abi/memory-map";
import * as state from "../../abi/worker-state";
import { nowSeconds } from "../../memory/worker";
import { instanceOf, isLive, wordOf } from "../../tables/flow-entry";
import { copyAddresses, endOf, hasAddresses, isLast, isWhole, isWrong, keyOf, pieceOf, startOf } from "./piece";

/** Instead of a flow: its first piece was not seen, or its flow is no more. */
export const UNKNOWN: usize = 0;
/** Instead of a flow: the piece must go no further. */
export const OVERLAP: usize = 1;

const FLOW = 8;
const INSTANCE = 12;
const UNTIL = 16;
const NUMBER = 20;
const PIECES = 24;
const END = 28;
const SOURCE = 32;
const DESTINATION = 48;
const FIRST_PIECE = 64;
const PIECE_BYTES = 4;

const SPOILT: u32 = 1;

/** The frame is the first piece of a packet of the flow at `found` (its direction in the lowest bit). False: it must go no further. A packet that is whole
 *  in spite of its fragment header has nothing to do with any other (RFC 6946). */
export function remember(worker: usize, descriptor: usize, found: usize): bool {
  const piece = pieceOf(descriptor);
  if (isWhole(piece)) return !isWrong(piece);
  const key = keyOf(descriptor);
  let packet = find(worker, descriptor, key);
  if (packet == 0 || isStale(packet)) {
    if (packet == 0) packet = spare(worker);
    begin(worker, packet, descriptor, key, <u32>found);
  }
  return add(packet, piece) != OVERLAP;
}

/** Flow of a piece that is not the first, its direction in the lowest bit; UNKNOWN or OVERLAP. */
export function follow(worker: usize, descriptor: usize): usize {
  const packet = find(worker, descriptor, keyOf(descriptor));
  if (packet == 0 || isStale(packet)) return UNKNOWN;
  return add(packet, pieceOf(descriptor));
}

/** What is known of the packet, and not for too long, or 0. */
function find(worker: usize, descriptor: usize, key: u64): usize {
  for (let packet = worker + map.FRAGMENTED; packet < worker + map.FRAGMENTED_END; packet += map.FRAGMENTED_BYTES) {
    if (load<u64>(packet) != key || !isTimely(worker, packet)) continue;
    if (hasAddresses(descriptor, packet + SOURCE, packet + DESTINATION)) return packet;
  }
  return 0;
}

function isTimely(worker: usize, packet: usize): bool { return <i32>(load<u32>(packet, UNTIL) - nowSeconds(worker)) > 0; }

/** Its flow has ended. */
function isStale(packet: usize): bool {
  const found = load<u32>(packet, FLOW);
  if (found == SPOILT) return false;
  const word = wordOf(found & ~1);
  return !isLive(word) || instanceOf(word) != load<u32>(packet, INSTANCE);
}

/** A place for another packet: a free one, else that of the oldest. */
function spare(worker: usize): usize {
  const count = load<u32>(worker + map.WORKER_STATE, state.FRAGMENTED_COUNT);
  let oldest: usize = worker + map.FRAGMENTED;
  for (let packet = oldest; packet < worker + map.FRAGMENTED_END; packet += map.FRAGMENTED_BYTES) {
    if (load<u64>(packet) == 0 || !isTimely(worker, packet) || isStale(packet)) return packet;
    if (count - load<u32>(packet, NUMBER) > count - load<u32>(oldest, NUMBER)) oldest = packet;
  }
  return oldest;
}

function begin(worker: usize, packet: usize, descriptor: usize, key: u64, found: u32): void {
  const own = worker + map.WORKER_STATE;
  const count = load<u32>(own, state.FRAGMENTED_COUNT);
  store<u32>(own, count + 1, state.FRAGMENTED_COUNT);
  store<u64>(packet, key);
  store<u32>(packet, found, FLOW);
  store<u32>(packet, instanceOf(wordOf(found & ~1)), INSTANCE);
  store<u32>(packet, nowSeconds(worker) + FRAGMENT_SECONDS, UNTIL);
  store<u32>(packet, count, NUMBER);
  store<u32>(packet, 0, PIECES);
  store<u32>(packet, 0, END);
  copyAddresses(descriptor, packet + SOURCE, packet + DESTINATION);
}

/** Takes one more piece in; the flow, or OVERLAP. */
function add(packet: usize, piece: u64): usize {
  const found: usize = load<u32>(packet, FLOW);
  if (found == SPOILT || isSeen(packet, piece)) return OVERLAP;
  if (isWrong(piece) || !fits(packet, piece)) {
    store<u32>(packet, SPOILT, FLOW);
    return OVERLAP;
  }
  const pieces = load<u32>(packet, PIECES);
  store<u32>(placeOf(packet, pieces), <u32>piece);
  store<u32>(packet, pieces + 1, PIECES);
  if (isLast(piece)) store<u32>(packet, endOf(piece), END);
  if (isComplete(packet)) store<u64>(packet, 0);
  return found;
}

function placeOf(packet: usize, index: u32): usize { return packet + FIRST_PIECE + index * PIECE_BYTES; }

/** This very piece. */
function isSeen(packet: usize, piece: u64): bool {
  for (let index: u32 = 0; index < load<u32>(packet, PIECES); index++) {
    if (load<u32>(placeOf(packet, index)) == <u32>piece) return true;
  }
  return false;
}

/** There is room for it, it overlaps none, and the last one ends behind all others. */
function fits(packet: usize, piece: u64): bool {
  const pieces = load<u32>(packet, PIECES);
  const end = load<u32>(packet, END);
  if (pieces == MAX_FRAGMENT_PIECES || (end != 0 && (isLast(piece) || endOf(piece) > end))) return false;
  for (let index: u32 = 0; index < pieces; index++) {
    const other = <u64>load<u32>(placeOf(packet, index));
    if (startOf(piece) < endOf(other) && (isLast(piece) || startOf(other) < endOf(piece))) return false;
  }
  return true;
}

/** All of it was seen: as none overlaps another, they are as long as the packet. */
function isComplete(packet: usize): bool {
  let units: u32 = 0;
  for (let index: u32 = 0; index < load<u32>(packet, PIECES); index++) {
    const piece = <u64>load<u32>(placeOf(packet, index));
    units += endOf(piece) - startOf(piece);
  }
  return units == load<u32>(packet, END);
}
