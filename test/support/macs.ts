/** The MAC table by its own calls, and what lies in it: for tests that look closer than frames do. */
import { MAC_BUCKET_SLOTS, MAX_MACS_PER_PORT } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as field from "../../assembly/abi/port.ts";
import { joinMac, splitMac } from "../../bindings/mac.ts";
import * as ports from "../../bindings/tables/port-table.ts";
import type { TestEngine } from "./engine.ts";

/** Learns as a frame from `mac` on `port` would. */
export function learn(engine: TestEngine, network: number, mac: string, port: number): void {
  const [low, high] = splitMac(mac);
  engine.wasm.learnMac(engine.worker.address, network, low, high, port, ports.generation(engine.tables, port));
}

/** Stations known to be behind `port`, in no order. */
export function stationsOf(engine: TestEngine, port: number): string[] {
  return engine
    .macs()
    .filter((entry) => entry.port === port)
    .map((entry) => entry.mac)
    .sort();
}

export function placeCount(engine: TestEngine): number {
  return (engine.tables.load32(map.HEAD_MAC_BUCKET_MASK) + 1) * MAC_BUCKET_SLOTS;
}

/** Address of the key word at `place`; the value word follows. */
export function entryAt(engine: TestEngine, place: number): number {
  return engine.tables.load32(map.HEAD_MACS) + place * map.MAC_ENTRY_BYTES;
}

/** Place of a station, or -1. */
export function placeOf(engine: TestEngine, network: number, mac: string): number {
  const [low, high] = splitMac(mac);
  const key = (BigInt(network) << 48n) | (BigInt(high) << 32n) | BigInt(low);
  for (let place = 0; place < placeCount(engine); place++) if (engine.tables.load64(entryAt(engine, place)) === key) return place;
  return -1;
}

/** The position of a place in the ring of its port. */
export function positionOf(engine: TestEngine, place: number): number {
  return engine.tables.load32(positionCell(engine, place));
}
export function setPosition(engine: TestEngine, place: number, position: number): void {
  engine.tables.store32(positionCell(engine, place), position);
}
function positionCell(engine: TestEngine, place: number): number {
  return engine.tables.load32(map.HEAD_MAC_PLACES) + place * 4;
}

export interface Ring {
  head: number;
  count: number;
  stale: number;
  /** Places from the oldest position on, gaps included. */
  places: number[];
}

export function ringOf(engine: TestEngine, port: number): Ring {
  const record = ports.recordOf(port);
  const word = (offset: number) => engine.tables.load32(record + offset);
  const [head, count, stale] = [word(field.RING_HEAD), word(field.RING_COUNT), word(field.RING_STALE)];
  const cell = (position: number) => map.MAC_RINGS + port * map.MAC_RING_BYTES + (position & (MAX_MACS_PER_PORT - 1)) * 4;
  return { head, count, stale, places: Array.from({ length: count }, (_, index) => engine.tables.load32(cell(head + index)) - 1) };
}

/** The station whose key stands at `place`. */
export function macAt(engine: TestEngine, place: number): string {
  const at = entryAt(engine, place);
  return joinMac(engine.tables.load32(at), engine.tables.load32(at + 4) & 0xffff);
}
