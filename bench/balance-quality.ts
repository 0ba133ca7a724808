/** How long do requests take under each balancer, when one of three backends is slow and nobody has said so? A simulation of queues: requests come
 *  at random (Poisson), at 80 % of what the three can serve together; two backends take 10 ms for one on the average, the third 30 ms. The
 *  balancers are those of the hot path, and see what they see there: when a flow begins, when it ends, and how long the answer took.
 *
 *    requests ──> pick ──> queue ──> backend ──> answer ──> active - 1, response time
 *
 *  Time is simulated and every run has a seed of its own, so figures do not depend on the machine. Ratios to round robin are printed first. */
import * as map from "../assembly/abi/memory-map.ts";
import * as algorithm from "../assembly/abi/service.ts";
import { maglevRing } from "../bindings/service/maglev.ts";
import { smoothSchedule } from "../bindings/service/schedule.ts";
import { layOut, memoryPages } from "../bindings/tables/layout.ts";
import * as services from "../bindings/tables/service-table.ts";
import { createMemory, Tables } from "../bindings/tables/tables.ts";
import { instantiateEngine, loadModule } from "../bindings/wasm/module.ts";
import { exponential, numbers, Queues } from "./balance-quality/queues.ts";
import { type Candidate, type Column, compare, type Figures, printComparison } from "./support/comparison.ts";
import { readOptions } from "./support/options.ts";
import { writeResults } from "./support/results.ts";

const ABOUT = "bench/balance-quality: response times under each balancer, one slow backend of three, 80 % load (simulated).";
const SERVICE_MS = [10, 10, 30];
const LOAD = 0.8;
const REQUESTS = 50_000;
/** At the beginning, which do not count. */
const WARM_UP = 1_000;
const SERVICE = 1;

type Key = "mean" | "p99";
const COLUMNS: Column<Key>[] = [
  { key: "mean", title: "mean", unit: "ms" },
  { key: "p99", title: "p99", unit: "ms" },
];
interface Balancer extends Candidate {
  algorithm: number;
  weights: readonly number[];
}
const EQUAL = [1, 1, 1];
const BALANCERS: Balancer[] = [
  {
    name: "round-robin",
    about: "one after the other: the slow backend gets more than it can serve",
    algorithm: algorithm.ROUND_ROBIN,
    weights: EQUAL,
  },
  {
    name: "weighted",
    about: "weighted round robin, by somebody who knows: weights 3, 3, 1",
    algorithm: algorithm.WEIGHTED_ROUND_ROBIN,
    weights: [3, 3, 1],
  },
  {
    name: "least-response-time",
    about: "peak EWMA x (active + 1)",
    algorithm: algorithm.LEAST_RESPONSE_TIME,
    weights: EQUAL,
  },
  { name: "least-load", about: "active + 1", algorithm: algorithm.LEAST_LOAD, weights: EQUAL },
  { name: "power-of-two", about: "the less loaded of two that are drawn", algorithm: algorithm.POWER_OF_TWO, weights: EQUAL },
  { name: "source-hash", about: "by the client, of 10,000", algorithm: algorithm.SOURCE_HASH, weights: EQUAL },
  { name: "maglev", about: "by the client, of 10,000", algorithm: algorithm.MAGLEV, weights: EQUAL },
  { name: "random", about: "by chance", algorithm: algorithm.RANDOM, weights: EQUAL },
];
const CLIENTS = 10_000;

const options = readOptions(
  ABOUT,
  { runs: 5 },
  BALANCERS.map(({ name }) => name),
);
const chosen = BALANCERS.filter(({ name }) => options.only.includes(name));
const runsOf = new Map<string, number>();
const compared = await compare(chosen, COLUMNS, options.runs, async (one) => simulate(one, nextSeed(one.name)), "round-robin");
const file = writeResults("balance-quality", options.save, { options, ...compared });
const words = {
  options,
  candidate: "balancer",
  ratios: "Ratio to round robin (less is better)",
  figures: "Response times",
  also: `${REQUESTS.toLocaleString("en-US")} requests each`,
};
if (options.json) console.log(JSON.stringify(compared));
else printComparison(compared, COLUMNS, words, file);

/** The same for all balancers in one run. */
function nextSeed(name: string): number {
  const run = (runsOf.get(name) ?? 0) + 1;
  runsOf.set(name, run);
  return run;
}

function simulate({ algorithm: chosenAlgorithm, weights }: Balancer, seed: number): Figures<Key> {
  const layout = layOut({ macs: 64, flows: 64, workers: 1 });
  const tables = new Tables(createMemory(memoryPages(layout, 1), false));
  tables.format(layout, BigInt(seed), true);
  tables.configure(0n, layout.workersBase);
  publish(tables, chosenAlgorithm, weights);
  const wasm = instantiateEngine(loadModule("single"), tables.memory);
  const worker = wasm.formatWorker(0, 0);
  const [queues, draw] = [new Queues(SERVICE_MS.length), numbers(seed)];
  const meanGapMs = 1 / (LOAD * SERVICE_MS.reduce((rate, ms) => rate + 1 / ms, 0));
  const responses: number[] = [];
  for (let [request, now] = [0, 0]; request < REQUESTS; request++) {
    now += exponential(meanGapMs, draw());
    const [size, client] = [draw(), Math.floor(draw() * CLIENTS)];
    for (const { backend, at, responseMs } of queues.take(now)) {
      wasm.measureBackend(backend, responseMs, at);
      wasm.finishOnBackend(backend);
      responses.push(responseMs);
    }
    wasm.setTime(worker, now);
    const backend = wasm.pickBackend(worker, SERVICE, client, 0);
    wasm.beginOnBackend(backend);
    queues.put(backend, now, exponential(SERVICE_MS[backend] ?? 0, size));
  }
  responses.push(...queues.take(Number.POSITIVE_INFINITY).map(({ responseMs }) => responseMs));
  const counted = responses.slice(WARM_UP).sort((a, b) => a - b);
  return { mean: counted.reduce((sum, ms) => sum + ms, 0) / counted.length, p99: counted[Math.floor(counted.length * 0.99)] ?? Number.NaN };
}

function publish(tables: Tables, chosenAlgorithm: number, weights: readonly number[]): void {
  for (const [index, weight] of weights.entries()) services.writeBackend(tables, index, { weight });
  const slate = {
    backends: [...weights.keys()],
    schedule: smoothSchedule(weights),
    ring: maglevRing(weights.map((weight, index) => ({ name: `backend-${index}`, weight }))),
  };
  const at = tables.load32(map.HEAD_SLATES);
  services.writeSlate(tables, at, slate);
  services.publish(tables, SERVICE, chosenAlgorithm, at);
}
