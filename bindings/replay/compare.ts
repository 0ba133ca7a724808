/** The same captures through two configurations: which frames fare otherwise. A test for a change of configuration before it is made.  */
import type { CaptureRecord } from "../capture/capture-record.ts";
import type { EngineConfig } from "../config/types.ts";
import type { Build } from "../engine/types.ts";
import { feed } from "./feed.ts";
import { ReplayEngine } from "./replay-engine.ts";
import { type Served, servedBy } from "./serving.ts";
import type { ReplaySink } from "./sink.ts";
import type { ReplayedDrop, ReplayInput, ReplaySummary } from "./types.ts";

/** What became of a frame. */
export interface Verdict {
  /** Ports that it, or what the switch answered, left by, in that order. */
  outputs: string[];
  /** What was dropped of it. */
  drops: ReplayedDrop[];
  /** Of a frame to a virtual address: its service, and the backend that it was sent to; null of others. */
  served: Served | null;
}

/** A frame that the two configurations treat otherwise. */
export interface Difference {
  /** In the order in which frames entered, from 0. */
  number: number;
  /** The port that it entered by. */
  port: string;
  /** Nanoseconds since 1970-01-01 UTC. */
  timeNs: bigint;
  before: Verdict;
  after: Verdict;
  /** Same ports and reasons, but other bytes left. */
  isBytesAlone: boolean;
}

/** Two configurations, the captures that go through both, and who hears of differences. */
export interface CompareOptions {
  before: EngineConfig;
  after: EngineConfig;
  /** The ports are those of `before`, which also splits captures of both sides; where `after` has no such port its frames are
   *  dropped with the reason `port-absent`. */
  inputs: readonly ReplayInput[];
  build?: Build;
  /** Called for each frame that fares otherwise. */
  onDifference: (difference: Difference) => void;
  /** Called after each burst that was read, with the frames so far; a promise is waited for. */
  onProgress?: (frames: number) => void | Promise<void>;
}

/** What came of a comparison. */
export interface Comparison {
  /** That entered. */
  frames: number;
  /** Frames that fared otherwise. */
  differences: number;
  before: ReplaySummary;
  after: ReplaySummary;
}

/** What became of a frame at one of the two. */
interface Fate extends Pick<Verdict, "outputs" | "drops"> {
  /** That left, by `outputs`. */
  bytes: Buffer[];
}

/** One of the two, and what left it of the frame under way. */
class Side {
  readonly engine: ReplayEngine;
  readonly #left: { port: string; bytes: Buffer }[];

  private constructor(engine: ReplayEngine, left: { port: string; bytes: Buffer }[]) {
    this.engine = engine;
    this.#left = left;
  }

  static async create(config: EngineConfig, build: Build): Promise<Side> {
    const left: { port: string; bytes: Buffer }[] = [];
    const keep: ReplaySink = {
      left: (port, memory, place, bytes) => void left.push({ port, bytes: Buffer.from(memory.subarray(place, place + bytes)) }),
    };
    return new Side(await ReplayEngine.create(config, build, keep), left);
  }

  enter(record: CaptureRecord, source: Uint8Array, port: string, fcsBytes: number): Fate {
    if (!this.engine.has(port)) return { outputs: [], drops: [{ reason: "port-absent", port }], bytes: [] };
    const drops = [...this.engine.enter(record, source, port, fcsBytes)];
    const left = this.#left.splice(0).sort((a, b) => (a.port < b.port ? -1 : a.port > b.port ? 1 : 0));
    return { outputs: left.map(({ port: by }) => by), drops, bytes: left.map(({ bytes }) => bytes) };
  }

  verdict({ outputs, drops, bytes }: Fate, frame: Uint8Array): Verdict {
    return { outputs, drops, served: servedBy(this.engine.config.services, frame, bytes) };
  }
}

/** Replays `inputs` through both configurations, frame by frame. Outputs are compared by port and byte, drops by reason and port; in what
 *  order a frame was flooded makes no difference.
 *  @throws PortyardError as `replay`, and whatever a callback throws. */
export async function compare({ before, after, inputs, build = "single", onDifference, onProgress }: CompareOptions): Promise<Comparison> {
  const sides = [await Side.create(before, build)];
  try {
    sides.push(await Side.create(after, build));
    return await run(sides as [Side, Side], inputs, onDifference, onProgress);
  } finally {
    for (const { engine } of sides) await engine.close();
  }
}

async function run(
  [first, second]: [Side, Side],
  inputs: readonly ReplayInput[],
  onDifference: CompareOptions["onDifference"],
  onProgress: CompareOptions["onProgress"],
): Promise<Comparison> {
  let [frames, differences] = [0, 0];
  const sides = [first, second];
  const enter = (record: CaptureRecord, source: Uint8Array, port: string, fcsBytes: number): void | Promise<void> => {
    if (!first.engine.isWaiting(port, record) && !second.engine.isWaiting(port, record)) return put(record, source, port, fcsBytes);
    const waiting = sides.filter(({ engine }) => engine.isWaiting(port, record));
    return Promise.all(waiting.map(({ engine }) => engine.adopt(port, record, source))).then(() => put(record, source, port, fcsBytes));
  };
  const put = (record: CaptureRecord, source: Uint8Array, port: string, fcsBytes: number): void => {
    const [before, after] = [first.enter(record, source, port, fcsBytes), second.enter(record, source, port, fcsBytes)];
    const number = frames++;
    const isBytesAlone = keyOf(before) === keyOf(after);
    if (isBytesAlone && before.bytes.every((bytes, index) => bytes.equals(after.bytes[index] as Buffer))) return;
    differences++;
    const frame = source.subarray(record.at, record.at + record.bytes);
    const verdicts = { before: first.verdict(before, frame), after: second.verdict(after, frame) };
    onDifference({ number, port, timeNs: record.timeNs, ...verdicts, isBytesAlone });
  };
  const passOver = () => {
    for (const { engine } of sides) engine.passOver();
  };
  const damages = await feed(
    inputs,
    first.engine,
    { enter, passOver },
    (bytes) => first.engine.lend(bytes),
    () => onProgress?.(frames),
  );
  const summary = ({ engine }: Side): ReplaySummary => ({ ...engine.summary(), damages });
  return { frames, differences, before: summary(first), after: summary(second) };
}

function keyOf({ outputs, drops }: Fate): string {
  return JSON.stringify([outputs, drops.map(({ reason, port }) => `${reason} ${port}`).sort()]);
}
