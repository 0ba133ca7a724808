/** A worker that does nothing but begin and end connections of services, as the hot path does: it finds the service by a virtual address, picks, and
 *  has the backend until some bursts later. Between two bursts it takes what has changed. It counts what must not be: a backend of another
 *  service, or a record that became another's while it was in use. */
import { parentPort, workerData } from "node:worker_threads";
import { ABSENT, STATE } from "../../../../assembly/abi/backend.ts";
import * as flow from "../../../../assembly/abi/flow.ts";
import { BACKEND_MEMORY } from "../../../../assembly/abi/worker.ts";
import * as backends from "../../../../bindings/tables/backend-table.ts";
import { writeDraft } from "../../../../bindings/tables/flow-table.ts";
import { Tables } from "../../../../bindings/tables/tables.ts";
import * as workers from "../../../../bindings/tables/worker-table.ts";
import { type Build, instantiateEngine, loadModule } from "../../../../bindings/wasm/module.ts";
import { random } from "../../../support/packet/random.ts";
import { EndpointFinder, ownerOf, virtualOf } from "./picked-world.ts";

export interface PickingData {
  memory: WebAssembly.Memory;
  build: Build;
  /** Index of the network. */
  network: number;
  seed: number;
  /** Word 0: the worker is to end. */
  control: SharedArrayBuffer;
}

const PICKS_OF_BURST = 32;
/** Connections at once. */
const HELD = 40;

const data = workerData as PickingData;
const control = new Int32Array(data.control);
const tables = new Tables(data.memory);
const wasm = instantiateEngine(loadModule(data.build), data.memory);
const worker = wasm.formatWorker(0, 0);
const numbers = random(data.seed);
const finder = new EndpointFinder(tables, data.network);
const held: Held[] = [];
const counts = { picks: 0, refused: 0, unknown: 0, foreign: 0, absent: 0, reused: 0, ended: 0 };
let port = 0;

/** A connection, and the address that its backend had when it began. */
interface Held {
  entry: number;
  instance: number;
  index: number;
  address: string;
}

function pick(): void {
  const service = numbers.below(finder.services);
  const record = finder.serviceOf(service);
  if (record === 0) return void counts.unknown++;
  const index = wasm.pickBackend(worker, record, numbers.below(1_000_000), 0);
  if (index < 0) return void counts.refused++;
  counts.picks++;
  const address = backends.addressOf(tables, index);
  if (ownerOf(address) !== service) counts.foreign++;
  if (tables.load32(backends.backendRecordOf(tables, index) + STATE) === ABSENT) counts.absent++;
  begin(service, record, index, address);
}

function begin(service: number, record: number, index: number, address: string): void {
  const client = { address: "10.78.0.1", port: 1 + (port++ % 65_535) };
  const draft = wasm.flowDraft(worker);
  const [virtual, backend] = [
    { address: virtualOf(service), port: 80 },
    { address, port: 8080 },
  ];
  writeDraft(tables, draft, { network: data.network, protocol: 6, client, virtual, backend, source: client });
  tables.store32(draft + flow.SERVICE, record);
  tables.store32(draft + flow.BACKEND, index + 1);
  wasm.beginOnBackend(index);
  const entry = wasm.insertFlow(worker, flow.STATE_ESTABLISHED);
  if (entry <= flow.REFUSED_END) wasm.finishOnBackend(index);
  else held.push({ entry, instance: tables.load32(entry + flow.WORD), index, address });
}

/** Whether the agent has not ended it. */
function isLive({ entry, instance }: Held): boolean {
  const state = tables.load32(entry + flow.WORD + 4) & 0xff;
  return state === flow.STATE_ESTABLISHED && tables.load32(entry + flow.WORD) === instance;
}

function end(): void {
  const [first] = held.splice(numbers.below(held.length), 1);
  if (first === undefined) return;
  const isOther = backends.addressOf(tables, first.index) !== first.address;
  if (!isLive(first)) return void counts.ended++;
  if (isOther) counts.reused++;
  wasm.removeFlow(worker, first.entry);
}

workers.begin(tables, 0, BACKEND_MEMORY, process.pid);
parentPort?.postMessage("ready");
while (Atomics.load(control, 0) === 0) {
  if (wasm.isEpochNew(worker)) wasm.passEpoch(worker, tables.epoch());
  for (let picks = 0; picks < PICKS_OF_BURST; picks++) pick();
  while (held.length > HELD) end();
}
while (held.length > 0) end();
wasm.passEpoch(worker, tables.epoch());
workers.end(tables, 0);
parentPort?.postMessage(counts);
