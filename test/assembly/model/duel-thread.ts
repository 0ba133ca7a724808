/** One side of a duel: in step with the other it learns stations on its own ports, mostly the same one at the same moment.
 *  When a round is over it rests, sweeps its ports, and rests again.                                                      */
import { workerData } from "node:worker_threads";
import { MAC_BUCKET_SLOTS } from "../../../assembly/abi/limits.ts";
import * as map from "../../../assembly/abi/memory-map.ts";
import { MemoryWorker } from "../../../bindings/forwarder/memory-worker.ts";
import { splitMac } from "../../../bindings/mac.ts";
import { Tables } from "../../../bindings/tables/tables.ts";
import { instantiateEngine, loadModule } from "../../../bindings/wasm/module.ts";
import { station } from "../../support/packet/ethernet.ts";
import { random } from "../../support/packet/random.ts";
import * as duel from "./duel.ts";
import { Side } from "./in-step.ts";

/** Out of 8 stations, so many are the same for both sides. */
const SAME = 6;

const data = workerData as duel.DuelData;
const side = new Side(data.control, data.index);
const tables = new Tables(data.memory);
const wasm = instantiateEngine(loadModule(data.build), data.memory);
const worker = new MemoryWorker(wasm, tables, data.index, data.index, () => true);
/** Both sides draw the same numbers from the first, and others from the second. */
const [common, own] = [random(data.seed), random(data.seed + data.index + 1)];
const macs = Array.from({ length: duel.STATIONS }, (_, number) => splitMac(station(number)));

function fight(from: number): void {
  for (let step = from + 1; step <= from + duel.STEPS_PER_ROUND; step++) {
    const [isSame, shared, network] = [common.below(8) < SAME, common.below(duel.STATIONS), 1 + common.below(duel.NETWORKS)];
    const [low, high] = macs[isSame ? shared : own.below(duel.STATIONS)] ?? [0, 0];
    const port = data.index + 2 * own.below(2);
    side.keepStep(step);
    wasm.learnMac(worker.address, network, low, high, port, 1);
  }
}

side.run((round) => {
  worker.setTime(round * 1000);
  if (round % 2 === 0) fight((round / 2) * duel.STEPS_PER_ROUND);
  else wasm.sweepMacs(worker.address, (tables.load32(map.HEAD_MAC_BUCKET_MASK) + 1) * MAC_BUCKET_SLOTS);
});
worker.end();
