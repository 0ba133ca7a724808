/** One side of a duel: in step with the other it learns stations on its own ports, mostly the same one at the same moment.
 *  When a round is over it rests, sweeps its ports, and rests again.                                                      */
import { parentPort, workerData } from "node:worker_threads";
import { MAC_BUCKET_SLOTS } from "../../../assembly/abi/limits.ts";
import * as map from "../../../assembly/abi/memory-map.ts";
import { MemoryWorker } from "../../../bindings/forwarder/memory-worker.ts";
import { splitMac } from "../../../bindings/mac.ts";
import { Tables } from "../../../bindings/tables/tables.ts";
import { instantiateEngine, loadModule } from "../../../bindings/wasm/module.ts";
import { station } from "../../support/packet/ethernet.ts";
import { random } from "../../support/packet/random.ts";
import * as duel from "./duel.ts";

/** Out of 8 stations, so many are the same for both sides. */
const SAME = 6;
/** Looks at the other side's step before sleeping, about 0.1 ms. */
const LOOKS = 10_000;

const data = workerData as duel.DuelData;
const control = new Int32Array(data.control);
const tables = new Tables(data.memory);
const wasm = instantiateEngine(loadModule(data.build), data.memory);
const worker = new MemoryWorker(wasm, tables, data.index, data.index, () => true);
/** Both sides draw the same numbers from the first, and others from the second. */
const [common, own] = [random(data.seed), random(data.seed + data.index + 1)];
const macs = Array.from({ length: duel.STATIONS }, (_, number) => splitMac(station(number)));

/** Waits until the other side has come as far: awake for a moment, so that both go on at once, then asleep, as the other
 *  side may want this processor.                                                                                        */
function keepStep(step: number): void {
  Atomics.store(control, data.index, step);
  Atomics.notify(control, data.index);
  const other = 1 - data.index;
  for (let looks = 0; Atomics.load(control, other) < step; looks++) {
    const seen = Atomics.load(control, other);
    if (looks >= LOOKS && seen < step) Atomics.wait(control, other, seen);
  }
}

function fight(from: number): void {
  for (let step = from + 1; step <= from + duel.STEPS_PER_ROUND; step++) {
    const [isSame, shared, network] = [common.below(8) < SAME, common.below(duel.STATIONS), 1 + common.below(duel.NETWORKS)];
    const [low, high] = macs[isSame ? shared : own.below(duel.STATIONS)] ?? [0, 0];
    const port = data.index + 2 * own.below(2);
    keepStep(step);
    wasm.learnMac(worker.address, network, low, high, port, 1);
  }
}

/** Says that `round` is over; the next one, or -1. */
function rest(round: number): number {
  Atomics.add(control, duel.RESTING, 1);
  parentPort?.postMessage(round);
  Atomics.wait(control, duel.ROUND, round);
  return Atomics.load(control, duel.ROUND);
}

for (let round = 0; round >= 0; round = rest(round)) {
  worker.setTime(round * 1000);
  if (round % 2 === 0) fight((round / 2) * duel.STEPS_PER_ROUND);
  else wasm.sweepMacs(worker.address, (tables.load32(map.HEAD_MAC_BUCKET_MASK) + 1) * MAC_BUCKET_SLOTS);
}
worker.end();
