/** Address bindings: which MAC and port an IP address of a network has (abi/address.ts). Open addressing from a hashed
 *  place, ADDRESS_PROBES places far at most; a removed record stays in the chain until it is used again. Written by the
 *  agent only; a reader sees a whole record or none, since the state is written last and a removed record rests for a
 *  grace period. IPv4 addresses stand in the first four bytes of the 16, in network order. */
import * as map from "../abi/memory-map";
import * as field from "../abi/address";
import * as step from "../abi/trace";
import { ADDRESS_PROBES } from "../abi/limits";
import * as atomic from "../memory/atomic";
import { TRACE, note } from "../memory/trace";
import * as hash from "./hash";

function recordAt(place: u32): usize { return map.ADDRESSES + place * map.ADDRESS_BYTES; }

function hashOf(network: u32, family: u32, low: u64, high: u64): u32 {
  return <u32>(hash.of64(hash.of64(low ^ (<u64>network << 40) ^ (<u64>family << 60)) ^ high) >> 20) & (map.ADDRESS_SLOTS - 1);
}

function matches(record: usize, network: u32, family: u32, low: u64, high: u64): bool {
  return load<u32>(record, field.NETWORK) == network && load<u32>(record, field.FAMILY) == family
    && load<u64>(record, field.ADDRESS) == low && load<u64>(record, field.ADDRESS + 8) == high;
}

function search(network: u32, family: u32, low: u64, high: u64): usize {
  const first = hashOf(network, family, low, high);
  for (let probe: u32 = 0; probe < <u32>ADDRESS_PROBES; probe++) {
    const record = recordAt(first + probe);
    const state = atomic.load32(record + field.STATE);
    if (state == field.STATE_EMPTY) return 0;
    if (state == field.STATE_BOUND && matches(record, network, family, low, high)) return record;
  }
  return 0;
}

/** Record of an IPv4 address (network order, as it lies in the packet), or 0. */
export function findIpv4(network: u32, addressBe: u32): usize {
  const record = search(network, 4, addressBe, 0);
  if (TRACE) noteFound(record, 4, addressBe, 0);
  return record;
}

/** Record of the IPv6 address at `address`, or 0. */
export function findIpv6(network: u32, address: usize): usize {
  const record = search(network, 6, load<u64>(address), load<u64>(address, 8));
  if (TRACE) noteFound(record, 6, load<u64>(address), load<u64>(address, 8));
  return record;
}

function noteFound(record: usize, family: u32, low: u64, high: u64): void {
  note(step.BINDING, <u32>(record != 0), record == 0 ? 0 : portOf(record), family, low, high);
}

export function portOf(record: usize): u32 { return load<u32>(record, field.PORT); }
export function macOf(record: usize): u64 { return load<u64>(record, field.MAC); }

/** Binds the address at `address` (16 bytes; IPv4 in the first four, the rest 0) to a MAC and a port. False when the address
 *  is bound already or no place is free within ADDRESS_PROBES. The agent only. */
export function bind(network: u32, family: u32, address: usize, port: u32, mac: u64): bool {
  const low = load<u64>(address);
  const high = load<u64>(address, 8);
  if (search(network, family, low, high) != 0) return false;
  const first = hashOf(network, family, low, high);
  for (let probe: u32 = 0; probe < <u32>ADDRESS_PROBES; probe++) {
    const record = recordAt(first + probe);
    if (load<u32>(record, field.STATE) == field.STATE_BOUND) continue;
    store<u32>(record, network, field.NETWORK);
    store<u32>(record, family, field.FAMILY);
    store<u32>(record, port, field.PORT);
    store<u64>(record, low, field.ADDRESS);
    store<u64>(record, high, field.ADDRESS + 8);
    store<u64>(record, mac, field.MAC);
    atomic.store32(record + field.STATE, field.STATE_BOUND);
    return true;
  }
  return false;
}

/** Removes a binding to `port`; false when there is none. The agent only; a grace period must pass before the next `bind`. */
export function unbind(network: u32, family: u32, address: usize, port: u32): bool {
  const record = search(network, family, load<u64>(address), load<u64>(address, 8));
  if (record == 0 || portOf(record) != port) return false;
  atomic.store32(record + field.STATE, field.STATE_REMOVED);
  return true;
}
