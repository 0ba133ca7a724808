/** One configuration, and the frames that go through it: an engine in this thread whose clock is that of the frames. */
import { MAX_FRAME_BYTES, MIN_FRAME_BYTES } from "../../assembly/abi/limits.ts";
import type { CaptureFrame } from "../capture/types.ts";
import type { EngineConfig, PortConfig } from "../config/types.ts";
import { Engine } from "../engine.ts";
import type { ExplainOptions, Explanation } from "../explain/types.ts";
import type { MemoryPort } from "../engine/memory-port.ts";
import type { Build } from "../wasm/module.ts";
import { replayConfigOf } from "./replay-config.ts";
import { sourceOf } from "./split.ts";
import type { ReplayedDrop, ReplayedFrame, ReplayedPort, ReplaySummary } from "./types.ts";

const NS_PER_MS = 1_000_000n;
/** How often an idle worker wakes, and in which time it has certainly passed over all stations. */
const IDLE_MS = 1000;
const SWEEP_MS = 8000;
/** Where stations lie in their table, and so in which order they age, is the same every time. */
const HASH_SEED = 0x5eed0fca97n;

export class ReplayEngine {
  /** As it is replayed. */
  readonly config: EngineConfig;
  /** Ports that only record. */
  readonly recording: readonly string[];
  readonly #engine: Engine;
  readonly #onOutput: (output: ReplayedFrame) => void;
  readonly #ports = new Map<string, MemoryPort>();
  /** Ports that wait for their first frame, as they are to be then. */
  readonly #late: Map<string, PortConfig>;
  readonly #summary: ReplaySummary;
  #drops: ReplayedDrop[] = [];
  #beginNs: bigint | null = null;
  #nowMs = 0;
  /** The latest that was seen. */
  #timeNs = 0n;
  /** Of the frame under way: the port that it entered by, when it was seen, and bytes of it that the capture has not. */
  #enteredBy = "";
  #seenNs = 0n;
  #missingBytes = 0;

  private constructor(engine: Engine, config: EngineConfig, recording: readonly string[], onOutput: (output: ReplayedFrame) => void) {
    this.#engine = engine;
    this.config = config;
    this.recording = recording;
    this.#onOutput = onOutput;
    this.#late = new Map(config.ports.filter(isLate).map((port) => [port.name, port]));
    const ports = Object.fromEntries(config.ports.map(({ name }) => [name, { received: 0, sent: 0 }]));
    this.#summary = { frames: 0, bytes: 0, snapped: 0, ports, drops: {}, answered: 0, adopted: {}, strangers: 0, damages: [] };
    for (const { name } of config.ports) this.#listen(name);
    engine.onDrop((reason, port) => this.#drop({ reason, port }));
  }

  /** @param onOutput called for each frame that leaves.
   *  @throws PortyardError `pool-exhausted`, and as Engine.create. */
  static async create(original: EngineConfig, build: Build, onOutput: (output: ReplayedFrame) => void): Promise<ReplayEngine> {
    const { config, recording } = replayConfigOf(original);
    const engine = await Engine.create(withoutLateBindings(config), { isolation: "inline", build, hashSeed: HASH_SEED });
    return new ReplayEngine(engine, config, recording, onOutput);
  }

  #listen(name: string): void {
    const port = this.#engine.memoryPort(name);
    port.onFrame((bytes) => this.#leaves(name, bytes));
    this.#ports.set(name, port);
  }

  has(port: string): boolean {
    return this.#ports.has(port);
  }

  /** True when `port` must be made ready before this frame: `adopt`. */
  isWaiting(port: string, frame: CaptureFrame): boolean {
    return this.#late.size > 0 && this.#late.has(port) && frame.bytes.length >= MIN_FRAME_BYTES;
  }

  /** The port's MAC is the source of its first frame. */
  async adopt(name: string, frame: CaptureFrame): Promise<void> {
    const port = this.#late.get(name) as PortConfig;
    const mac = sourceOf(frame.bytes);
    this.#late.delete(name);
    this.#summary.adopted[name] = mac;
    await this.#engine.removePort(name);
    await this.#engine.addPort({ ...port, mac });
    this.#listen(name);
  }

  /** Puts a frame into a port; it has gone its way when this returns.
   *  @param fcsBytes of frame check sequence that end it.
   *  @returns what was dropped of it; the list is the engine's own until the next frame. */
  enter(frame: CaptureFrame, port: string, fcsBytes: number): readonly ReplayedDrop[] {
    this.#setTime(frame.timeNs);
    const summary = this.#summary;
    summary.frames++;
    const originalBytes = Math.max(0, frame.originalBytes - fcsBytes);
    const bytes = frame.bytes.length > originalBytes ? frame.bytes.subarray(0, originalBytes) : frame.bytes;
    summary.bytes += originalBytes;
    (summary.ports[port] as ReplayedPort).received++;
    this.#missingBytes = originalBytes - bytes.length;
    if (this.#missingBytes > 0) summary.snapped++;
    this.#enteredBy = port;
    this.#seenNs = frame.timeNs;
    if (this.#drops.length > 0) this.#drops = [];
    if (originalBytes > MAX_FRAME_BYTES) this.#drop({ reason: "oversize", port });
    else (this.#ports.get(port) as MemoryPort).sendCut(bytes, originalBytes);
    return this.#drops;
  }

  /** As Engine.explain. */
  explain(port: string, frame: Uint8Array, options: ExplainOptions): Explanation {
    return this.#engine.explain(port, frame, options);
  }

  /** A frame that enters nowhere. */
  passOver(): void {
    this.#summary.strangers++;
  }

  /** The clock begins at 0 with the first frame and never goes back; formats without times leave it where it is. */
  #setTime(timeNs: bigint): void {
    if (timeNs > this.#timeNs) this.#timeNs = timeNs;
    this.#beginNs ??= timeNs;
    const nowMs = Number((this.#timeNs - this.#beginNs) / NS_PER_MS);
    if (nowMs === this.#nowMs) return;
    // an idle worker wakes once a second to look after ageing; what was due before the last of these would have gone in them
    for (let ms = Math.max(this.#nowMs, nowMs - SWEEP_MS) + IDLE_MS; ms < nowMs; ms += IDLE_MS) this.#engine.tick(ms);
    this.#nowMs = nowMs;
    this.#engine.tick(nowMs);
  }

  /** What leaves by the port that the frame came from is an answer, and whole. */
  #leaves(port: string, frame: Uint8Array): void {
    (this.#summary.ports[port] as ReplayedPort).sent++;
    const isWhole = this.#missingBytes === 0 || port === this.#enteredBy;
    const bytes = isWhole ? frame : frame.subarray(0, Math.max(0, frame.length - this.#missingBytes));
    this.#onOutput({ port, bytes, originalBytes: frame.length, timeNs: this.#seenNs });
  }

  #drop(drop: ReplayedDrop): void {
    this.#drops.push(drop);
    this.#summary.drops[drop.reason] = (this.#summary.drops[drop.reason] ?? 0) + 1;
  }

  /** What came of it so far; `damages` is the caller's to fill. */
  summary(): ReplaySummary {
    this.#summary.answered = this.#engine.workers().reduce((sum, { answered }) => sum + answered, 0);
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

const isLate = ({ mac, addresses }: PortConfig): boolean => mac === undefined && addresses.length > 0;
