/** Open addressing by an IP address of a network: what the tables of bindings (abi/address.ts) and of endpoints (abi/endpoint.ts) share, as
 *  their records begin alike. From a hashed place on, ADDRESS_PROBES places far at most; a removed record stays in the chain until it is used
 *  again. Written by the agent only; a reader sees a whole record or none, since the state is written last and a removed record rests for a
 *  grace period. An address has 16 bytes as two halves; IPv4 stands in the first four bytes, in network order. */
import * as map from "../abi/memory-map";
import * as field from "../abi/address";
import { ADDRESS_PROBES } from "../abi/limits";
import * as atomic from "../memory/atomic";
import * as hash from "./hash";

function firstOf(table: usize, slots: u32, network: u32, family: u32, low: u64, high: u64): usize {
  const mixed = hash.of64(hash.of64(low ^ (<u64>network << 40) ^ (<u64>family << 60)) ^ high);
  return table + (<u32>(mixed >> 20) & (slots - 1)) * map.ADDRESS_BYTES;
}

function matches(record: usize, network: u32, family: u32, low: u64, high: u64): bool {
  return load<u32>(record, field.NETWORK) == network && load<u32>(record, field.FAMILY) == family
    && load<u64>(record, field.ADDRESS) == low && load<u64>(record, field.ADDRESS + 8) == high;
}

/** Record of the address, in a table of `slots` places (a power of two); 0: there is none. */
export function search(table: usize, slots: u32, network: u32, family: u32, low: u64, high: u64): usize {
  let record = firstOf(table, slots, network, family, low, high);
  for (let probe: u32 = 0; probe < <u32>ADDRESS_PROBES; probe++, record += map.ADDRESS_BYTES) {
    const state = atomic.load32(record + field.STATE);
    if (state == field.STATE_EMPTY) return 0;
    if (state == field.STATE_BOUND && matches(record, network, family, low, high)) return record;
  }
  return 0;
}

/** A place for a record of the address, which has none, with all fields that the tables share but its state; 0: none is free. */
export function place(table: usize, slots: u32, network: u32, family: u32, low: u64, high: u64): usize {
  let record = firstOf(table, slots, network, family, low, high);
  for (let probe: u32 = 0; probe < <u32>ADDRESS_PROBES; probe++, record += map.ADDRESS_BYTES) {
    if (load<u32>(record, field.STATE) == field.STATE_BOUND) continue;
    store<u32>(record, network, field.NETWORK);
    store<u32>(record, family, field.FAMILY);
    store<u64>(record, low, field.ADDRESS);
    store<u64>(record, high, field.ADDRESS + 8);
    return record;
  }
  return 0;
}

/** Lets readers see a record that is whole. */
export function enter(record: usize): void { atomic.store32(record + field.STATE, field.STATE_BOUND); }
/** Takes a record out; its place rests for a grace period before the next `place`. */
export function leave(record: usize): void { atomic.store32(record + field.STATE, field.STATE_REMOVED); }
