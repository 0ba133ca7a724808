/** The flow table (assembly/abi/flow.ts) as a reader sees it: a walk over all entries, each whole or left out (word, ends, word). */
import * as field from "../../assembly/abi/flow.ts";
import { FLOW_CHUNK } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as record from "../../assembly/abi/worker.ts";
import { addressBytes, addressText } from "../config/ip-address.ts";
import type { FlowTimeouts } from "../config/types.ts";
import { FLOW_STATES } from "./flow-counts.ts";
import type { Tables } from "./tables.ts";
import { recordOf } from "./worker-table.ts";

/** One end of a connection. */
export interface FlowEnd {
  /** Without prefix length. */
  address: string;
  /** 0-65535; of ICMP echo the identifier. */
  port: number;
}

/** What a flow is found by, from either side: client to virtual, backend to source. */
export interface FlowEnds {
  /** Index of the network. */
  network: number;
  /** IANA number: 6 TCP, 17 UDP, 1 ICMP, 58 ICMPv6. */
  protocol: number;
  client: FlowEnd;
  virtual: FlowEnd;
  backend: FlowEnd;
  source: FlowEnd;
}

export interface Flow extends FlowEnds {
  /** STATE_* of abi/flow.ts. */
  state: number;
  /** Seconds of the monotonic clock. */
  lastSeen: number;
}

const ENDS = [
  ["client", field.CLIENT_ADDRESS, field.CLIENT_PORT],
  ["virtual", field.VIRTUAL_ADDRESS, field.VIRTUAL_PORT],
  ["backend", field.BACKEND_ADDRESS, field.BACKEND_PORT],
  ["source", field.SOURCE_ADDRESS, field.SOURCE_PORT],
] as const;

/** Writes after how long each state ends; that holds for flows that are there too. */
export function writeTimeouts(tables: Tables, timeouts: FlowTimeouts): void {
  for (const [name, state] of Object.entries(FLOW_STATES))
    tables.store32(map.HEAD_FLOW_TIMEOUTS + state * 4, timeouts[name as keyof FlowTimeouts]);
}

/** Every flow, in the table's order. */
export function* entries(tables: Tables): Generator<Flow> {
  const count = tables.load32(map.HEAD_FLOW_LIMIT);
  for (let number = 0; number < count; number++) {
    const flow = readAt(tables, number);
    if (flow !== null) yield flow;
  }
}

function entryOf(tables: Tables, number: number): number {
  return tables.load32(map.HEAD_FLOWS) + number * map.FLOW_BYTES;
}

/** As `read`, of entry `number`. */
export function readAt(tables: Tables, number: number): Flow | null {
  return read(tables, entryOf(tables, number));
}

/** Entries from this number on never had a flow of these workers. */
export function usedEnd(tables: Tables, workers: readonly number[]): number {
  const ends = workers.map((worker) => tables.load32(recordOf(worker) + record.FLOW_CHUNK_END) * FLOW_CHUNK);
  return Math.min(tables.load32(map.HEAD_FLOW_LIMIT), Math.max(0, ...ends));
}

/** A flow with what it belongs to, and what went through it. */
export interface ServedFlow extends Flow {
  /** Index of the service; 0: none. */
  service: number;
  /** Of the backend; null: none. */
  backendIndex: number | null;
  /** In both directions. */
  frames: number;
  bytes: number;
}

/** As `readAt`. */
export function readServed(tables: Tables, number: number): ServedFlow | null {
  const at = entryOf(tables, number);
  if (!isLive(tables.load32(at + field.WORD + 4) & 0xff)) return null;
  const instance = tables.load32(at + field.WORD);
  const count = (offset: number) => tables.count(at + offset);
  const backend = tables.load32(at + field.BACKEND);
  const served = {
    service: tables.load32(at + field.SERVICE),
    backendIndex: backend === 0 ? null : backend - 1,
    frames: count(field.CLIENT_FRAMES) + count(field.BACKEND_FRAMES),
    bytes: count(field.CLIENT_BYTES) + count(field.BACKEND_BYTES),
  };
  const flow = read(tables, at);
  return flow === null || tables.load32(at + field.WORD) !== instance ? null : { ...flow, ...served };
}

/** The flow of the entry at `at`; null when it has none, or is becoming another just now. */
export function read(tables: Tables, at: number): Flow | null {
  if (!isLive(tables.load32(at + field.WORD + 4) & 0xff)) return null;
  const word = tables.load64(at + field.WORD);
  const state = Number(word >> BigInt(field.STATE_SHIFT)) & 0xff;
  if (!isLive(state)) return null;
  const flow: Flow = { ...readEnds(tables, at), state, lastSeen: tables.load32(at + field.LAST_SEEN) };
  return BigInt.asUintN(32, tables.load64(at + field.WORD)) === BigInt.asUintN(32, word) ? flow : null;
}

function isLive(state: number): boolean {
  return state !== field.STATE_FREE && state < field.STATE_CLAIMED;
}

function readEnds(tables: Tables, at: number): FlowEnds {
  const bytes = tables.bytes[at + field.FAMILY] === 4 ? 4 : 16;
  const end = (address: number, port: number): FlowEnd => ({
    address: addressText(tables.bytes.slice(at + address, at + address + bytes)),
    port: ((tables.bytes[at + port] ?? 0) << 8) | (tables.bytes[at + port + 1] ?? 0),
  });
  const [client, virtual, backend, source] = ENDS.map(([, address, port]) => end(address, port)) as [FlowEnd, FlowEnd, FlowEnd, FlowEnd];
  return { network: tables.load16(at + field.NETWORK), protocol: tables.bytes[at + field.PROTOCOL] ?? 0, client, virtual, backend, source };
}

/** Lays a flow out at `at`, FLOW_BYTES long, as a draft. */
export function writeDraft(tables: Tables, at: number, ends: FlowEnds): void {
  tables.fill(at, map.FLOW_BYTES);
  tables.store16(at + field.NETWORK, ends.network);
  tables.bytes[at + field.PROTOCOL] = ends.protocol;
  for (const [name, address, port] of ENDS) {
    const bytes = addressBytes(ends[name].address);
    tables.bytes[at + field.FAMILY] = bytes.length === 4 ? 4 : 6;
    tables.bytes.set(bytes, at + address);
    tables.bytes.set([ends[name].port >> 8, ends[name].port & 0xff], at + port);
  }
}
