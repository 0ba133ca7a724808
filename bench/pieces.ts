/** What does each piece of the way cost? Nanoseconds of one checksum, one parse, one look-up, one segmented super-frame, by
 *  `benchmark`, which tells how sure its figure is. Every piece runs in a loop in Wasm. */
import Benchmark from "benchmark";
import { layOutMemory, type LaidOutMemory, NETWORK } from "./engine/laid-out-memory.ts";
import { putSmallFrame, putSuperFrame, SMALL_FRAMES } from "./pieces/frame.ts";
import { withCleanup } from "./support/cleanup.ts";
import { type CommonOptions, readOptions } from "./support/options.ts";
import { machineLine, writeResults } from "./support/results.ts";
import { formatNumber, formatTable } from "./support/table.ts";
import { type Exports, instantiateBench } from "./support/wasm.ts";

const ABOUT = "bench/pieces: nanoseconds of the pieces of a frame's way in Wasm (--runs: least samples of each).";
const TIMES = 1000;
const STATIONS = [64, 65536];
const SEGMENT_BYTES = 1448;
const SEGMENTS = 45;
const GROUPS = { checksum: checksums, parse: parses, macs: macTables, segmentation };

interface Piece {
  name: string;
  operations: number;
  run: () => void;
  prepare?: () => void;
}
interface Row {
  name: string;
  nanoseconds: number;
  errorPercent: number;
  samples: number;
}

await withCleanup(async () => {
  const options = readOptions(ABOUT, { runs: 20, seconds: 1 }, Object.keys(GROUPS));
  const rows: Row[] = [];
  for (const [name, pieces] of Object.entries(GROUPS)) {
    if (options.only.includes(name)) rows.push(...pieces().map((piece) => measure(piece, options)));
  }
  const file = writeResults("pieces", options.save, { options, rows });
  if (options.json) console.log(JSON.stringify({ rows }));
  else print(rows, file);
});

function measure({ name, operations, run, prepare }: Piece, { runs, seconds }: CommonOptions): Row {
  prepare?.();
  const benchmark = new Benchmark(name, run, { maxTime: seconds, minSamples: runs });
  benchmark.run({ async: false });
  const nanoseconds = (benchmark.stats.mean / operations) * 1e9;
  return { name, nanoseconds, errorPercent: benchmark.stats.rme, samples: benchmark.stats.sample.length };
}

function checksums(): Piece[] {
  const { wasm, laid } = pieces(64);
  return [64, 1500, 65000].map((bytes) => ({
    name: `checksum of ${bytes.toLocaleString("en-US")} bytes`,
    operations: TIMES,
    run: () => void wasm.sumMany!(laid.first, bytes, TIMES),
  }));
}

function parses(): Piece[] {
  const { wasm, laid } = pieces(64);
  return Object.entries(SMALL_FRAMES).map(([kind, bytes]) => ({
    name: `parse ${kind}`,
    operations: TIMES,
    prepare: () => putSmallFrame(laid, bytes),
    run: () => void wasm.parseMany!(laid.worker, laid.first, TIMES),
  }));
}

function macTables(): Piece[] {
  return STATIONS.flatMap((stations) => {
    const { wasm, laid } = pieces(stations);
    const known = `of ${stations.toLocaleString("en-US")}`;
    const learn = () => void wasm.learnMany!(laid.worker, laid.first, laid.frames, NETWORK);
    learn();
    return [
      { name: `learn a known station ${known}`, operations: laid.frames, run: learn },
      { name: `look up a station ${known}`, operations: laid.frames, run: () => void wasm.findMany!(laid.first, laid.frames, NETWORK) },
    ];
  });
}

function segmentation(): Piece[] {
  const { wasm, laid } = pieces(64);
  wasm.learnMany!(laid.worker, laid.first, laid.frames, NETWORK);
  const name = `segment a super-frame of ${SEGMENTS} x ${SEGMENT_BYTES.toLocaleString("en-US")} bytes, whole way`;
  const run = () => {
    if (wasm.wholeWay!(laid.worker, laid.first, 1) !== SEGMENTS) throw new Error("the super-frame did not become its segments");
  };
  return [{ name, operations: 1, prepare: () => putSuperFrame(laid, SEGMENTS, SEGMENT_BYTES), run }];
}

function pieces(stations: number): { wasm: Exports; laid: LaidOutMemory } {
  const laid = layOutMemory(stations);
  return { laid, wasm: instantiateBench("pieces", laid.memory) };
}

function print(rows: readonly Row[], file: string): void {
  console.log(`${machineLine()}\n`);
  const cells = rows.map(({ name, nanoseconds, errorPercent, samples }) => [
    name,
    formatNumber(nanoseconds),
    formatNumber(errorPercent),
    String(samples),
  ]);
  console.log(formatTable(["piece", "ns", "+- %", "samples"], cells));
  console.log(`\n${file}`);
}
