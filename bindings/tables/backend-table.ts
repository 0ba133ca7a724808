/** The backend table (assembly/abi/backend.ts): what the agent says of a backend, and what workers have counted of it. */
import * as field from "../../assembly/abi/backend.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import { addressBytes, addressText } from "../config/ip-address.ts";
import { joinMac } from "../mac.ts";
import { fingerprintOf } from "./identity.ts";
import type { Tables } from "./tables.ts";

/** Address of a backend's record. */
export function backendRecordOf(tables: Tables, index: number): number {
  return tables.load32(map.HEAD_BACKENDS) + index * map.BACKEND_BYTES;
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
  tables.store32(at + field.WEIGHT, Math.round(weight * field.WEIGHT_ONE));
  tables.store32(at + field.MAX_ACTIVE, maxActive);
  tables.store32(at + field.STATE, isUsable ? field.USABLE : field.UNUSABLE);
}

/** Who a backend is, and where. */
export interface BackendIdentity {
  name: string;
  /** Without prefix length. */
  address: string;
  /** Null: the one that a rule of its service says. */
  port: number | null;
  /** Index of its service. */
  service: number;
}

/** Writes who a backend is; nothing new comes to it yet. */
export function identifyBackend(tables: Tables, index: number, { name, address, port, service }: BackendIdentity): void {
  const at = backendRecordOf(tables, index);
  const bytes = addressBytes(address);
  tables.fill(at, map.BACKEND_BYTES);
  tables.bytes.set(bytes, at + field.ADDRESS);
  tables.store32(at + field.FAMILY, bytes.length === 4 ? 4 : 6);
  tables.store64(at + field.NAME_FINGERPRINT, backendFingerprint(name));
  assignBackend(tables, index, service, port);
  tables.store32(at + field.STATE, field.UNUSABLE);
}

/** Writes what may change of it while it has flows. */
export function assignBackend(tables: Tables, index: number, service: number, port: number | null): void {
  const at = backendRecordOf(tables, index);
  tables.store32(at + field.SERVICE, service);
  tables.store32(at + field.PORT, port ?? 0);
}

/** By what a restarted agent knows a backend of a service. */
export function backendFingerprint(name: string): bigint {
  return fingerprintOf({ name });
}

/** What stands in a record. */
export interface BackendRecord {
  index: number;
  service: number;
  /** Null: none of its own. */
  port: number | null;
  address: string;
  fingerprint: bigint;
}

/** Null where there is no backend. */
export function readBackend(tables: Tables, index: number): BackendRecord | null {
  const at = backendRecordOf(tables, index);
  if (tables.load32(at + field.STATE) === field.ABSENT) return null;
  return {
    index,
    service: tables.load32(at + field.SERVICE),
    port: tables.load32(at + field.PORT) || null,
    address: addressOf(tables, index),
    fingerprint: tables.load64(at + field.NAME_FINGERPRINT),
  };
}

/** Whether there is something in a record, whether or not there is a backend. */
export function isWritten(tables: Tables, index: number): boolean {
  return tables.load32(backendRecordOf(tables, index) + field.FAMILY) !== 0;
}

/** Address in a record that has a backend, or had one until it was cleared. */
export function addressOf(tables: Tables, index: number): string {
  const at = backendRecordOf(tables, index);
  const bytes = tables.load32(at + field.FAMILY) === 4 ? 4 : 16;
  return addressText(tables.bytes.slice(at + field.ADDRESS, at + field.ADDRESS + bytes));
}

/** Nothing refers to the record any more but flows, which are to end. */
export function leaveBackend(tables: Tables, index: number): void {
  tables.store32(backendRecordOf(tables, index) + field.STATE, field.ABSENT);
}
/** Empties the record. */
export function clearBackend(tables: Tables, index: number): void {
  tables.fill(backendRecordOf(tables, index), map.BACKEND_BYTES);
}

/** Writes the load that a backend reports of itself.
 *  @param load 1 is a backend that is just full.
 *  @param untilSeconds of the monotonic clock; from then on it does not count. */
export function writeLoad(tables: Tables, index: number, load: number, untilSeconds: number): void {
  const at = backendRecordOf(tables, index);
  tables.store32(at + field.LOAD, Math.round(load * field.LOAD_ONE));
  tables.store32(at + field.LOAD_UNTIL, untilSeconds);
}

/** Flows that a backend has now. */
export function active(tables: Tables, index: number): number {
  return tables.load32(backendRecordOf(tables, index) + field.ACTIVE);
}

/** What workers have counted of it. */
export function readCounts(tables: Tables, index: number): { picked: number; failed: number; answered: number } {
  const at = backendRecordOf(tables, index);
  const count = (offset: number) => tables.count(at + offset);
  return { picked: count(field.PICKED), failed: count(field.FAILED), answered: count(field.ANSWERED) };
}

/** The agent's own picks that are not done, among its active flows: `by` more.  */
export function addPicks(tables: Tables, index: number, by: number): void {
  tables.add32(backendRecordOf(tables, index) + field.PICKS, by);
}
/** Takes out what an agent that died had picked. */
export function dropPicks(tables: Tables, index: number): void {
  const at = backendRecordOf(tables, index);
  const picks = tables.load32(at + field.PICKS);
  tables.store32(at + field.PICKS, 0);
  const before = tables.add32(at + field.ACTIVE, -picks);
  if (before < picks) tables.add32(at + field.ACTIVE, picks - before);
}

/** Nothing but these picks are its active flows. */
export function keepPicks(tables: Tables, index: number): void {
  const at = backendRecordOf(tables, index);
  tables.store32(at + field.ACTIVE, tables.load32(at + field.PICKS));
}

/** Of the station at its address; null while it is not known. */
export function backendMac(tables: Tables, index: number): string | null {
  const mac = tables.load64(backendRecordOf(tables, index) + field.MAC);
  return mac === 0n ? null : joinMac(Number(mac & 0xffffffffn), Number(mac >> 32n));
}
/** As two numbers (bindings/mac.ts); 0, 0: it is not known. */
export function setBackendMac(tables: Tables, index: number, [low, high]: readonly [number, number]): void {
  tables.store64(backendRecordOf(tables, index) + field.MAC, BigInt(low) | (BigInt(high) << 32n));
}

/** The next backend with its address in its network; null: it is the last. */
export function setNextBackend(tables: Tables, index: number, next: number | null): void {
  tables.store32(backendRecordOf(tables, index) + field.NEXT, next === null ? 0 : next + 1);
}
/** As `setNextBackend` has it. */
export function nextBackend(tables: Tables, index: number): number | null {
  const next = tables.load32(backendRecordOf(tables, index) + field.NEXT);
  return next === 0 ? null : next - 1;
}
