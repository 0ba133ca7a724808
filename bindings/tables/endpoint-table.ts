/** The endpoint table (assembly/abi/endpoint.ts) as the agent reads it without an address to look for. */
import * as address from "../../assembly/abi/address.ts";
import * as field from "../../assembly/abi/endpoint.ts";
import { ADDRESS_PROBES, ENDPOINT_SLOTS, MAX_BACKENDS } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import { addressText } from "../config/ip-address.ts";
import { nextBackend } from "./backend-table.ts";
import type { Tables } from "./tables.ts";

/** What services have to do with an address. */
export interface EndpointRecord {
  network: number;
  /** Without prefix length. */
  address: string;
  /** Whose virtual address it is; 0: none's. */
  service: number;
  /** Backends that have it, in the order in which they are chained. */
  backends: number[];
}

/** All of them. */
export function* endpoints(tables: Tables): Generator<EndpointRecord> {
  const first = tables.load32(map.HEAD_ENDPOINTS);
  for (let place = 0; place < ENDPOINT_SLOTS + ADDRESS_PROBES; place++) {
    const at = first + place * map.ENDPOINT_BYTES;
    if (tables.load32(at + address.STATE) !== address.STATE_BOUND) continue;
    const bytes = tables.load32(at + address.FAMILY) === 4 ? 4 : 16;
    yield {
      network: tables.load32(at + address.NETWORK),
      address: addressText(tables.bytes.slice(at + address.ADDRESS, at + address.ADDRESS + bytes)),
      service: tables.load32(at + field.SERVICE),
      backends: chain(tables, tables.load32(at + field.BACKEND)),
    };
  }
}

/** A chain that somebody left half written ends at the limit. */
function chain(tables: Tables, head: number): number[] {
  const found: number[] = [];
  for (let next = head === 0 ? null : head - 1; next !== null && found.length < MAX_BACKENDS; next = nextBackend(tables, next))
    found.push(next);
  return found;
}
