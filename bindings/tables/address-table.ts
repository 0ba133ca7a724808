/** The address table (assembly/abi/address.ts) as the agent reads it without a name to look for. */
import * as field from "../../assembly/abi/address.ts";
import { ADDRESS_PROBES } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import { addressText } from "../config/ip-address.ts";
import type { Tables } from "./tables.ts";

/** An address that is bound to a port. */
export interface Bound {
  network: number;
  port: number;
  /** Without prefix length. */
  address: string;
}

/** Every address that is bound. */
export function* bound(tables: Tables): Generator<Bound> {
  for (let place = 0; place < map.ADDRESS_SLOTS + ADDRESS_PROBES; place++) {
    const at = map.ADDRESSES + place * map.ADDRESS_BYTES;
    if (tables.load32(at + field.STATE) !== field.STATE_BOUND) continue;
    const bytes = tables.bytes.slice(at + field.ADDRESS, at + field.ADDRESS + (tables.load32(at + field.FAMILY) === 4 ? 4 : 16));
    yield { network: tables.load32(at + field.NETWORK), port: tables.load32(at + field.PORT), address: addressText(bytes) };
  }
}

/** Removes every binding to `port`; the records rest until the grace period is over. Returns how many there were. */
export function unbindAll(tables: Tables, port: number): number {
  let unbound = 0;
  for (let place = 0; place < map.ADDRESS_SLOTS + ADDRESS_PROBES; place++) {
    const at = map.ADDRESSES + place * map.ADDRESS_BYTES;
    if (tables.load32(at + field.STATE) !== field.STATE_BOUND || tables.load32(at + field.PORT) !== port) continue;
    tables.store32(at + field.STATE, field.STATE_REMOVED);
    unbound++;
  }
  return unbound;
}
