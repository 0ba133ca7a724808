/** How fast does a capture go through the engine, next to `tcpdump -r IN -w OUT`, which only copies it?
 *
 *    capture ──> in | engine | out ──> capture
 *
 *  Made captures of 10^6 frames of mixed sizes, as pcap and pcapng, and of 10^5 frames of 1,500 bytes, in a folder in memory where there
 *  is one. The command `portyard replay IN --out DIR` counts twice: as a whole process, and without what it takes to start (as it says
 *  itself); the library in this process, without a file written. All candidates in turn, the median of the runs counts, and ratios to
 *  tcpdump are printed first. Then the peak of memory for 10^5 and for 10^7 frames that come by a pipe: it must be about the same. */
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, statfsSync, symlinkSync, writeSync } from "node:fs";
import { devNull, tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../bindings/config/parse.ts";
import { PortyardError } from "../bindings/error.ts";
import { openCapture, replay } from "../bindings/index.ts";
import { type Format, MIX, madeCapture, repeatedCapture } from "./replay/made-capture.ts";
import { peakOfPortyard, runMeasured, runPortyard } from "./replay/measured-child.ts";
import { onEnd, withCleanup } from "./support/cleanup.ts";
import { type Candidate, type Column, compare, type Figures, printComparison } from "./support/comparison.ts";
import { readOptions } from "./support/options.ts";
import { writeResults } from "./support/results.ts";
import { isInstalled } from "./support/shell.ts";

const ABOUT = "bench/replay: captures through the engine, and through tcpdump, in one run, alternating.";
const BASE = "tcpdump";
const MEMORY = "memory";
const FEW = 100_000;
const MANY = 10_000_000;
const SMALL: readonly number[] = [64];

interface Case {
  frames: number;
  sizes: readonly number[];
  format: Format;
}
const CASES = {
  mixed: { frames: 1_000_000, sizes: MIX, format: "pcap" },
  mixedPcapng: { frames: 1_000_000, sizes: MIX, format: "pcapng" },
  long: { frames: 100_000, sizes: [1500], format: "pcap" },
} satisfies Record<string, Case>;
type Key = keyof typeof CASES;

const COLUMNS: Column<Key>[] = [
  { key: "mixed", title: "mixed pcap", unit: "frames/s" },
  { key: "mixedPcapng", title: "mixed pcapng", unit: "frames/s" },
  { key: "long", title: "1,500 bytes pcap", unit: "frames/s" },
];

interface Way extends Candidate {
  /** Seconds that it takes to bring `input` into `folder`. */
  take: (input: string, folder: string) => Promise<number>;
}
const WAYS: Way[] = [
  {
    name: BASE,
    about: "tcpdump -r IN -w OUT, the whole process",
    take: async (input, folder) => (await runMeasured(BASE, ["-r", input, "-w", join(folder, "out.pcap")])).seconds,
  },
  {
    name: "command",
    about: "portyard replay IN --out DIR, the whole process",
    take: async (input, folder) => (await runPortyard(["replay", input, "--out", folder])).seconds,
  },
  {
    name: "started",
    about: "the same from the moment on at which the process has started and begins to replay",
    take: async (input, folder) => JSON.parse((await runPortyard(["replay", input, "--out", folder, "--json"])).stdout).seconds as number,
  },
  { name: "library", about: "replay({ config, inputs }) in this process, no file is written", take: (input) => inThisProcess(input) },
];

await withCleanup(async () => {
  const options = readOptions(ABOUT, { runs: 3 }, [...WAYS.map(({ name }) => name), MEMORY]);
  const isThere = isInstalled(BASE);
  const ways = WAYS.filter(({ name }) => options.only.includes(name) && (isThere || name !== BASE));
  const folder = makeFolder();
  const inputs = ways.length === 0 ? null : makeInputs(folder);
  const compared = await compare(ways, COLUMNS, options.runs, (way) => measure(way, inputs as Record<Key, string>, folder), BASE);
  const peaks = options.only.includes(MEMORY) ? { few: await peakMb(folder, FEW), many: await peakMb(folder, MANY) } : null;
  const file = writeResults("replay", options.save, { options, cases: CASES, ...compared, peakMb: peaks });
  const { runs } = options;
  const notes = [...(isThere ? [] : [`left out: ${BASE}, which is not installed`]), ...(peaks === null ? [] : [peakLine(peaks)])];
  const words = { options: { runs }, candidate: "way", ratios: "Ratio to tcpdump (more is better)", figures: "Figures", notes };
  if (options.json) console.log(JSON.stringify({ ...compared, peakMb: peaks }));
  else printComparison(compared, COLUMNS, words, file);
});

async function measure({ take }: Way, inputs: Record<Key, string>, folder: string): Promise<Figures<Key>> {
  const figures: Partial<Figures<Key>> = {};
  for (const { key } of COLUMNS) {
    const out = join(folder, "out");
    mkdirSync(out);
    figures[key] = CASES[key].frames / (await take(inputs[key], out));
    rmSync(out, { recursive: true });
  }
  return figures as Figures<Key>;
}

async function inThisProcess(input: string): Promise<number> {
  const ports = ["in", "out"].map((name) => ({ name, network: "replay", memory: {} }));
  const config = parseConfig({ networks: [{ name: "replay", learning: false }], ports });
  const begin = performance.now();
  const { ports: counts, frames } = await replay({ config, inputs: [{ port: "in", capture: openCapture(input) }] });
  if (counts.out?.sent !== frames) throw new PortyardError("load-failed", `${counts.out?.sent} of ${frames} frames left.`);
  return (performance.now() - begin) / 1000;
}

/** What leaves goes nowhere: ten million frames are more than a folder in memory should hold. */
async function peakMb(folder: string, frames: number): Promise<number> {
  process.stderr.write(`memory for ${frames.toLocaleString("en-US")} frames … `);
  const out = join(folder, "nowhere");
  mkdirSync(out);
  for (const name of ["in", "out", "drops"]) symlinkSync(devNull, join(out, `${name}.pcapng`));
  const peak = await peakOfPortyard(["replay", "-", "--out", out], repeatedCapture(frames, SMALL, "pcap"));
  rmSync(out, { recursive: true });
  process.stderr.write(`${Math.round(peak)} MB\n`);
  return peak;
}

function peakLine({ few, many }: { few: number; many: number }): string {
  const [less, more] = [few, many].map((peak) => Math.round(peak));
  return `peak of memory: ${less} MB for ${FEW.toLocaleString("en-US")} frames, ${more} MB for ${MANY.toLocaleString("en-US")}: ${(many / few).toFixed(2)} times as much`;
}

function makeInputs(folder: string): Record<Key, string> {
  const made = Object.entries(CASES).map(([key, { frames, sizes, format }]) => {
    const path = join(folder, `${key}.${format}`);
    const file = openSync(path, "w");
    for (const chunk of madeCapture(frames, sizes, format)) writeSync(file, chunk);
    closeSync(file);
    return [key, path];
  });
  return Object.fromEntries(made) as Record<Key, string>;
}

/** In memory where it has room, so that no disk is measured. */
function makeFolder(): string {
  const wanted = 2 ** 31;
  const free = existsSync("/dev/shm") ? statfsSync("/dev/shm") : null;
  const parent = free !== null && free.bavail * free.bsize > wanted ? "/dev/shm" : tmpdir();
  const folder = mkdtempSync(join(parent, "pyb-replay-"));
  onEnd(folder, () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
