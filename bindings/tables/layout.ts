/** Where the parts of variable size lie, for given table sizes: the arithmetic behind assembly/abi/memory-map.ts. */
import {
  ADDRESS_PROBES,
  ENDPOINT_SLOTS,
  FLOW_BUCKET_SLOTS,
  FLOW_CHUNK,
  FLOW_REFERENCES,
  MAC_BUCKET_SLOTS,
  MAC_SLOTS_PER_ENTRY,
  MAX_BACKENDS,
  MAX_SERVICES,
  SLATES_BYTES,
} from "../../assembly/abi/limits.ts";
import { REFERENCE_BYTES } from "../../assembly/abi/flow.ts";
import * as map from "../../assembly/abi/memory-map.ts";

export interface TableSizes {
  /** Entries that the MAC table may hold. */
  macs: number;
  /** Flows, rounded up to a multiple of FLOW_CHUNK; with 0 there is no room for services either. */
  flows: number;
  /** Workers that have counters, 1-16. */
  workers: number;
}

/** Pointers into the memory, and sizes in bytes. */
export interface Layout extends TableSizes {
  counters: number;
  macTable: number;
  macPlaces: number;
  macBuckets: number;
  flowTable: number;
  flowChunks: number;
  flowIndex: number;
  flowBuckets: number;
  services: number;
  backends: number;
  slates: number;
  slatesEnd: number;
  endpoints: number;
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
  const flows = roundUp(sizes.flows, FLOW_CHUNK);
  const flowBuckets = 2 ** Math.ceil(Math.log2((flows * FLOW_REFERENCES) / FLOW_BUCKET_SLOTS));
  const flowTable = roundUp(macPlaces + places * 4, 4096);
  const flowIndex = roundUp(flowTable + flows * map.FLOW_BYTES, 4096);
  const flowChunks = flowIndex + flowBuckets * FLOW_BUCKET_SLOTS * REFERENCE_BYTES;
  const services = roundUp(flowChunks + (flows / FLOW_CHUNK) * 4, 4096);
  const backends = services + (flows > 0 ? MAX_SERVICES * map.SERVICE_BYTES : 0);
  const slates = backends + (flows > 0 ? MAX_BACKENDS * map.BACKEND_BYTES : 0);
  const slatesEnd = slates + (flows > 0 ? SLATES_BYTES : 0);
  const endpointsEnd = slatesEnd + (flows > 0 ? (ENDPOINT_SLOTS + ADDRESS_PROBES) * map.ENDPOINT_BYTES : 0);
  const workersBase = roundUp(endpointsEnd, map.WASM_PAGE_BYTES);
  return {
    ...sizes,
    flows,
    counters,
    macTable,
    macPlaces,
    macBuckets,
    flowTable,
    flowChunks,
    flowIndex,
    flowBuckets,
    services,
    backends,
    slates,
    slatesEnd,
    endpoints: slatesEnd,
    tablesBytes: workersBase - map.TABLES,
    workersBase,
  };
}

/** Wasm pages of a memory with `regions` worker regions behind the tables. */
export function memoryPages(layout: Layout, regions: number): number {
  return (layout.workersBase + regions * map.WORKER_BYTES) / map.WASM_PAGE_BYTES;
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
