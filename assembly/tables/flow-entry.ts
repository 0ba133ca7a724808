/** An entry of the flow table (abi/flow.ts): its number and word, and its two tuples as the index hashes and compares them:
 *
 *      head     network 16 | protocol 8 | family 8 | source port 16 | destination port 16, ports as they lie in the packet
 *      from     source address, low and high half; of IPv4 the high one is 0
 *      to       destination address, the same                                                                              */
import * as map from "../abi/memory-map";
import * as field from "../abi/flow";
import * as atomic from "../memory/atomic";
import * as hash from "./hash";

export function entryOf(number: u32): usize { return load<u32>(map.HEAD_FLOWS) + number * map.FLOW_BYTES; }
export function numberOf(entry: usize): u32 { return <u32>(entry - load<u32>(map.HEAD_FLOWS)) / map.FLOW_BYTES; }

export function wordOf(entry: usize): u64 { return atomic.load64(entry + field.WORD); }
export function instanceOf(word: u64): u32 { return <u32>word; }
export function stateOf(word: u64): u32 { return <u32>(word >> field.STATE_SHIFT) & 0xff; }
export function flagsOf(word: u64): u32 { return <u32>(word >> field.FLAGS_SHIFT); }
/** Word of these. */
export function word(instance: u32, state: u32, flags: u32): u64 {
  return <u64>instance | (<u64>state << field.STATE_SHIFT) | (<u64>flags << field.FLAGS_SHIFT);
}

/** True of a flow that frames may be matched with. */
export function isLive(word: u64): bool {
  const state = stateOf(word);
  return state != field.STATE_FREE && state < <u32>field.STATE_CLAIMED;
}

/** Head of the tuple of an entry in `direction`. */
export function headIn(entry: usize, direction: u32): u64 {
  if (direction == field.ORIGINAL) return load<u64>(entry, field.NETWORK);
  return <u64>load<u32>(entry, field.NETWORK) | (<u64>load<u32>(entry, field.BACKEND_PORT) << 32);
}
/** Address of its two addresses, one behind the other. */
export function addressesOf(entry: usize, direction: u32): usize { return entry + field.CLIENT_ADDRESS + direction * 32; }

/** Keyed hash of a tuple: the low half names its buckets, the high half is its tag. */
export function hashOf(head: u64, fromLow: u64, fromHigh: u64, toLow: u64, toHigh: u64): u64 {
  const isIpv4 = (<u32>(head >> 24) & 0xff) == 4;
  if (isIpv4) return hash.of64(hash.of64(head) ^ (fromLow | (toLow << 32)));
  return hash.of64(hash.of64(hash.of64(hash.of64(hash.of64(head) ^ fromLow) ^ fromHigh) ^ toLow) ^ toHigh);
}
/** The same of the tuple of an entry in `direction`. */
export function ownHash(entry: usize, direction: u32): u64 {
  const at = addressesOf(entry, direction);
  return hashOf(headIn(entry, direction), load<u64>(at), load<u64>(at, 8), load<u64>(at, 16), load<u64>(at, 24));
}

/** True when the tuple is that of `entry` in `direction`. Only what a look at its word before and after says of it counts. */
export function matches(entry: usize, direction: u32, head: u64, fromLow: u64, fromHigh: u64, toLow: u64, toHigh: u64): bool {
  const at = addressesOf(entry, direction);
  return headIn(entry, direction) == head && load<u64>(at) == fromLow && load<u64>(at, 16) == toLow
    && load<u64>(at, 8) == fromHigh && load<u64>(at, 24) == toHigh;
}

/** True when the tuple of `entry` in `direction` is that of `other` in `otherDirection`. */
export function areSame(entry: usize, direction: u32, other: usize, otherDirection: u32): bool {
  const at = addressesOf(entry, direction);
  return matches(other, otherDirection, headIn(entry, direction), load<u64>(at), load<u64>(at, 8), load<u64>(at, 16), load<u64>(at, 24));
}
