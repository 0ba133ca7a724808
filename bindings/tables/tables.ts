/** The tables region of an engine's memory as TypeScript sees it: words at addresses of the memory map, atomic where other
 *  workers or the other process look. One object for each memory; the tables of one noun each are functions over it. */
import { LAYOUT_VERSION } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import { PortyardError } from "../error.ts";
import type { Layout } from "./layout.ts";

const TWO_32 = 0x100000000;

export class Tables {
  readonly memory: WebAssembly.Memory;
  readonly bytes: Uint8Array;
  private readonly words: Uint32Array;
  private readonly halves: Uint16Array;
  private readonly wide: BigUint64Array;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    this.bytes = new Uint8Array(memory.buffer);
    this.words = new Uint32Array(memory.buffer);
    this.halves = new Uint16Array(memory.buffer);
    this.wide = new BigUint64Array(memory.buffer);
  }

  /** u32 at a multiple of 4; atomic. */
  load32(pointer: number): number {
    return Atomics.load(this.words, pointer >>> 2);
  }
  store32(pointer: number, value: number): void {
    Atomics.store(this.words, pointer >>> 2, value);
  }
  /** Adds (wrapping) and returns what was there before. */
  add32(pointer: number, by: number): number {
    return Atomics.add(this.words, pointer >>> 2, by);
  }
  setBits32(pointer: number, bits: number): void {
    Atomics.or(this.words, pointer >>> 2, bits);
  }
  clearBits32(pointer: number, bits: number): void {
    Atomics.and(this.words, pointer >>> 2, ~bits);
  }
  load16(pointer: number): number {
    return Atomics.load(this.halves, pointer >>> 1);
  }
  store16(pointer: number, value: number): void {
    Atomics.store(this.halves, pointer >>> 1, value);
  }
  /** u64 at a multiple of 8; atomic. */
  load64(pointer: number): bigint {
    return Atomics.load(this.wide, pointer >>> 3);
  }
  store64(pointer: number, value: bigint): void {
    Atomics.store(this.wide, pointer >>> 3, value);
  }
  /** A counter as a number: exact below 2^53, which a counter of frames does not reach. */
  count(pointer: number): number {
    const word = pointer >>> 2;
    return (this.words[word + 1] ?? 0) * TWO_32 + (this.words[word] ?? 0);
  }
  fill(pointer: number, bytes: number): void {
    this.bytes.fill(0, pointer, pointer + bytes);
  }

  /** Formats empty tables. `hashSeed` keys the hashes: random in production, fixed in tests.
   *  @param isZero the memory is new, and need not be touched to be empty. */
  format(layout: Layout, hashSeed: bigint, isZero = false): void {
    if (!isZero) this.fill(map.TABLES, layout.tablesBytes);
    this.store32(map.HEAD_TABLES_BYTES, layout.tablesBytes);
    this.store32(map.HEAD_MAC_LIMIT, layout.macs);
    this.store32(map.HEAD_WORKER_COUNT, layout.workers);
    this.store32(map.HEAD_COUNTERS, layout.counters);
    this.store32(map.HEAD_MACS, layout.macTable);
    this.store32(map.HEAD_MAC_PLACES, layout.macPlaces);
    this.store32(map.HEAD_MAC_BUCKET_MASK, layout.macBuckets - 1);
    this.store64(map.HEAD_HASH_SEED, hashSeed);
    this.store32(map.HEAD_FLOW_LIMIT, layout.flows);
    this.store32(map.HEAD_FLOWS, layout.flowTable);
    this.store32(map.HEAD_FLOW_CHUNKS, layout.flowChunks);
    this.store32(map.HEAD_FLOW_INDEX, layout.flowIndex);
    this.store32(map.HEAD_FLOW_BUCKET_MASK, layout.flowBuckets - 1);
    this.store32(map.HEAD_SERVICES, layout.services);
    this.store32(map.HEAD_BACKENDS, layout.backends);
    this.store32(map.HEAD_SLATES, layout.slates);
    this.store32(map.HEAD_SLATES_END, layout.slatesEnd);
    this.store32(map.HEAD_ENDPOINTS, layout.endpoints);
    this.store32(map.HEAD_EPOCH, 1);
    this.store32(map.HEAD_LAYOUT, LAYOUT_VERSION);
    this.store32(map.HEAD_MAGIC, map.MAGIC);
  }

  /** The head of mapped tables is that of `layout`.
   *  @throws PortyardError `tables-layout` when it is another version's or another size. */
  check(layout: Layout): void {
    const found = [
      map.HEAD_MAGIC,
      map.HEAD_LAYOUT,
      map.HEAD_TABLES_BYTES,
      map.HEAD_MAC_LIMIT,
      map.HEAD_WORKER_COUNT,
      map.HEAD_FLOW_LIMIT,
    ].map((at) => this.load32(at));
    const wanted = [map.MAGIC, LAYOUT_VERSION, layout.tablesBytes, layout.macs, layout.workers, layout.flows];
    if (found.some((value, index) => value !== wanted[index])) {
      throw new PortyardError("tables-layout", "The tables file has another layout than this version of Portyard.", {
        value: found,
        remedy: "Stop the instance with `portyard down` and start it anew.",
      });
    }
  }

  /** Private to the process: where the kernel sees this memory, where the workers' regions begin, and whether frames may make a
   *  worker of the debug build fail (abi/fault.ts). */
  configure(hostBase: bigint, workersBase: number, faultFrames = false): void {
    this.store32(map.CONFIG_FAULTS, faultFrames ? 1 : 0);
    this.store64(map.CONFIG_HOST_BASE, hostBase);
    this.store32(map.CONFIG_WORKERS, workersBase);
  }

  epoch(): number {
    return this.load32(map.HEAD_EPOCH);
  }

  /** Ends a change: raises the epoch and returns it. Whoever calls this then wakes the workers. */
  raiseEpoch(): number {
    return (this.add32(map.HEAD_EPOCH, 1) + 1) >>> 0;
  }
}

/** A memory for `pages`, never grown; shared unless the single-threaded build is to use it. */
export function createMemory(pages: number, shared: boolean): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
}
