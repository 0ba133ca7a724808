/** One configuration, and the frames that go through it: an engine in this thread whose clock is that of the frames. */
import { MAX_FRAME_BYTES, MIN_FRAME_BYTES } from "../../assembly/abi/limits.ts";
import { canBeSuperFrame, offloadOf, withOffload } from "../capture/super-frame.ts";
import type { CaptureRecord } from "../capture/capture-record.ts";
import { mtusOf } from "../config/mtus-of.ts";
import type { EngineConfig, PortConfig } from "../config/types.ts";
import { Engine } from "../engine.ts";
import type { ExplainOptions, Explanation } from "../explain/types.ts";
import { REASON_NAMES } from "../engine/describe.ts";
import { type InlineLink, LATEST_MS } from "../engine/inline-link.ts";
import type { DirectWay } from "../forwarder/direct-way.ts";
import type { ServiceBackendInfo } from "../engine/types.ts";
import type { Build } from "../wasm/module.ts";
import { replayConfigOf } from "./replay-config.ts";
import type { ReplaySink } from "./sink.ts";
import { sourceOf } from "./split.ts";
import type { ReplayedDrop, ReplayedPort, ReplaySummary } from "./types.ts";

const MS_PER_SECOND = 1000;
const NS_PER_MS = 1_000_000;
/** How often an idle worker wakes, and in which time it has certainly passed over all stations. */
const IDLE_MS = 1000;
const SWEEP_MS = 8000;
/** Where stations lie in their table, and so in which order they age, is the same every time. */
const HASH_SEED = 0x5eed0fca97n;

/** A port of the engine, and what the summary says of it. */
interface Port {
  name: string;
  index: number;
  counts: ReplayedPort;
  mtu: number;
  /** MTU of its network, of a trunk the largest. */
  longest: number;
}

export class ReplayEngine {
  /** As it is replayed. */
  readonly config: EngineConfig;
  /** Ports that only record. */
  readonly recording: readonly string[];
  readonly #engine: Engine;
  readonly #way: DirectWay;
  readonly #sink: ReplaySink;
  readonly #ports = new Map<string, Port>();
  readonly #byIndex: Port[] = [];
  /** Ports that wait for their first frame, as they are to be then. */
  readonly #late: Map<string, PortConfig>;
  readonly #summary: ReplaySummary;
  /** Of the frame under way. */
  readonly #drops: ReplayedDrop[] = [];
  #hasBegun = false;
  /** Of the first frame, and the latest that was seen. */
  readonly #begin = { seconds: 0, nanoseconds: 0 };
  readonly #latest = { seconds: 0, nanoseconds: 0 };
  #nowMs = 0;
  /** Of the frame under way: its record, the port that it entered by, and bytes of it that the capture has not. */
  #record: CaptureRecord | null = null;
  #enteredBy: Port | null = null;
  #missingBytes = 0;
  readonly #leaves = (index: number, place: number, bytes: number): void => this.#leave(index, place, bytes);
  readonly #ends = (index: number, reason: number): void =>
    this.#drop({ reason: REASON_NAMES.get(reason) ?? "", port: this.#byIndex[index]?.name ?? "" });

  private constructor(engine: Engine, config: EngineConfig, recording: readonly string[], sink: ReplaySink) {
    this.#engine = engine;
    this.#way = (engine.inline as InlineLink).directWay();
    this.config = config;
    this.recording = recording;
    this.#sink = sink;
    this.#late = new Map(config.ports.filter(isLate).map((port) => [port.name, port]));
    const ports = Object.fromEntries(config.ports.map(({ name }) => [name, { received: 0, sent: 0 }]));
    this.#summary = {
      frames: 0,
      bytes: 0,
      snapped: 0,
      superFrames: 0,
      ports,
      drops: {},
      services: {},
      answered: 0,
      adopted: {},
      strangers: 0,
      damages: [],
    };
    for (const { name } of config.ports) this.#find(name);
    sink.begin?.(this.#way);
  }

  /** @throws PortyardError `pool-exhausted`, and as Engine.create. */
  static async create(original: EngineConfig, build: Build, sink: ReplaySink): Promise<ReplayEngine> {
    const { config, recording } = replayConfigOf(original);
    const engine = await Engine.create(withoutLateBindings(config), { isolation: "inline", build, hashSeed: HASH_SEED });
    return new ReplayEngine(engine, config, recording, sink);
  }

  #find(name: string): void {
    const { networks, ports } = this.config;
    const config = ports.find((each) => each.name === name) as PortConfig;
    const counts = this.#summary.ports[name] as ReplayedPort;
    const mtus = mtusOf(config, new Map(networks.map((network) => [network.name, network])));
    const port: Port = { name, index: this.#engine.memoryPort(name).index, counts, ...mtus };
    this.#ports.set(name, port);
    this.#byIndex[port.index] = port;
  }

  /** For the captures that are read. */
  lend(bytes: number): Uint8Array {
    return this.#way.lend(bytes);
  }

  has(port: string): boolean {
    return this.#ports.has(port);
  }

  /** True when `port` must be made ready before this frame: `adopt`. */
  isWaiting(port: string, record: Pick<CaptureRecord, "bytes">): boolean {
    return this.#late.size > 0 && this.#late.has(port) && record.bytes >= MIN_FRAME_BYTES;
  }

  /** The port's MAC is the source of its first frame. */
  async adopt(name: string, record: Pick<CaptureRecord, "at">, source: Uint8Array): Promise<void> {
    const port = this.#late.get(name) as PortConfig;
    const mac = sourceOf(source, record.at);
    this.#late.delete(name);
    this.#summary.adopted[name] = mac;
    await this.#engine.removePort(name);
    await this.#engine.addPort({ ...port, mac });
    this.#find(name);
  }

