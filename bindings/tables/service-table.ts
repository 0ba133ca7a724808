/** Services, backends and slates (assembly/abi/service.ts, backend.ts), written by the agent. */
import * as backend from "../../assembly/abi/backend.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as field from "../../assembly/abi/service.ts";
import type { Tables } from "./tables.ts";

/** Address of a service's record. */
export function recordOf(tables: Tables, service: number): number {
  return tables.load32(map.HEAD_SERVICES) + service * map.SERVICE_BYTES;
}

/** Address of a backend's record. */
export function backendRecordOf(tables: Tables, index: number): number {
  return tables.load32(map.HEAD_BACKENDS) + index * map.BACKEND_BYTES;
}

/** What the hot path chooses by. */
export interface Slate {
  /** Indices in the backend table. */
  backends: readonly number[];
  /** Positions in `backends`, for each turn. */
  schedule: Uint16Array;
  /** Positions in `backends`, for each place; empty where the algorithm needs none. */
  ring: Uint16Array;
}

/** Bytes of a slate, a multiple of 64. */
export function slateBytes({ backends, schedule, ring }: Slate): number {
  return Math.ceil((field.SLATE_BACKENDS + backends.length * 4 + (schedule.length + ring.length) * 2) / 64) * 64;
}

/** Writes a slate at `at`, where nobody looks yet. */
export function writeSlate(tables: Tables, at: number, { backends, schedule, ring }: Slate): void {
  tables.store32(at + field.SLATE_COUNT, backends.length);
  tables.store32(at + field.SLATE_TURNS, schedule.length);
  tables.store32(at + field.SLATE_PLACES, ring.length);
  for (const [position, index] of backends.entries()) tables.store32(at + field.SLATE_BACKENDS + position * 4, index);
  const turns = at + field.SLATE_BACKENDS + backends.length * 4;
  for (const [turn, position] of schedule.entries()) tables.store16(turns + turn * 2, position);
  const places = turns + schedule.length * 2;
  for (const [place, position] of ring.entries()) tables.store16(places + place * 2, position);
}

/** Lets workers see the slate at `at` (0: none) and choose by `algorithm`, in one step each: either fits the other. */
export function publish(tables: Tables, service: number, algorithm: number, at: number): void {
  tables.store32(recordOf(tables, service) + field.SLATE, at);
  tables.store32(recordOf(tables, service) + field.ALGORITHM, algorithm);
  tables.store32(recordOf(tables, service) + field.STATE, 1);
}

/** What the agent says of a backend. */
export interface BackendSettings {
  /** From 0 on; a slow start has fractions. */
  weight: number;
  isUsable?: boolean;
  /** Flows at once; 0: any number. */
  maxActive?: number;
}

/** Writes what the agent says of a backend; what workers have counted stays. */
export function writeBackend(tables: Tables, index: number, { weight, isUsable = true, maxActive = 0 }: BackendSettings): void {
  const at = backendRecordOf(tables, index);
  tables.store32(at + backend.WEIGHT, Math.round(weight * backend.WEIGHT_ONE));
  tables.store32(at + backend.MAX_ACTIVE, maxActive);
  tables.store32(at + backend.STATE, isUsable ? backend.USABLE : backend.UNUSABLE);
}

/** Writes the load that a backend reports of itself.
 *  @param load 1 is a backend that is just full.
 *  @param untilSeconds of the monotonic clock; from then on it does not count. */
export function writeLoad(tables: Tables, index: number, load: number, untilSeconds: number): void {
  const at = backendRecordOf(tables, index);
  tables.store32(at + backend.LOAD, Math.round(load * backend.LOAD_ONE));
  tables.store32(at + backend.LOAD_UNTIL, untilSeconds);
}

/** Flows that a backend has now. */
export function active(tables: Tables, index: number): number {
  return tables.load32(backendRecordOf(tables, index) + backend.ACTIVE);
}
