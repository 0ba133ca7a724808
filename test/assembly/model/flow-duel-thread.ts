/** One side of a duel over flows: in step with the other it inserts, changes and ends mostly the same flows at the same moment, and sweeps
 *  what is its own. In each odd round it only sweeps.                                                                      */
import { workerData } from "node:worker_threads";
import { LISTS } from "../../../assembly/abi/flow.ts";
import { writeDraft } from "../../../bindings/tables/flow-table.ts";
import { Tables } from "../../../bindings/tables/tables.ts";
import { type Build, instantiateEngine, loadModule } from "../../../bindings/wasm/module.ts";
import { directFlow, serviceFlow } from "../../support/flow-yard.ts";
import { random } from "../../support/packet/random.ts";
import { Side } from "./in-step.ts";

export interface FlowDuelData {
  memory: WebAssembly.Memory;
  build: Build;
  seed: number;
}

const STEPS_PER_ROUND = 1000;
/** Few enough to meet all the time, of which the table holds not all. */
const CLIENTS = 200;
const CHUNKS = 2;

const data = workerData as FlowDuelData & { index: number; control: SharedArrayBuffer };
const tables = new Tables(data.memory);
const wasm = instantiateEngine(loadModule(data.build), data.memory);
const worker = wasm.formatWorker(data.index, data.index);
const side = new Side(data.control, data.index);
/** Both sides draw the same numbers from the first, and others from the second. */
const [common, own] = [random(data.seed), random(data.seed + data.index + 1)];

function act(client: number, isDirect: boolean, backend: number, what: number, state: number): void {
  const flow = serviceFlow(client, backend);
  writeDraft(tables, wasm.flowDraft(worker), isDirect ? directFlow(flow.client, flow.backend) : flow);
  if (what < 5) return void wasm.insertFlow(worker, state);
  const found = wasm.findFlow(worker, what & 1) & ~1;
  if (found === 0) return;
  if (what < 8) wasm.removeFlow(worker, found);
  else if (what < 10) wasm.changeFlow(worker, found, state);
  else wasm.touchFlow(worker, found);
}

function fight(from: number): void {
  for (let step = from + 1; step <= from + STEPS_PER_ROUND; step++) {
    const [shared, isDirect, backend, what] = [common.below(CLIENTS), common.below(3) === 0, common.below(2), common.below(12)];
    const isSame = common.below(8) < 6;
    side.keepStep(step);
    act(isSame ? shared : own.below(CLIENTS), isDirect, 2 + backend, isSame ? what : own.below(12), 1 + own.below(LISTS - 1));
    if (step % 100 === 0) wasm.sweepFlows(worker, CHUNKS);
  }
}

side.run((round) => {
  wasm.setTime(worker, round * 2500);
  if (round % 2 === 0) fight((round / 2) * STEPS_PER_ROUND);
  else wasm.sweepFlows(worker, 2 * CHUNKS);
});
