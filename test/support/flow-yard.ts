/** A flow table without a switch around it: tables of some chunks, and workers that are called by hand. */
import * as assert from "uvu/assert";
import * as field from "../../assembly/abi/flow.ts";
import { FLOW_BUCKET_SLOTS } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as record from "../../assembly/abi/worker.ts";
import * as table from "../../bindings/tables/flow-table.ts";
import { layOut, memoryPages } from "../../bindings/tables/layout.ts";
import { Tables, createMemory } from "../../bindings/tables/tables.ts";
import * as workers from "../../bindings/tables/worker-table.ts";
import { type Build, type EngineExports, instantiateEngine, loadModule } from "../../bindings/wasm/module.ts";

/** Time-out of each state in seconds, by its number: short ones, all different. */
export const TIMEOUTS = [0, 6, 3, 4, 5, 18, 12, 70];

/** Tables for `flows` flows and a number of workers, formatted. */
export function makeFlowTables(flows: number, count: number, isShared = true): Tables {
  const layout = layOut({ macs: 64, flows, workers: count });
  const tables = new Tables(createMemory(memoryPages(layout, count), isShared));
  tables.format(layout, 5n, true);
  tables.configure(0n, layout.workersBase);
  for (const [state, seconds] of TIMEOUTS.entries()) tables.store32(map.HEAD_FLOW_TIMEOUTS + state * 4, seconds);
  return tables;
}

export class FlowYard {
  readonly tables: Tables;
  readonly wasm: EngineExports;
  /** Regions of the workers. */
  readonly workers: number[];

  constructor(build: Build, flows: number, count = 1) {
    this.tables = makeFlowTables(flows, count, build !== "single");
    this.wasm = instantiateEngine(loadModule(build), this.tables.memory);
    this.workers = Array.from({ length: count }, (_, index) => this.wasm.formatWorker(index, index));
  }

  /** Worker `index` dies and begins anew. */
  restart(index: number): void {
    this.workers[index] = this.wasm.formatWorker(index, index);
  }

  setTime(seconds: number): void {
    for (const worker of this.workers) this.wasm.setTime(worker, seconds * 1000);
  }

  /** The entry, or why not. */
  insert(ends: table.FlowEnds, state = field.STATE_HALF_OPEN, worker = 0): number {
    this.#draft(worker, ends);
    return this.wasm.insertFlow(this.workers[worker]!, state);
  }

  /** Entry and direction of the flow that a frame with this tuple belongs to, the tuple being that of `ends` in `direction`. */
  find(ends: table.FlowEnds, direction = field.ORIGINAL, worker = 0): { entry: number; direction: number } | null {
    this.#draft(worker, ends);
    const found = this.wasm.findFlow(this.workers[worker]!, direction);
    return found === 0 ? null : { entry: found & ~1, direction: found & 1 };
  }

  /** How often it is found in so many looks, one after the other as fast as it goes. */
  findOften(ends: table.FlowEnds, looks: number): number {
    this.#draft(0, ends);
    let found = 0;
    for (let look = 0; look < looks; look++) if (this.wasm.findFlow(this.workers[0]!, field.ORIGINAL) !== 0) found++;
    return found;
  }

  #draft(worker: number, ends: table.FlowEnds): void {
    table.writeDraft(this.tables, this.wasm.flowDraft(this.workers[worker]!), ends);
  }

  touch(entry: number, worker = 0): void {
    this.wasm.touchFlow(this.workers[worker]!, entry);
  }
  change(entry: number, state: number, worker = 0): boolean {
    return this.wasm.changeFlow(this.workers[worker]!, entry, state);
  }
  remove(entry: number, worker = 0): boolean {
    return this.wasm.removeFlow(this.workers[worker]!, entry);
  }
  /** Over the whole table, once, by every worker. */
  sweep(): void {
    const chunks = this.tables.load32(map.HEAD_FLOW_LIMIT) / 64;
    for (const worker of this.workers) this.wasm.sweepFlows(worker, chunks);
  }

  flows(): table.Flow[] {
    return [...table.entries(this.tables)];
  }
  count(offset: number, worker = 0): number {
    return this.tables.count(workers.recordOf(worker) + offset);
  }
  expired(state: number, worker = 0): number {
    return this.count(record.FLOWS_EXPIRED + state * 8, worker);
  }
  evicted(state: number, worker = 0): number {
    return this.count(record.FLOWS_EVICTED + state * 8, worker);
  }
}

/** A flow whose client is the given one, of a service: its virtual address is translated to a backend. */
export function serviceFlow(client: number, backend = 2): table.FlowEnds {
  const end = { address: `10.0.${client >> 16}.1`, port: client & 0xffff };
  const [virtual, target] = [
    { address: "10.0.0.100", port: 80 },
    { address: `10.1.0.${backend}`, port: 8080 },
  ];
  return { network: 1, protocol: 6, client: end, virtual, backend: target, source: end };
}

/** A flow that is not translated. */
export function directFlow(client: table.FlowEnd, server: table.FlowEnd, protocol = 6, network = 1): table.FlowEnds {
  return { network, protocol, client, virtual: server, backend: server, source: client };
}

/** A tuple as text. */
export const tupleOf = (flow: table.FlowEnds, direction: number): string => {
  const [from, to] = direction === field.ORIGINAL ? [flow.client, flow.virtual] : [flow.backend, flow.source];
  return `${flow.network} ${flow.protocol} ${from.address} ${from.port} > ${to.address} ${to.port}`;
};

/** At rest: the count is that of the flows, each is referred to by both of its tuples, no tuple is that of two, and but for `left`
 *  references, which the dead left behind, none leads elsewhere. */
export function checkFlows(tables: Tables, left = 0): void {
  const flows = [...table.entries(tables)];
  assert.is(tables.load32(map.HEAD_FLOW_COUNT), flows.length, "flows are counted");
  const tuples = flows.flatMap((flow) => [tupleOf(flow, field.ORIGINAL), tupleOf(flow, field.REPLY)]);
  assert.is(new Set(tuples).size, tuples.length, "a tuple is that of two flows");
  const referred = references(tables).map(({ number, direction }) => {
    const flow = table.read(tables, tables.load32(map.HEAD_FLOWS) + number * map.FLOW_BYTES);
    assert.ok(flow !== null || left > 0, `a reference leads to entry ${number}, which has no flow`);
    return flow === null ? "" : tupleOf(flow, direction);
  });
  assert.equal([...new Set(referred)].filter((tuple) => tuple !== "").sort(), tuples.sort());
  assert.ok(referred.length <= tuples.length + left, `${referred.length} references to ${tuples.length} tuples`);
}

/** Whatever is in the index. */
export function references(tables: Tables): { tag: number; number: number; direction: number }[] {
  const [index, buckets] = [tables.load32(map.HEAD_FLOW_INDEX), tables.load32(map.HEAD_FLOW_BUCKET_MASK) + 1];
  const places = Array.from({ length: buckets * FLOW_BUCKET_SLOTS }, (_, place) => index + place * field.REFERENCE_BYTES);
  return places
    .map((at) => ({ word: tables.load32(at), tag: tables.load32(at + 4) }))
    .filter(({ word }) => word !== 0)
    .map(({ word, tag }) => ({ tag, number: (word & 0x7fffffff) - 1, direction: word >>> field.DIRECTION_SHIFT }));
}
