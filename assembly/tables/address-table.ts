/** Address bindings: which MAC and port an IP address of a network has (abi/address.ts, address-index.ts). Written by the agent only. */
import * as map from "../abi/memory-map";
import * as field from "../abi/address";
import * as step from "../abi/trace";
import { TRACE, note } from "../memory/trace";
import * as index from "./address-index";

function search(network: u32, family: u32, low: u64, high: u64): usize {
  return index.search(map.ADDRESSES, map.ADDRESS_SLOTS, network, family, low, high);
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

/** Whether the address, as two halves, is bound to a port. */
export function isBound(network: u32, family: u32, low: u64, high: u64): bool { return search(network, family, low, high) != 0; }

export function portOf(record: usize): u32 { return load<u32>(record, field.PORT); }
export function macOf(record: usize): u64 { return load<u64>(record, field.MAC); }

/** Binds the address at `address` (16 bytes; IPv4 in the first four, the rest 0) to a MAC and a port. False when the address
 *  is bound already or no place is free within ADDRESS_PROBES. The agent only. */
export function bind(network: u32, family: u32, address: usize, port: u32, mac: u64): bool {
  const low = load<u64>(address);
  const high = load<u64>(address, 8);
  if (search(network, family, low, high) != 0) return false;
  const record = index.place(map.ADDRESSES, map.ADDRESS_SLOTS, network, family, low, high);
  if (record == 0) return false;
  store<u32>(record, port, field.PORT);
  store<u64>(record, mac, field.MAC);
  index.enter(record);
  return true;
}

/** Removes a binding to `port`; false when there is none. The agent only; a grace period must pass before the next `bind`. */
export function unbind(network: u32, family: u32, address: usize, port: u32): bool {
  const record = search(network, family, load<u64>(address), load<u64>(address, 8));
  if (record == 0 || portOf(record) != port) return false;
  index.leave(record);
  return true;
}
