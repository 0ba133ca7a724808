/** Two workers in two threads over one memory, ports that come and go between them, stations that wander from one's ports
 *  to the other's. Whatever happens: no frame reaches a port outside its network or of another life, every frame is
 *  accounted for, and when all is quiet the MAC table says where each station spoke last.
 *
 *      agent (this thread)     adds, removes, pins; waits for both workers before an index is used again
 *      worker 0, worker 1      traffic-thread.ts: 16 ports between them, access and trunk, of 4 networks                   */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as map from "../../../assembly/abi/memory-map.ts";
import * as record from "../../../assembly/abi/worker.ts";
import * as macs from "../../../bindings/tables/mac-table.ts";
import * as ports from "../../../bindings/tables/port-table.ts";
import * as workers from "../../../bindings/tables/worker-table.ts";
import type { Build } from "../../../bindings/wasm/module.ts";
import { scale } from "../../scale.ts";
import { checkEntries, checkFrames, checkRings, checkSlots } from "../../support/books.ts";
import { station } from "../../support/packet/ethernet.ts";
import { seedOf } from "../../support/seed.ts";
import { Agent } from "./agent.ts";
import * as traffic from "./traffic.ts";

const THREADS = [0, 1];

function start(agent: Agent, build: Build, seed: number): Worker[] {
  const startedMs = Number(process.hrtime.bigint() / 1_000_000n);
  const common = { memory: agent.memory, build, yard: agent.yard.buffer, startedMs, workersBase: agent.layout.workersBase };
  const data: traffic.ThreadData[] = THREADS.map((index) => ({ ...common, index, seed: seed + index + 1 }));
  return data.map((workerData) => new Worker(new URL("./traffic-thread.js", import.meta.url), { workerData }));
}

function placesOf(agent: Agent): { key: string; port: number }[] {
  const key = (place: number) => `${traffic.NETWORKS[Math.floor(place / traffic.STATIONS)]} ${station(place % traffic.STATIONS)}`;
  return [...agent.yard.places.entries()].filter(([, port]) => port >= 0).map(([place, port]) => ({ key: key(place), port }));
}

/** Each entry names a port that is there, in this life, and a member of its network. */
function checkHomes(agent: Agent): void {
  for (const { network, mac, port, generation } of macs.entries(agent.tables)) {
    assert.is(generation, ports.generation(agent.tables, port), `${mac} is behind an earlier life of port ${port}`);
    assert.ok(agent.isMember(network, port), `${mac} of network ${network} is behind port ${port}`);
  }
}

async function run(build: Build, seed: number): Promise<void> {
  const agent = new Agent(build, seed);
  const threads = start(agent, build, seed);
  agent.watch(threads);
  const reports = Promise.all(threads.map(reportOf));
  try {
    await Promise.race([drive(agent), reports.then(() => Promise.reject(new Error("a thread ended early")))]);
    agent.begin(traffic.PHASE_END);
    for (const [worker, report] of (await reports).entries()) checkReport(agent, worker, report);
  } finally {
    reports.catch(() => undefined);
    for (const thread of threads) await thread.terminate();
  }
  checkSorts(agent);
}

async function drive(agent: Agent): Promise<void> {
  await agent.until(() => THREADS.every((worker) => workers.isRunning(agent.tables, worker)));
  const end = performance.now() + scale.twoWorkerSeconds * 1000;
  while (performance.now() < end) await agent.act();
  await agent.pass(traffic.PHASE_QUIET);
  checkEntries(agent.tables);
  checkHomes(agent);
  agent.assignPlaces();
  await agent.pass(traffic.PHASE_SETTLE);
  checkEntries(agent.tables);
  checkPlaces(agent, false);
  for (const worker of THREADS) await agent.pass(traffic.PHASE_ALONE + worker);
  checkEntries(agent.tables);
  checkHomes(agent);
  checkPlaces(agent, true);
  checkRings(agent.tables);
  assert.is(agent.recount(), [...macs.entries(agent.tables)].length);
}

/** Each station is where it spoke last, or pinned; one that spoke while both workers claimed places may be unknown. */
function checkPlaces(agent: Agent, isEach: boolean): void {
  const found = new Map([...macs.entries(agent.tables)].map((entry) => [`${entry.network} ${entry.mac}`, entry]));
  for (const { key, port } of placesOf(agent)) {
    const entry = found.get(key);
    if (entry === undefined) assert.not(isEach, `${key} is unknown, and spoke last on port ${port}`);
    else if (!entry.isStatic) assert.is(entry.port, port, `port of ${key}`);
  }
}

/** What the thread saw is what its worker counted, and the books balance. */
function checkReport(agent: Agent, worker: number, report: traffic.ThreadReport): void {
  const totals = workers.read(agent.tables, worker);
  assert.equal(report.violations, []);
  assert.equal([totals.received, totals.sent], [report.received, report.taken]);
  assert.ok(totals.dropped >= report.refused);
  checkFrames(agent.tables, worker);
  checkSlots(agent.tables, worker, agent.layout.workersBase + worker * map.WORKER_BYTES);
  assert.is(agent.tables.load32(workers.recordOf(worker) + record.CLAIM_PLACE), 0, "a claim is left");
}

/** What the two of them did, in all: some of everything. */
function checkSorts(agent: Agent): void {
  const totals = THREADS.map((worker) => workers.read(agent.tables, worker));
  const names = ["received", "sent", "copies", "learned", "moved", "evicted", "aged", "notLearned"] as const;
  const sums = names.map((name) => totals.reduce((sum, each) => sum + each[name], 0));
  console.log(`# ${agent.removed} ports removed; ${names.map((name, index) => `${name} ${sums[index]}`).join(", ")}`);
  assert.ok(agent.removed > 0 && sums.every((count) => count > 0), "the traffic is of all sorts");
}

async function reportOf(thread: Worker): Promise<traffic.ThreadReport> {
  const reports: traffic.ThreadReport[] = [];
  thread.on("message", (message: string | traffic.ThreadReport) => typeof message !== "string" && reports.push(message));
  const [code] = await once(thread, "exit");
  assert.is(code, 0);
  return reports[0] as traffic.ThreadReport;
}

const seed = seedOf("two workers");
for (const build of ["debug", "release"] as const) {
  test(`two workers, wandering stations, ports that come and go (${build})`, () => run(build, seed));
}

test.run();