  /** Puts a frame into a port; it has gone its way when this returns.
   *  @param source that has the bytes of `record`. @param fcsBytes of frame check sequence that end it.
   *  @returns what was dropped of it; the list is the engine's own, and another one's with the next frame. */
  enter(record: CaptureRecord, source: Uint8Array, port: string, fcsBytes: number): readonly ReplayedDrop[] {
    this.#setTime(record);
    const summary = this.#summary;
    const entrance = this.#ports.get(port) as Port;
    const originalBytes = Math.max(0, record.originalBytes - fcsBytes);
    const bytes = Math.min(record.bytes, originalBytes);
    summary.frames++;
    summary.bytes += originalBytes;
    entrance.counts.received++;
    this.#missingBytes = originalBytes - bytes;
    if (this.#missingBytes > 0) summary.snapped++;
    this.#enteredBy = entrance;
    this.#record = record;
    this.#drops.length = 0;
    if (originalBytes > MAX_FRAME_BYTES) this.#drop({ reason: "oversize", port });
    else if (this.#missingBytes > 0) this.#way.passCut(entrance.index, source, record.at, bytes, originalBytes, this.#leaves);
    else if (canBeSuperFrame(bytes, entrance.longest)) this.#passLong(entrance, source, record.at, bytes);
    else this.#way.pass(entrance.index, source, record.at, bytes, this.#leaves);
    this.#way.reportEnds(this.#ends);
    return this.#drops;
  }

  /** A frame that is a super-frame, if it is one that its network cannot carry otherwise. */
  #passLong({ index, mtu, longest }: Port, source: Uint8Array, at: number, bytes: number): void {
    const offload = offloadOf(source.subarray(at, at + bytes), mtu, longest);
    if (offload === null) return this.#way.pass(index, source, at, bytes, this.#leaves);
    this.#summary.superFrames++;
    this.#way.passOffload(index, source, at, bytes, offload, this.#leaves);
  }

  /** As Engine.explain; a frame that can only be a super-frame is one. */
  explain(port: string, frame: Uint8Array, options: ExplainOptions): Explanation {
    const { mtu = 0, longest = 0 } = this.#ports.get(port) ?? {};
    return this.#engine.explain(port, frame, withOffload(frame, options, mtu, longest));
  }

  /** A frame that enters nowhere. */
  passOver(): void {
    this.#summary.strangers++;
  }

  /** The clock begins at 0 with the first frame and never goes back; formats without times leave it where it is. */
  #setTime({ seconds, nanoseconds }: CaptureRecord): void {
    const latest = this.#latest;
    if (!this.#hasBegun) Object.assign(this.#begin, { seconds, nanoseconds });
    this.#hasBegun = true;
    if (seconds > latest.seconds || (seconds === latest.seconds && nanoseconds > latest.nanoseconds)) {
      latest.seconds = seconds;
      latest.nanoseconds = nanoseconds;
    }
    const begin = this.#begin;
    const sinceMs = (latest.seconds - begin.seconds) * MS_PER_SECOND + Math.floor((latest.nanoseconds - begin.nanoseconds) / NS_PER_MS);
    if (sinceMs !== this.#nowMs) this.#goTo(Math.min(sinceMs, LATEST_MS));
  }

  #goTo(nowMs: number): void {
    // an idle worker wakes once a second to look after ageing; what was due before the last of these would have gone in them
    for (let ms = Math.max(this.#nowMs, nowMs - SWEEP_MS) + IDLE_MS; ms < nowMs; ms += IDLE_MS) this.#engine.tick(ms);
    this.#nowMs = nowMs;
    this.#engine.tick(nowMs);
  }

  /** What leaves by the port that the frame came from is an answer, and whole. */
  #leave(index: number, place: number, originalBytes: number): void {
    const port = this.#byIndex[index] as Port;
    port.counts.sent++;
    const isWhole = this.#missingBytes === 0 || port === this.#enteredBy;
    const bytes = isWhole ? originalBytes : Math.max(0, originalBytes - this.#missingBytes);
    this.#sink.left?.(port.name, this.#way.memory, place, bytes, originalBytes, this.#record as CaptureRecord);
  }

  #drop(drop: ReplayedDrop): void {
    this.#drops.push(drop);
    this.#summary.drops[drop.reason] = (this.#summary.drops[drop.reason] ?? 0) + 1;
  }

  /** What came of it so far; `damages` is the caller's to fill. */
  summary(): ReplaySummary {
    this.#summary.answered = this.#engine.workers().reduce((sum, { answered }) => sum + answered, 0);
    this.#summary.services = Object.fromEntries(this.#engine.services().map(({ name, backends }) => [name, picksOf(backends)]));
    return this.#summary;
  }

  async close(): Promise<void> {
    await this.#engine.close();
  }
}

/** A port's addresses are bound to its MAC: one whose MAC its first frame tells has none until then. */
function withoutLateBindings(config: EngineConfig): EngineConfig {
  const ports = config.ports.map((port) => (isLate(port) ? { ...port, addresses: [] } : port));
  return { ...config, ports };
}

function picksOf(backends: readonly ServiceBackendInfo[]): Record<string, number> {
  return Object.fromEntries(backends.map(({ name, picked }) => [name, picked]));
}

const isLate = ({ mac, addresses }: PortConfig): boolean => mac === undefined && addresses.length > 0;
