/** The MAC table as a reader sees it: a walk over all places, each entry whole or left out (key, value, key). */
import { MAC_BUCKET_SLOTS } from "../../assembly/abi/limits.ts";
import * as field from "../../assembly/abi/mac.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import { joinMac } from "../mac.ts";
import type { Tables } from "./tables.ts";

export interface MacEntry {
  /** Index of the network. */
  network: number;
  mac: string;
  port: number;
  generation: number;
  isStatic: boolean;
  /** Seconds of the monotonic clock. */
  lastSeen: number;
}

/** Every entry, in the table's order. */
export function* entries(tables: Tables): Generator<MacEntry> {
  const base = tables.load32(map.HEAD_MACS);
  const places = (tables.load32(map.HEAD_MAC_BUCKET_MASK) + 1) * MAC_BUCKET_SLOTS;
  for (let place = 0; place < places; place++) {
    const entry = read(tables, base + place * map.MAC_ENTRY_BYTES);
    if (entry !== null) yield entry;
  }
}

function read(tables: Tables, at: number): MacEntry | null {
  const high = tables.load32(at + 4);
  const low = tables.load32(at);
  if (high === 0 && low === 0) return null;
  const key = tables.load64(at);
  const value = tables.load64(at + 8);
  if (value === 0n || tables.load64(at) !== key) return null;
  return {
    network: Number(key >> 48n),
    mac: joinMac(Number(key & 0xffffffffn), Number((key >> 32n) & 0xffffn)),
    port: Number(value & 0xffffn),
    generation: Number((value >> BigInt(field.GENERATION_SHIFT)) & 0xffn),
    isStatic: ((value >> BigInt(field.FLAGS_SHIFT)) & BigInt(field.FLAG_STATIC)) !== 0n,
    lastSeen: Number(value >> BigInt(field.SEEN_SHIFT)),
  };
}

/** Entries in the table now, learned and static. */
export function count(tables: Tables): number {
  return tables.load32(map.HEAD_MAC_COUNT);
}
