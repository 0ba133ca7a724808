/** The engine alone: what a frame of a flow costs in the service stage, next to the same in C (bench/native/flow-serve.c), and what frames pay
 *  that no service has to do with.
 *
 *  Each frame is made in its slot first (64 bytes, TCP over IPv4), in both. Known flows: frames of client and backend by turns, of established
 *  flows in an order without pattern; parse, network, flow, TCP state, translation. New ones: SYNs of clients that were not there before, whose
 *  flows end again unmeasured. Time goes on by a second with three million frames, so that flows move in their lists as they would. Both must let the same bytes
 *  leave, or the benchmark fails. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PortyardError } from "../../bindings/error.ts";
import { onEnd } from "../support/cleanup.ts";
import { median } from "../support/median.ts";
import { nativeProgram, writeHeader } from "../support/native.ts";
import { backgroundShare } from "../support/processor.ts";
import { run } from "../support/shell.ts";
import { processorNs, spend } from "../support/spend.ts";
import { formatNumber, formatTable } from "../support/table.ts";
import { cHeader } from "./c-header.ts";
import { FlowMemory, NEW_FLOWS, type NetworkName, PLAIN, SERVED } from "./flow-memory.ts";
import { ALIKE, UNRELATED } from "./frame-kinds.ts";

const FLOWS = [1_000, 100_000, 1_000_000];
const PASS_FRAMES = 65_536;
const WARM_UP_SECONDS = 0.5;
const MOST_SECONDS = 2;
/** As in bench/engine: whoever shares a core only ever adds, so each run is cut into slices, and the least one of each counts. */
const SLICES = 4;
const LEAST_SECONDS = 0.01;

/** Nanoseconds a frame. */
interface Sample {
  knownWasm: number;
  knownC: number;
  newWasm: number;
  newC: number;
  /** Of a known flow, all that a frame goes through in Wasm. */
  way: number;
}
interface FlowRow {
  flows: number;
  knownRatio: number;
  newRatio: number;
  median: Sample;
  runs: Sample[];
}
/** Nanoseconds of the whole way of a frame that no service has to do with. */
interface UnrelatedRow {
  about: string;
  ratio: number;
  served: number;
  plain: number;
}
export interface Alone {
  background: number[];
  flows: FlowRow[];
  unrelated: UnrelatedRow[];
}

interface Outcome {
  knownNs: number;
  newNs: number;
  knownHash: string;
  newHash: string;
  flows: number;
}

/** @param seconds of each measurement, of which no more than two are taken.
 *  @throws PortyardError `load-failed` where Wasm and C do not do the same, `compiler-missing`. */
export async function measureAlone(runs: number, seconds: number): Promise<Alone> {
  writeHeader("flow-frames", cHeader());
  const program = nativeProgram("flow-serve");
  const each = Math.min(seconds, MOST_SECONDS);
  const background: number[] = [];
  const flows: FlowRow[] = [];
  let unrelated: UnrelatedRow[] = [];
  for (const count of FLOWS) {
    process.stderr.write(`${count.toLocaleString("en-US")} flows … `);
    const memory = await FlowMemory.create(count);
    flows.push(await measureFlows(memory, program, runs, each, background));
    if (unrelated.length === 0) unrelated = [UNRELATED, ALIKE].map((kind) => measureUnrelated(memory, kind, each));
    await memory.close();
    process.stderr.write("done\n");
  }
  return { background, flows, unrelated };
}

async function measureFlows(memory: FlowMemory, program: string, runs: number, seconds: number, background: number[]): Promise<FlowRow> {
  const order = writeOrder(memory.order);
  const runC = (time: number) => JSON.parse(run(program, [memory.flows, memory.capacity, order.path, time].map(String))) as Outcome;
  requireSame(memory.flows, memory.establish(), runC(LEAST_SECONDS));
  spend(WARM_UP_SECONDS, () => memory.known(PASS_FRAMES));
  spendOnNew(memory, WARM_UP_SECONDS);
  spend(WARM_UP_SECONDS, () => memory.knownWay(PASS_FRAMES));
  const samples: Sample[] = [];
  for (let done = 0; done < runs; done++) {
    background.push(await backgroundShare());
    samples.push(least(Array.from({ length: SLICES }, () => sample(memory, seconds / SLICES, runC))));
  }
  await order.remove();
  const middle = combine(samples, median);
  return {
    flows: memory.flows,
    knownRatio: middle.knownWasm / middle.knownC,
    newRatio: middle.newWasm / middle.newC,
    median: middle,
    runs: samples,
  };
}

