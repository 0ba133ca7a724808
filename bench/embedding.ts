/** What does the engine cost a program that embeds it? Frames of 64 bytes from one memory port to the other, in bursts of 256, next to the same
 *  loop in plain TypeScript with a Map, and in C.
 *
 *    sendBurst ──> a | engine | b ──> onBurst         and back, by turns
 *
 *  All three copy a frame when it enters, learn its source, look up its destination, let stations age, and hand over what leaves in bursts; what
 *  left in the first round must be the same, or the benchmark fails. The engine besides counts, checks membership and MTU, parses up to the
 *  transport header. All in turn, the median of the runs counts; ratios to plain TypeScript are printed first. */
import { parseConfig } from "../bindings/config/parse.ts";
import { PortyardError } from "../bindings/error.ts";
import { Engine } from "../bindings/index.ts";
import { PlainSwitch } from "./embedding/plain-switch.ts";
import { AGE_SECONDS, type Burst, Tally, trafficOf } from "./embedding/traffic.ts";
import { withCleanup } from "./support/cleanup.ts";
import { type Candidate, type Column, compare, type Figures, printComparison } from "./support/comparison.ts";
import { nativeProgram } from "./support/native.ts";
import { readOptions } from "./support/options.ts";
import { writeResults } from "./support/results.ts";
import { isInstalled, run } from "./support/shell.ts";

const ABOUT = "bench/embedding: 64-byte frames from memory port to memory port, against plain TypeScript and C.";
const BASE = "typescript";
const STATIONS = { few: 64, many: 1024 };
type Key = keyof typeof STATIONS;
const COLUMNS: Column<Key>[] = [
  { key: "few", title: "64 stations", unit: "M frames/s" },
  { key: "many", title: "1,024 stations", unit: "M frames/s" },
];

interface Result {
  framesPerSecond: number;
  /** What left in the first round. */
  frames: number;
  sum: number;
}
interface Way extends Candidate {
  forward: (stations: number, seconds: number) => Promise<Result>;
}
const WAYS: Way[] = [
  { name: "portyard", about: "sendBurst and onBurst of an inline engine", forward: byEngine },
  { name: BASE, about: "the same work in TypeScript, with a Map", forward: async (...given) => byPlainSwitch(...given) },
  { name: "c", about: "the same work in C, cc -O3", forward: async (...given) => byProgram(...given) },
];

const seen = new Map<number, string>();

await withCleanup(async () => {
  const options = readOptions(
    ABOUT,
    { runs: 5, seconds: 1 },
    WAYS.map(({ name }) => name),
  );
  const isThere = isInstalled("cc");
  const ways = WAYS.filter(({ name }) => options.only.includes(name) && (isThere || name !== "c"));
  const compared = await compare(ways, COLUMNS, options.runs, (way) => measure(way, options.seconds), BASE);
  const file = writeResults("embedding", options.save, { options, ...compared });
  const notes = isThere ? [] : ["left out: c, there is no C compiler (cc)"];
  const words = { options, candidate: "way", ratios: "Ratio to plain TypeScript (more is better)", figures: "Figures", notes };
  if (options.json) console.log(JSON.stringify(compared));
  else printComparison(compared, COLUMNS, words, file);
});

async function measure({ name, forward }: Way, seconds: number): Promise<Figures<Key>> {
  const figures: Partial<Figures<Key>> = {};
  for (const { key } of COLUMNS) {
    const { framesPerSecond, frames, sum } = await forward(STATIONS[key], seconds);
    const found = `${frames} frames, sum ${sum}`;
    const before = seen.get(STATIONS[key]) ?? found;
    if (before !== found) throw new PortyardError("load-failed", `${name} lets ${found} leave, others ${before}.`);
    seen.set(STATIONS[key], found);
    figures[key] = framesPerSecond / 1e6;
  }
  return figures as Figures<Key>;
}

async function byEngine(stations: number, seconds: number): Promise<Result> {
  const ports = ["a", "b"].map((name) => ({ name, network: "blue", memory: {} }));
  const config = parseConfig({ networks: [{ name: "blue", macAgeSeconds: AGE_SECONDS }], ports });
  const engine = await Engine.create(config, { isolation: "inline" });
  const tally = new Tally();
  const ends = ["a", "b"].map((name) => engine.memoryPort(name));
  for (const [port, end] of ends.entries()) end.onBurst((frames) => tally.add(port, frames));
  const result = repeat(
    stations,
    seconds,
    tally,
    (nowMs) => engine.tick(nowMs),
    ({ port, frames }) => ends[port]?.sendBurst(frames),
  );
  await engine.close();
  return result;
}

function byPlainSwitch(stations: number, seconds: number): Result {
  const tally = new Tally();
  const plain = new PlainSwitch(2, (port, frames) => tally.add(port, frames));
  return repeat(
    stations,
    seconds,
    tally,
    (nowMs) => plain.tick(nowMs),
    ({ port, frames }) => plain.send(port, frames),
  );
}

/** A second of the stations' life is a thousand rounds. */
function repeat(stations: number, seconds: number, tally: Tally, tick: (nowMs: number) => void, send: (burst: Burst) => void): Result {
  const traffic = trafficOf(stations);
  const round = traffic.reduce((sum, { frames }) => sum + frames.length, 0);
  const rounds = (from: number, milliseconds: number): number => {
    const end = performance.now() + milliseconds;
    let done = from;
    for (; performance.now() < end; done++) {
      tick(done);
      for (const burst of traffic) send(burst);
    }
    return done;
  };
  tick(0);
  for (const burst of traffic) send(burst);
  const first = { frames: tally.frames, sum: tally.sum };
  const warm = rounds(1, 300);
  const begin = performance.now();
  const done = rounds(warm, seconds * 1000) - warm;
  return { framesPerSecond: (done * round * 1000) / (performance.now() - begin), ...first };
}

function byProgram(stations: number, seconds: number): Result {
  return JSON.parse(run(nativeProgram("learning-switch"), [String(stations), String(seconds)])) as Result;
}
