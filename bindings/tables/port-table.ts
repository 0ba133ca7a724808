/** The port table (assembly/abi/port.ts), written by the agent. */
import * as counter from "../../assembly/abi/counter.ts";
import { MAX_DROP_REASONS, MAX_LINK_LOCALS, MAX_PORTS } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as field from "../../assembly/abi/port.ts";
import { splitMac } from "../mac.ts";
import { fingerprintOf, readName, writeName } from "./identity.ts";
import type { Tables } from "./tables.ts";

export interface PortRecord {
  kind: number;
  flags: number;
  /** Index of the network of an access port, 0 of a trunk. */
  network: number;
  mtu: number;
  /** As text, or null. */
  mac: string | null;
  owner: number;
  /** Trunk page + 1, 0 of an access port. */
  trunk: number;
  native: number;
  macLimit: number;
}

/** Address of a port's record. */
export function recordOf(port: number): number {
  return map.PORTS + port * map.PORT_BYTES;
}

/** Writes everything but the desired state; the port's generation stays. */
export function write(tables: Tables, port: number, record: PortRecord): void {
  const at = recordOf(port);
  const [macLow, macHigh] = record.mac === null ? [0, 0] : splitMac(record.mac);
  const words: [number, number][] = [
    [field.KIND, record.kind],
    [field.FLAGS, record.flags],
    [field.NETWORK, record.network],
    [field.MTU, record.mtu],
    [field.MAC, macLow],
    [field.MAC + 4, macHigh],
    [field.OWNER, record.owner],
    [field.TRUNK, record.trunk],
    [field.NATIVE, record.native],
    [field.MAC_LIMIT, record.macLimit],
    [field.ERRNO, 0],
    [field.ACTUAL, field.ABSENT],
    [field.DESCRIPTOR, 0],
    [field.ATTACHED, 0],
    [field.LINK_LOCAL_COUNT, 0],
    [field.RESTORE, 0],
  ];
  for (const [offset, value] of words) tables.store32(at + offset, value);
  if (generation(tables, port) === 0) tables.store32(at + field.GENERATION, 1);
  if (tables.load32(map.HEAD_PORT_END) <= port) tables.store32(map.HEAD_PORT_END, port + 1);
}

/** Generation of the port's index, 1-255: which of the ports that had it one after the other. */
export function generation(tables: Tables, port: number): number {
  return tables.load32(recordOf(port) + field.GENERATION);
}
/** Writes by what a restarted agent knows the port.
 *  @param restore what its end puts back (RESTORE_*). */
export function identify(tables: Tables, port: number, config: { name: string }, restore: number): void {
  const at = recordOf(port);
  tables.store32(at + field.RESTORE, restore);
  tables.store64(at + field.FINGERPRINT, fingerprintOf(config));
  writeName(tables, at + field.NAME, config.name);
}
/** While a record changes in several steps nobody takes it for a configuration's. */
export function disguise(tables: Tables, port: number): void {
  tables.store64(recordOf(port) + field.FINGERPRINT, 0n);
}
/** What a living port takes beside its bindings: what is checked of its frames counts from the next epoch on. */
export function set(tables: Tables, port: number, flags: number, macLimit: number): void {
  tables.store32(recordOf(port) + field.FLAGS, flags);
  tables.store32(recordOf(port) + field.MAC_LIMIT, macLimit);
}
/** Limit of the port's learned addresses. */
export function macLimit(tables: Tables, port: number): number {
  return tables.load32(recordOf(port) + field.MAC_LIMIT);
}
/** What the end of the port puts back (RESTORE_*). */
export function restore(tables: Tables, port: number): number {
  return tables.load32(recordOf(port) + field.RESTORE);
}
/** Addresses that the station has announced by duplicate address detection, as it was known elsewhere; before anybody reads the port.
 *  @param addresses at most MAX_LINK_LOCALS, 16 bytes each; what is more is left out. */