/** Wasm and C by turns. */
function sample(memory: FlowMemory, seconds: number, runC: (seconds: number) => Outcome): Sample {
  const knownWasm = spend(seconds, () => memory.known(PASS_FRAMES)) / PASS_FRAMES;
  const newWasm = spendOnNew(memory, seconds);
  const { knownNs, newNs } = runC(seconds);
  return { knownWasm, newWasm, knownC: knownNs, newC: newNs, way: spend(seconds, () => memory.knownWay(PASS_FRAMES)) / PASS_FRAMES };
}

function spendOnNew(memory: FlowMemory, seconds: number): number {
  const durations: number[] = [];
  for (let spent = 0; spent < seconds * 1e9; spent += durations.at(-1) as number) {
    const before = processorNs();
    memory.beginNew();
    durations.push(processorNs() - before);
    memory.endNew();
  }
  return median(durations) / NEW_FLOWS;
}

/** The two networks by turns, in many slices: what is to be seen is small. */
function measureUnrelated(memory: FlowMemory, kind: number, seconds: number): UnrelatedRow {
  const pass = (network: NetworkName) => () => memory.unrelated(kind, network, PASS_FRAMES);
  const figures: Record<NetworkName, number[]> = { [SERVED]: [], [PLAIN]: [] };
  for (const network of [SERVED, PLAIN] as const) spend(WARM_UP_SECONDS, pass(network));
  for (let slice = 0; slice < 4 * SLICES; slice++) {
    for (const network of [SERVED, PLAIN] as const) figures[network].push(spend(seconds / SLICES, pass(network)) / PASS_FRAMES);
  }
  const [served, plain] = [Math.min(...figures[SERVED]), Math.min(...figures[PLAIN])];
  const about = kind === ALIKE ? "one address ends as the virtual one" : "no address ends as one of a service";
  return { about, ratio: served / plain, served, plain };
}

/** The order of frames as a file for the C program. */
function writeOrder(order: Uint32Array): { path: string; remove: () => Promise<void> } {
  const folder = mkdtempSync(join(tmpdir(), "pyb-services-"));
  const remove = onEnd(folder, () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "order");
  writeFileSync(path, order.slice());
  return { path, remove };
}

/** Before anything is measured: both do the same. */
function requireSame(flows: number, wasm: { known: string; new: string; flows: number }, c: Outcome): void {
  if (wasm.known === c.knownHash && wasm.new === c.newHash && wasm.flows === flows && c.flows === flows) return;
  const hashes = `frames of known ones ${wasm.known} and ${c.knownHash}, of new ones ${wasm.new} and ${c.newHash}`;
  const told = `they have ${wasm.flows} and ${c.flows} flows, ${hashes}`;
  throw new PortyardError("load-failed", `Wasm and C do not do the same: ${told}.`);
}

function least(samples: readonly Sample[]): Sample {
  return combine(samples, (values) => Math.min(...values));
}

function combine(samples: readonly Sample[], of: (values: number[]) => number): Sample {
  const one = (key: keyof Sample) => of(samples.map((each) => each[key]));
  return { knownWasm: one("knownWasm"), knownC: one("knownC"), newWasm: one("newWasm"), newC: one("newC"), way: one("way") };
}

/** Both tables, as text. */
export function formatAlone({ flows, unrelated }: Alone): string {
  const titles = ["known, Wasm / C", "Wasm ns", "C ns", "new, Wasm / C", "Wasm ns", "C ns", "known, whole way ns"];
  const rows = flows.map(({ flows: count, knownRatio, newRatio, median: m }) => [
    count.toLocaleString("en-US"),
    ...[knownRatio, m.knownWasm, m.knownC, newRatio, m.newWasm, m.newC, m.way].map(formatNumber),
  ]);
  const others = unrelated.map(({ about, ratio, served, plain }) => [about, ...[ratio, served, plain].map(formatNumber)]);
  return [
    "Service stage, a frame of a known flow and the first of a new one, ratio to the same in C (less is better)",
    formatTable(["flows", ...titles], rows),
    "",
    "Whole way of a frame that is no service's, ratio to a network without services",
    formatTable(["frame", "ratio", "with ns", "without ns"], others),
  ].join("\n");
}
