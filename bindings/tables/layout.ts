/** Where the parts of variable size lie, for given table sizes: the arithmetic behind assembly/abi/memory-map.ts. */
import { MAC_BUCKET_SLOTS, MAC_SLOTS_PER_ENTRY } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";

export interface TableSizes {
  /** Entries that the MAC table may hold. */
  macs: number;
  /** Workers that have counters, 1-16. */
  workers: number;
}

/** Pointers into the memory, and sizes in bytes. */
export interface Layout extends TableSizes {
  counters: number;
  macTable: number;
  macPlaces: number;
  macBuckets: number;
  /** Bytes of the tables region, a multiple of a Wasm page: the size of the tables file. */
  tablesBytes: number;
  /** Where the region of the first worker begins. */
  workersBase: number;
}

/** Lays the tables out. */
export function layOut(sizes: TableSizes): Layout {
  const macBuckets = 2 ** Math.ceil(Math.log2((sizes.macs * MAC_SLOTS_PER_ENTRY) / MAC_BUCKET_SLOTS));
  const places = macBuckets * MAC_BUCKET_SLOTS;
  const counters = roundUp(map.TABLES_FIXED_END, 4096);
  const macTable = roundUp(counters + sizes.workers * map.WORKER_COUNTERS_BYTES, 4096);
  const macPlaces = macTable + places * map.MAC_ENTRY_BYTES;
  const workersBase = roundUp(macPlaces + places * 4, map.WASM_PAGE_BYTES);
  return { ...sizes, counters, macTable, macPlaces, macBuckets, tablesBytes: workersBase - map.TABLES, workersBase };
}

/** Wasm pages of a memory with `regions` worker regions behind the tables. */
export function memoryPages(layout: Layout, regions: number): number {
  return (layout.workersBase + regions * map.WORKER_BYTES) / map.WASM_PAGE_BYTES;
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
