/** A memory as the engine has it, with one worker, one learning network and as many ports as the stations need (each port
 *  learns MAX_MACS_PER_PORT at most), and behind it the frames: UDP of 64 bytes, each from one station to one on another
 *  port, in an order without pattern. */
import * as limits from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as network from "../../assembly/abi/network.ts";
import * as port from "../../assembly/abi/port.ts";
import { type Exports, instantiateBench } from "../support/wasm.ts";
import { FRAME_BYTES, FRAME_PLACE, FRAME_PORT, FRAME_STRIDE } from "./frame-layout.ts";
import { random, shuffled } from "./random.ts";

export const NETWORK = 1;
export const NOW_SECONDS = 1000;
const GENERATION = 1;
const MTU = 1500;
const ETHERNET_AND_IP = [0x08, 0x00, 0x45, 0, 0, 50, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
const LEAST_FRAMES = 4096;

export interface LaidOutMemory {
  memory: WebAssembly.Memory;
  wasm: Exports;
  worker: number;
  /** Address and number of the frames. */
  first: number;
  frames: number;
  ports: number;
}

export function layOutMemory(stations: number): LaidOutMemory {
  const ports = Math.max(2, Math.ceil(stations / limits.MAX_MACS_PER_PORT));
  const frames = Math.max(stations, LEAST_FRAMES);
  const workers = upToPage(placesEnd(limits.DEFAULT_MACS));
  const first = workers + map.WORKER_BYTES;
  const pages = upToPage(first + frames * FRAME_STRIDE) / map.WASM_PAGE_BYTES;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const wasm = instantiateBench("engine", memory);
  const view = new DataView(memory.buffer);
  writeHead(view, workers, ports);
  for (let index = 0; index < ports; index++) writePort(view, index);
  const worker = wasm.formatWorker!(0, 0) as number;
  for (let index = 0; index < ports; index++) wasm.setView!(worker, index, 0, GENERATION, 0, MTU, NETWORK, 0, true);
  wasm.setTime!(worker, NOW_SECONDS * 1000);
  writeFrames(view, first, frames, stations, ports);
  return { memory, wasm, worker, first, frames, ports };
}

function bucketCount(macs: number): number {
  return 2 ** Math.ceil(Math.log2((macs * limits.MAC_SLOTS_PER_ENTRY) / limits.MAC_BUCKET_SLOTS));
}

const COUNTERS = upToPage(map.TABLES_FIXED_END);
const MACS = COUNTERS + map.WORKER_COUNTERS_BYTES;

function places(macs: number): number {
  return MACS + bucketCount(macs) * limits.MAC_BUCKET_SLOTS * map.MAC_ENTRY_BYTES;
}

function placesEnd(macs: number): number {
  return places(macs) + bucketCount(macs) * limits.MAC_BUCKET_SLOTS * 4;
}

function upToPage(bytes: number): number {
  return Math.ceil(bytes / map.WASM_PAGE_BYTES) * map.WASM_PAGE_BYTES;
}

function writeHead(view: DataView, workers: number, ports: number): void {
  const set = (at: number, value: number) => view.setUint32(at, value, true);
  set(map.CONFIG_WORKERS, workers);
  set(map.HEAD_MAC_LIMIT, limits.DEFAULT_MACS);
  set(map.HEAD_WORKER_COUNT, 1);
  set(map.HEAD_COUNTERS, COUNTERS);
  set(map.HEAD_MACS, MACS);
  set(map.HEAD_MAC_PLACES, places(limits.DEFAULT_MACS));
  set(map.HEAD_MAC_BUCKET_MASK, bucketCount(limits.DEFAULT_MACS) - 1);
  set(map.HEAD_PORT_END, ports);
  view.setBigUint64(map.HEAD_HASH_SEED, 0x9d2c5680b5026f5dn, true);
  const record = map.NETWORKS + NETWORK * map.NETWORK_BYTES;
  set(record + network.STATE, 1);
  set(record + network.FLAGS, network.FLAG_LEARNING);
  set(record + network.MAC_AGE_SECONDS, limits.DEFAULT_MAC_AGE_SECONDS);
}

function writePort(view: DataView, index: number): void {
  const record = map.PORTS + index * map.PORT_BYTES;
  view.setUint32(record + port.GENERATION, GENERATION, true);
  view.setUint32(record + port.MAC_LIMIT, limits.MAX_MACS_PER_PORT, true);
  const word = map.MEMBERS + NETWORK * map.MEMBERS_BYTES + (index >> 5) * 4;
  view.setUint32(word, view.getUint32(word, true) | (1 << (index & 31)), true);
}

function writeFrames(view: DataView, first: number, frames: number, stations: number, ports: number): void {
  const next = random(1);
  const macs = Array.from({ length: stations }, () => [0x02, ...Array.from({ length: 5 }, () => next(256))]);
  const order = shuffled(stations, next);
  for (let index = 0; index < frames; index++) {
    const source = order[index % stations] as number;
    const away = (source + 1 + next(ports - 1)) % ports;
    const destination = (away + ports * next(Math.floor((stations - 1 - away) / ports) + 1)) as number;
    writeFrame(view, first + index * FRAME_STRIDE, source % ports, [...(macs[destination] as number[]), ...(macs[source] as number[])]);
  }
}

function writeFrame(view: DataView, place: number, from: number, addresses: readonly number[]): void {
  view.setUint32(place + FRAME_PORT, from, true);
  view.setUint32(place + FRAME_BYTES, 64, true);
  [...addresses, ...ETHERNET_AND_IP].forEach((byte, offset) => {
    view.setUint8(place + FRAME_PLACE + offset, byte);
  });
}
