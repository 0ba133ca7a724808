/** The pipeline over a copy of an engine's tables that it has to itself: it reads what forwarding reads at this moment, and what it writes
 *  is seen by nobody. One worker in this thread, of the build `explain`, in the place of the one that reads the port; its notes tell the frame's way. Its
 *  memory is
 *
 *      configuration | copy of the tables | region of the worker | trace                                                     */
import * as map from "../../assembly/abi/memory-map.ts";
import { AGENT_WORKER, MAX_FRAME_BYTES } from "../../assembly/abi/limits.ts";
import * as state from "../../assembly/abi/worker-state.ts";
import * as port from "../../assembly/abi/port.ts";
import { MemoryWorker, OFFLOAD_HEADER_BYTES } from "../forwarder/memory-worker.ts";
import { type Layout, memoryPages } from "../tables/layout.ts";
import { usedEnd } from "../tables/flow-table.ts";
import * as ports from "../tables/port-table.ts";
import { hasServices } from "../tables/service-table.ts";
import { createMemory, Tables } from "../tables/tables.ts";
import { type EngineExports, instantiateEngine, loadModule } from "../wasm/module.ts";
import { clearTrace, type Note, readTrace, TRACE_BYTES } from "./trace.ts";
import type { ExplainOptions } from "./types.ts";

/** Lays a copy of an engine's tables over the memory: of the moment, or one that follows what others write. */
export type CopyTables = (memory: WebAssembly.Memory) => void;

export interface TracedOutput {
  port: number;
  /** One that is the same as that of the output before it is the very same. */
  frame: Uint8Array;
  originalBytes: number;
  offload: Uint8Array | null;
}

export interface TracedWay {
  notes: Note[];
  outputs: TracedOutput[];
}

const REGION = 0;

export class Explainer {
  readonly #copyTables: CopyTables;
  readonly #living: Tables;
  readonly #layout: Layout;
  readonly #memory: WebAssembly.Memory;
  readonly #tables: Tables;
  readonly #wasm: EngineExports;
  /** Of the trace, behind the worker's region. */
  readonly #place: number;

  /** @param layout of the tables that `copyTables` copies. @param living these tables, in a memory with the regions of the workers, unless they are those
   *  of another process. */
  constructor(layout: Layout, copyTables: CopyTables, living: Tables) {
    this.#copyTables = copyTables;
    this.#living = living;
    this.#layout = layout;
    this.#memory = createMemory(memoryPages(layout, 1) + Math.ceil(TRACE_BYTES / map.WASM_PAGE_BYTES), false);
    this.#tables = new Tables(this.#memory);
    this.#tables.configure(0n, layout.workersBase);
    this.#place = layout.workersBase + map.WORKER_BYTES;
    this.#wasm = instantiateEngine(loadModule("explain"), this.#memory);
  }

  /** The way that a frame would take from port number `from` at `nowMs` of the workers' clock. */
  trace(from: number, whole: Uint8Array, { offload, originalBytes = whole.length }: ExplainOptions, nowMs: number): TracedWay {
    const frame = whole.subarray(0, MAX_FRAME_BYTES);
    this.#copyTables(this.#memory);
    clearTrace(this.#tables, this.#place);
    const outputs: TracedOutput[] = [];
    const missing = originalBytes - frame.length;
    // the one that reads the port: turns of a balancer are each worker's own
    const owner = ports.owner(this.#tables, from);
    const worker = new MemoryWorker(this.#wasm, this.#tables, owner, REGION, (to, bytes) => {
      outputs.push(this.#output(to, bytes, to === from ? 0 : missing, outputs.at(-1)));
      return true;
    });
    this.#copyFragments(owner, worker.address);
    this.#setTime(worker, nowMs);
    if (missing > 0) worker.receiveCut(from, frame, originalBytes);
    else worker.receive(from, frame, offload);
    return { notes: readTrace(this.#tables, this.#place), outputs };
  }

  /** What the worker remembers of packets in pieces. */
  #copyFragments(owner: number, to: number): void {
    const from = this.#layout.workersBase + owner * map.WORKER_BYTES;
    const { bytes } = this.#living;
    if (bytes.length < from + map.WORKER_BYTES) return;
    this.#tables.bytes.set(bytes.subarray(from + map.FRAGMENTED, from + map.FRAGMENTED_END), to + map.FRAGMENTED);
    const count = map.WORKER_STATE + state.FRAGMENTED_COUNT;
    this.#tables.store32(to + count, this.#living.load32(from + count));
  }

  /** Without the ageing that is due: that is for those who forward. */
  #setTime(worker: MemoryWorker, nowMs: number): void {
    for (const swept of [state.SWEPT_MS, state.FLOW_SWEPT_MS])
      this.#tables.store64(worker.address + map.WORKER_STATE + swept, BigInt(Math.floor(nowMs)));
    worker.setTime(nowMs);
  }

  /** What leaves by the port that the frame came from is an answer, and whole. */
  #output(to: number, bytes: Uint8Array, missing: number, before: TracedOutput | undefined): TracedOutput {
    const header = (ports.flags(this.#tables, to) & port.FLAG_VNET) !== 0 ? OFFLOAD_HEADER_BYTES : 0;
    const left = bytes.subarray(header, Math.max(header, bytes.length - missing));
    const frame = before !== undefined && Buffer.compare(before.frame, left) === 0 ? before.frame : left.slice();
    const offload = bytes.slice(0, header);
    return { port: to, frame, originalBytes: bytes.length - header, offload: offload.some((byte) => byte !== 0) ? offload : null };
  }
}

/** Copies what the pipeline reads of `from`, tables of `layout`, into a memory: not the counters and events, nor the rings of ports that never were;
 *  flows and what stands behind them only where there are services, and then no entries that never had a flow. */
export function copyLivingTables(from: Tables, layout: Layout, into: WebAssembly.Memory): void {
  const { macTable, flowTable, flowIndex, workersBase, workers } = layout;
  const to = new Uint8Array(into.buffer);
  const copy = (begin: number, end: number) => to.set(from.bytes.subarray(begin, end), begin);
  copy(map.TABLES, map.EVENTS);
  copy(map.MAC_RINGS, map.MAC_RINGS + ports.end(from) * map.MAC_RING_BYTES);
  copy(macTable, flowTable);
  if (!hasServices(from)) return;
  copy(flowTable, flowTable + usedEnd(from, [...Array(workers).keys(), AGENT_WORKER]) * map.FLOW_BYTES);
  copy(flowIndex, workersBase);
}
