/** Addresses that services have to do with (abi/endpoint.ts): virtual ones, and those of backends. Written by the agent only. */
import * as map from "../abi/memory-map";
import * as field from "../abi/endpoint";
import { ENDPOINT_SLOTS } from "../abi/limits";
import * as index from "./address-index";

/** Record of an address, as two halves, or 0. */
export function find(network: u32, family: u32, low: u64, high: u64): usize {
  return index.search(load<u32>(map.HEAD_ENDPOINTS), ENDPOINT_SLOTS, network, family, low, high);
}

/** Service whose virtual address it is; 0: none's. */
export function serviceOf(record: usize): u32 { return load<u32>(record, field.SERVICE); }
/** The first backend that has it: its index + 1, or 0. */
export function backendOf(record: usize): u32 { return load<u32>(record, field.BACKEND); }

/** Says what the 16 bytes at `address` have to do with services; nothing any more where both are 0. False when no place is free. The agent only;
 *  a grace period must pass before the place of one that has gone is used again. */
export function set(network: u32, family: u32, address: usize, service: u32, backend: u32): bool {
  const low = load<u64>(address);
  const high = load<u64>(address, 8);
  let record = find(network, family, low, high);
  const isNew = record == 0;
  if ((service | backend) == 0) {
    if (!isNew) index.leave(record);
    return true;
  }
  if (isNew) record = index.place(load<u32>(map.HEAD_ENDPOINTS), ENDPOINT_SLOTS, network, family, low, high);
  if (record == 0) return false;
  store<u32>(record, service, field.SERVICE);
  store<u32>(record, backend, field.BACKEND);
  if (isNew) index.enter(record);
  return true;
}
