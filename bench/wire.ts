/** What do the pieces of a frame's way cost in Wasm, and what in plain TypeScript?
 *
 *  The wire files (assembly/wire) against the same work over a DataView (bench/wire/plain-wire.ts), on the same bytes, by
 *  turns in one process, measured by `benchmark`. Frames come in bursts of 256, so that the call into Wasm, which a burst
 *  pays once, counts as it does in the engine; a checksum is a call of its own. Both must give the same result, or the
 *  benchmark fails. */
import Benchmark from "benchmark";
import { PortyardError } from "../bindings/error.ts";
import { median } from "./support/median.ts";
import { type CommonOptions, readOptions } from "./support/options.ts";
import { backgroundShare, noiseWarning } from "./support/processor.ts";
import { machineLine, writeResults } from "./support/results.ts";
import { formatNumber, formatTable } from "./support/table.ts";
import { allPieces, type Piece } from "./wire/pieces.ts";

const ABOUT = "bench/wire: the pieces of a frame's way in Wasm against plain TypeScript.";

interface Sample {
  wasmNs: number;
  plainNs: number;
}
interface Row extends Sample {
  name: string;
  ratio: number;
  runs: Sample[];
}

const background: number[] = [];
const pieces = allPieces();
const names = pieces.map(({ name }) => name);
const options = readOptions(ABOUT, { runs: 5, seconds: 0.5 }, names);
const rows: Row[] = [];
for (const piece of pieces.filter(({ name }) => options.only.includes(name))) rows.push(await measure(piece, options));
const file = writeResults("wire", options.save, { options, background, rows });
if (options.json) console.log(JSON.stringify({ background, rows }));
else print(rows, options, file);

async function measure(piece: Piece, { runs, seconds }: CommonOptions): Promise<Row> {
  const [wasm, typescript] = [piece.wasm(), piece.plain()];
  if (wasm !== typescript) throw new PortyardError("load-failed", `${piece.name}: Wasm finds ${wasm}, TypeScript ${typescript}.`);
  const samples: Sample[] = [];
  for (let run = 0; run < runs; run++) {
    background.push(await backgroundShare());
    samples.push({ wasmNs: nanoseconds(piece.wasm, piece.count, seconds), plainNs: nanoseconds(piece.plain, piece.count, seconds) });
  }
  const wasmNs = median(samples.map((sample) => sample.wasmNs));
  const plainNs = median(samples.map((sample) => sample.plainNs));
  return { name: piece.name, ratio: plainNs / wasmNs, wasmNs, plainNs, runs: samples };
}

function nanoseconds(body: () => number, count: number, seconds: number): number {
  const benchmark = new Benchmark(body, { maxTime: seconds });
  benchmark.run({ async: false });
  return 1e9 / (benchmark.hz * count);
}

function print(rows: readonly Row[], { runs, seconds }: CommonOptions, file: string): void {
  console.log(`${machineLine()}; median of ${runs}, ${seconds} s each\n`);
  const cells = rows.map(({ name, ratio, wasmNs, plainNs }) => [name, ...[ratio, wasmNs, plainNs].map(formatNumber)]);
  console.log(formatTable(["piece", "TypeScript / Wasm", "Wasm ns", "TypeScript ns"], cells));
  const warning = noiseWarning(background);
  if (warning !== null) console.log(`\n  ${warning}`);
  console.log(`\n${file}`);
}