export function setLinkLocals(tables: Tables, port: number, addresses: readonly Uint8Array[]): void {
  const kept = addresses.slice(0, MAX_LINK_LOCALS);
  for (const [position, address] of kept.entries()) tables.bytes.set(address, recordOf(port) + field.LINK_LOCALS + position * 16);
  tables.store32(recordOf(port) + field.LINK_LOCAL_COUNT, kept.length);
}
/** Name of the port that has the record; empty without one. */
export function name(tables: Tables, port: number): string {
  return readName(tables, recordOf(port) + field.NAME);
}
/** Fingerprint of the configuration that the record was made from. */
export function fingerprint(tables: Tables, port: number): bigint {
  return tables.load64(recordOf(port) + field.FINGERPRINT);
}
/** What its device takes, and what is checked of its frames (FLAG_*). */
export function flags(tables: Tables, port: number): number {
  return tables.load32(recordOf(port) + field.FLAGS);
}
/** Kind of the port (KIND_*). */
export function kind(tables: Tables, port: number): number {
  return tables.load32(recordOf(port) + field.KIND);
}
/** Its trunk page, or null. */
export function trunkPage(tables: Tables, port: number): number | null {
  const page = tables.load32(recordOf(port) + field.TRUNK);
  return page === 0 ? null : page - 1;
}
/** What the agent wants of the port: ABSENT, UP or SHUT. */
export function desired(tables: Tables, port: number): number {
  return tables.load32(recordOf(port) + field.DESIRED);
}
/** What the owning worker says of the port: one of the states of abi/port.ts. */
export function actual(tables: Tables, port: number): number {
  return tables.load32(recordOf(port) + field.ACTUAL);
}
/** The kernel's error because of which the port is GONE or FAILED; 0 without one. */
export function errno(tables: Tables, port: number): number {
  return tables.load32(recordOf(port) + field.ERRNO);
}
/** Index of the worker that reads the port. */
export function owner(tables: Tables, port: number): number {
  return tables.load32(recordOf(port) + field.OWNER);
}
/** Says what is wanted of the port; it counts from the next epoch on. */
export function setDesired(tables: Tables, port: number, state: number): void {
  tables.store32(recordOf(port) + field.DESIRED, state);
}
/** By the owner worker: what became of the port. */
export function setActual(tables: Tables, port: number, state: number, error: number): void {
  tables.store32(recordOf(port) + field.ERRNO, error);
  tables.store32(recordOf(port) + field.ACTUAL, state);
}

/** By the forwarder: it holds `descriptor` for the port's present generation (-1: it holds none). */
export function attach(tables: Tables, port: number, descriptor: number): void {
  tables.store32(recordOf(port) + field.DESCRIPTOR, descriptor + 1);
  tables.store32(recordOf(port) + field.ATTACHED, descriptor < 0 ? 0 : generation(tables, port));
}

/** The descriptor that the forwarder holds for the port's present generation, or -1. */
export function attachedDescriptor(tables: Tables, port: number): number {
  const at = recordOf(port);
  if (tables.load32(at + field.ATTACHED) !== generation(tables, port)) return -1;
  return tables.load32(at + field.DESCRIPTOR) - 1;
}

/** After a death: the port's ring of learned places may be half written, and is compacted before it is believed. */
export function distrustRing(tables: Tables, port: number): void {
  tables.add32(recordOf(port) + field.RING_STALE, 1);
}

/** After the grace period and the flush: the index may be given out again, under the next generation (1-255). */
export function retire(tables: Tables, port: number): void {
  const at = recordOf(port);
  const next = (generation(tables, port) % 255) + 1;
  tables.fill(at, map.PORT_BYTES);
  tables.store32(at + field.GENERATION, next);
  for (let worker = 0; worker < tables.load32(map.HEAD_WORKER_COUNT); worker++)
    tables.fill(countersOf(tables, worker, port), map.COUNTER_BYTES);
}

/** Ports that were ever used, at most MAX_PORTS. */
export function end(tables: Tables): number {
  return Math.min(tables.load32(map.HEAD_PORT_END), MAX_PORTS);
}

/** Counters of a port as `worker` counts them. */
export function countersOf(tables: Tables, worker: number, port: number): number {
  return tables.load32(map.HEAD_COUNTERS) + worker * map.WORKER_COUNTERS_BYTES + port * map.COUNTER_BYTES;
}

/** One counter (assembly/abi/counter.ts) summed over the workers. */
export function sum(tables: Tables, port: number, offset: number): number {
  let total = 0;
  for (let worker = 0; worker < tables.load32(map.HEAD_WORKER_COUNT); worker++)
    total += tables.count(countersOf(tables, worker, port) + offset);
  return total;
}

/** Puts counts that were made elsewhere to those of a port, before anybody reads it: frames and bytes in the order of
 *  abi/counter.ts, drops by reason. */
export function addCounts(tables: Tables, port: number, counts: readonly bigint[], drops: readonly bigint[]): void {
  const at = countersOf(tables, 0, port);
  const add = (pointer: number, count: bigint) => tables.store64(pointer, tables.load64(pointer) + count);
  for (const [index, count] of counts.entries()) add(at + counter.RECEIVED_FRAMES + index * 8, count);
  for (const [reason, count] of drops.slice(0, MAX_DROP_REASONS).entries()) add(at + counter.REASONS + reason * 8, count);
}

/** Drops of a port for one reason (assembly/abi/drop-reason.ts). */
export function drops(tables: Tables, port: number, reason: number): number {
  return sum(tables, port, counter.REASONS + reason * 8);
}
