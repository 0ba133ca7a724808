/** What does a frame cost in Wasm, and what in C?
 *
 *  Bursts of 256 frames are parsed, their sources learned and their destinations looked up, by the engine's own functions
 *  and by the same algorithm in C (bench/native/mac-burst.c, cc -O3) over the same bytes: 64 to 65,536 stations, whose
 *  order has no pattern. Both must find the same values and leave the same table and descriptors, or the benchmark fails. `whole way` is
 *  all that a frame goes through in Wasm (slots, counters, network, egress, queue of writes), without the kernel. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BURST_FRAMES } from "../assembly/abi/limits.ts";
import { PortyardError } from "../bindings/error.ts";
import { cHeader } from "./engine/c-header.ts";
import { FRAME_STRIDE } from "./engine/frame-layout.ts";
import { type LaidOutMemory, layOutMemory, NETWORK, NOW_SECONDS } from "./engine/laid-out-memory.ts";
import { resultHash } from "./engine/result-hash.ts";
import { onEnd, withCleanup } from "./support/cleanup.ts";
import { median } from "./support/median.ts";
import { compilerLine, nativeProgram, writeHeader } from "./support/native.ts";
import { type CommonOptions, readOptions } from "./support/options.ts";
import { backgroundShare, noiseWarning } from "./support/processor.ts";
import { machineLine, writeResults } from "./support/results.ts";
import { run } from "./support/shell.ts";
import { spend } from "./support/spend.ts";
import { formatNumber, formatTable } from "./support/table.ts";

const ABOUT = "bench/engine: parse + learn + look up in Wasm against the same algorithm in C, over memory.";
const STATIONS = [64, 1024, 16384, 65536];
const WARM_UP_SECONDS = 0.5;
/** Whoever shares a core (a busy hardware thread beside it takes a third of its speed) only ever adds: each run is cut into
 *  slices, Wasm and C by turns, and the least one of each counts. */
const SLICES = 8;
const LEAST_SECONDS = 0.01;
const background: number[] = [];

interface Sample {
  wasm: number;
  c: number;
  wholeWay: number;
}
interface Row {
  stations: number;
  ratio: number;
  median: Sample;
  runs: Sample[];
}
interface Outcome {
  nsPerFrame: number;
  sum: string;
  hash: string;
  entries: number;
}

await withCleanup(async () => {
  const options = readOptions(ABOUT, { runs: 5, seconds: 1 }, STATIONS.map(String));
  writeHeader("memory-map", cHeader());
  const program = nativeProgram("mac-burst");
  const rows: Row[] = [];
  for (const stations of STATIONS.filter((one) => options.only.includes(String(one)))) rows.push(await measure(stations, program, options));
  const file = writeResults("engine", options.save, { options, compiler: compilerLine, background, rows });
  if (options.json) console.log(JSON.stringify({ background, rows }));
  else print(rows, options, file);
});

async function measure(stations: number, program: string, { runs, seconds }: CommonOptions): Promise<Row> {
  const laid = layOutMemory(stations);
  const image = writeImage(laid.memory);
  compare(laid, stations, runC(program, image.path, laid, LEAST_SECONDS));
  spend(WARM_UP_SECONDS, () => pass(laid));
  spend(WARM_UP_SECONDS, () => wholeWay(laid));
  const samples: Sample[] = [];
  for (let done = 0; done < runs; done++) {
    background.push(await backgroundShare());
    const slices = Array.from({ length: SLICES }, () =>
      sample(laid, seconds / SLICES, () => runC(program, image.path, laid, seconds / SLICES).nsPerFrame),
    );
    samples.push({ wasm: leastOf(slices, "wasm"), c: leastOf(slices, "c"), wholeWay: leastOf(slices, "wholeWay") });
  }
  await image.remove();
  const middle = { wasm: middleOf(samples, "wasm"), c: middleOf(samples, "c"), wholeWay: middleOf(samples, "wholeWay") };
  return { stations, ratio: middle.wasm / middle.c, median: middle, runs: samples };
}

/** Every station is learned in the first pass; the second finds all destinations. */
function learnAll(laid: LaidOutMemory): string {
  pass(laid);
  laid.wasm.takeTotal!();
  pass(laid);
  return BigInt.asUintN(64, laid.wasm.takeTotal!() as bigint).toString();
}

function pass({ wasm, worker, first, frames }: LaidOutMemory): void {
  const burst = wasm.burst!;
  for (let done = 0; done < frames; done += BURST_FRAMES) burst(worker, first + done * FRAME_STRIDE, BURST_FRAMES, NETWORK);
}

function wholeWay({ wasm, worker, first, frames }: LaidOutMemory): void {
  const way = wasm.wholeWay!;
  let sent = 0;
  for (let done = 0; done < frames; done += BURST_FRAMES) sent += way(worker, first + done * FRAME_STRIDE, BURST_FRAMES) as number;
  if (sent !== frames) throw new PortyardError("load-failed", `${sent} of ${frames} frames left the pipeline.`);
}

/** The memory as a file for the C program, before anything was learned. */
function writeImage(memory: WebAssembly.Memory): { path: string; remove: () => Promise<void> } {
  const folder = mkdtempSync(join(tmpdir(), "pyb-engine-"));
  const remove = onEnd(folder, () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "memory");
  writeFileSync(path, new Uint8Array(memory.buffer));
  return { path, remove };
}

function runC(program: string, image: string, { worker, first, frames }: LaidOutMemory, seconds: number): Outcome {
  return JSON.parse(run(program, [image, ...[worker, first, frames, NETWORK, NOW_SECONDS, seconds].map(String)])) as Outcome;
}

/** Wasm and C by turns. */
function sample(laid: LaidOutMemory, seconds: number, c: () => number): Sample {
  return { wasm: spend(seconds, () => pass(laid)) / laid.frames, c: c(), wholeWay: spend(seconds, () => wholeWay(laid)) / laid.frames };
}

/** Before anything is measured: both do the same. */
function compare(laid: LaidOutMemory, stations: number, c: Outcome): void {
  const sum = learnAll(laid);
  const hash = resultHash(laid);
  if (c.entries === stations && c.sum === sum && c.hash === hash) return;
  const told = `C learned ${c.entries} of ${stations} stations, sums ${c.sum} and ${sum}, results ${c.hash} and ${hash}`;
  throw new PortyardError("load-failed", `Wasm and C do not do the same: ${told}.`);
}

function leastOf(samples: readonly Sample[], key: keyof Sample): number {
  return Math.min(...samples.map((one) => one[key]));
}

function middleOf(samples: readonly Sample[], key: keyof Sample): number {
  return median(samples.map((sample) => sample[key]));
}

function print(rows: readonly Row[], { runs, seconds }: CommonOptions, file: string): void {
  console.log(`${machineLine()}; median of ${runs}, ${seconds} s each; ${compilerLine}\n`);
  const header = ["stations", "Wasm / C", "Wasm ns/frame", "C ns/frame", "whole way ns/frame"];
  const cells = rows.map(({ stations, ratio, median: m }) => [
    stations.toLocaleString("en-US"),
    ...[ratio, m.wasm, m.c, m.wholeWay].map(formatNumber),
  ]);
  console.log(formatTable(header, cells));
  const warning = noiseWarning(background);
  if (warning !== null) console.log(`\n  ${warning}`);
  console.log(`\n${file}`);
}
