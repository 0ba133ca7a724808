/** Services and slates (assembly/abi/service.ts), written by the agent. */
import { MAX_SERVICES } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as field from "../../assembly/abi/service.ts";
import { addressBytes, addressText } from "../config/ip-address.ts";
import { splitMac } from "../mac.ts";
import { readName, writeName } from "./identity.ts";
import type { Tables } from "./tables.ts";

export { active, type BackendSettings, backendRecordOf, writeBackend, writeLoad } from "./backend-table.ts";

/** Address of a service's record. */
export function recordOf(tables: Tables, service: number): number {
  return tables.load32(map.HEAD_SERVICES) + service * map.SERVICE_BYTES;
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
  return bytesOf(backends.length, schedule.length, ring.length);
}

function bytesOf(backends: number, turns: number, places: number): number {
  return Math.ceil((field.SLATE_BACKENDS + backends * 4 + (turns + places) * 2) / 64) * 64;
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
  tables.store32(recordOf(tables, service) + field.STATE, PRESENT);
}

const PRESENT = 1;

/** Where the slate of a service is, if it has one. */
export function slatePlace(tables: Tables, service: number): { at: number; bytes: number } | null {
  const at = tables.load32(recordOf(tables, service) + field.SLATE);
  if (at === 0) return null;
  const [backends, turns, places] = [field.SLATE_COUNT, field.SLATE_TURNS, field.SLATE_PLACES].map((offset) => tables.load32(at + offset));
  return { at, bytes: bytesOf(backends ?? 0, turns ?? 0, places ?? 0) };
}

/** What a service is known by, and what is said of it. */
export interface ServiceRecord {
  name: string;
  /** Index of the network. */
  network: number;
  /** Without prefix length; null without one. */
  address: string | null;
}

/** Writes who a service is, where nobody looks yet. @param mac of its virtual address. */
export function identifyService(tables: Tables, service: number, { name, network, address }: ServiceRecord, mac: string | null): void {
  const at = recordOf(tables, service);
  tables.store32(at + field.NETWORK, network);
  tables.fill(at + field.VIRTUAL_ADDRESS, 16);
  const bytes = address === null ? [] : addressBytes(address);
  tables.bytes.set(bytes, at + field.VIRTUAL_ADDRESS);
  tables.store32(at + field.FAMILY, bytes.length === 0 ? 0 : bytes.length === 4 ? 4 : 6);
  const [low, high] = mac === null ? [0, 0] : splitMac(mac);
  tables.store64(at + field.VIRTUAL_MAC, BigInt(low) | (BigInt(high) << 32n));
  writeName(tables, at + field.NAME, name);
}

/** For how long a silent client keeps its backend; 0: it does not. */
export function setAffinity(tables: Tables, service: number, seconds: number): void {
  tables.store32(recordOf(tables, service) + field.AFFINITY_SECONDS, seconds);
}

/** Null where there is no service. */
export function readService(tables: Tables, service: number): ServiceRecord | null {
  const at = recordOf(tables, service);
  if (tables.load32(at + field.STATE) !== PRESENT) return null;
  const family = tables.load32(at + field.FAMILY);
  const bytes = tables.bytes.slice(at + field.VIRTUAL_ADDRESS, at + field.VIRTUAL_ADDRESS + (family === 4 ? 4 : 16));
  return {
    name: readName(tables, at + field.NAME),
    network: tables.load32(at + field.NETWORK),
    address: family === 0 ? null : addressText(bytes),
  };
}

/** Name in a record, whether or not there is a service; empty: it was never written, or was emptied. */
export function serviceName(tables: Tables, service: number): string {
  return readName(tables, recordOf(tables, service) + field.NAME);
}

/** Whether any service is there. */
export function hasServices(tables: Tables): boolean {
  if (tables.load32(map.HEAD_FLOW_LIMIT) === 0) return false;
  return Array.from({ length: MAX_SERVICES }, (_, service) => recordOf(tables, service)).some(
    (at) => tables.load32(at + field.STATE) === PRESENT,
  );
}

/** There is no such service any more for those who begin something. */
export function leaveService(tables: Tables, service: number): void {
  tables.store32(recordOf(tables, service) + field.STATE, 0);
}
/** Empties the record. */
export function clearService(tables: Tables, service: number): void {
  tables.fill(recordOf(tables, service), map.SERVICE_BYTES);
}
