/** The memory of an engine as its owner holds it: tables, and an instance of the module that changes them as the agent.
 *  Everything that the forwarder is told, apart from descriptors, is told by writing here and raising the epoch. */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { AGENT_WORKER } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import { PortyardError } from "../error.ts";
import { monotonicMs } from "../forwarder/clock.ts";
import { type Layout, memoryPages } from "../tables/layout.ts";
import { createMemory, Tables } from "../tables/tables.ts";
import * as workers from "../tables/worker-table.ts";
import { type Build, type EngineExports, instantiateEngine, loadModule } from "../wasm/module.ts";

/** How long the workers may take to pass an epoch before that is an error. */
const GRACE_MS = 10_000;
/** Looks without a pause, so that an idle forwarder answers within microseconds; then one a millisecond. */
const EAGER_LOOKS = 200;

/** Where the tables come from: made by this engine; a predecessor's whose forwarder lives; one's that is dead altogether. */
export type Origin = "new" | "living" | "dead";

export class EngineStore {
  readonly origin: Origin;
  readonly layout: Layout;
  readonly memory: WebAssembly.Memory;
  readonly tables: Tables;
  readonly wasm: EngineExports;
  /** Region with which the agent calls functions that take a worker. */
  readonly agent: number;
  private readonly wakeWorkers: () => void;

  private constructor(
    layout: Layout,
    memory: WebAssembly.Memory,
    build: Build,
    agentRegion: number,
    wake: () => void,
    origin: Origin,
    hashSeed: bigint,
    isZero: boolean,
  ) {
    this.origin = origin;
    this.layout = layout;
    this.memory = memory;
    this.tables = new Tables(memory);
    this.wakeWorkers = wake;
    if (origin === "new") this.tables.format(layout, hashSeed, isZero);
    this.tables.configure(0n, layout.workersBase);
    this.tables.store32(map.HEAD_AGENT_PID, process.pid);
    this.wasm = instantiateEngine(loadModule(build), memory);
    this.agent = this.wasm.formatWorker(agentRegion, AGENT_WORKER);
  }

  /** Formats a memory for the agent and `regions` workers beside it, or takes over tables that a predecessor formatted.
   *  @param prepare called with the memory before anything is written: maps the tables file over it. Null where there is no file.
   *  @param wake wakes sleeping workers.
   *  @param hashSeed of new tables.
   *  @param isZero what new tables are written to has never been written to. */
  static create(
    layout: Layout,
    build: Build,
    regions: number,
    prepare: ((memory: WebAssembly.Memory) => void) | null,
    wake: () => void,
    origin: Origin = "new",
    hashSeed = randomBytes(8).readBigUInt64LE(),
    isZero = prepare === null,
  ): EngineStore {
    const memory = createMemory(memoryPages(layout, regions + 1), build !== "single");
    prepare?.(memory);
    return new EngineStore(layout, memory, build, regions, wake, origin, hashSeed, isZero);
  }

  /** Tells the agent's instance what time it is: before entries are stamped. */
  now(): number {
    const nowMs = monotonicMs();
    this.wasm.setTime(this.agent, nowMs);
    return nowMs;
  }

  /** Ends a change: raises the epoch and wakes the workers. Returns the epoch that must be passed. */
  publish(): number {
    const epoch = this.tables.raiseEpoch();
    this.wakeWorkers();
    return epoch;
  }

  /** Publishes, and resolves when every running worker has seen the change.
   *  @throws PortyardError `worker-stuck`. */
  async publishAndWait(): Promise<void> {
    const epoch = this.publish();
    await this.until(
      () => workers.havePassed(this.tables, epoch),
      "worker-stuck",
      `A worker has not taken a change of the tables for ${GRACE_MS / 1000} s.`,
    );
  }

  /** Resolves when `condition` holds; looks often at first, then once a millisecond.
   *  @throws PortyardError `code` after GRACE_MS. */
  async until(condition: () => boolean, code: string, message: string): Promise<void> {
    const end = performance.now() + GRACE_MS;
    for (let looks = 0; !condition(); looks++) {
      if (performance.now() > end) throw new PortyardError(code, message, { remedy: "Look at the forwarder's log." });
      if (looks < EAGER_LOOKS) await new Promise((resolve) => setImmediate(resolve));
      else await delay(1);
    }
  }

  /** Puts 16 bytes where bindAddress and unbindAddress look. */
  putAddress(bytes: Uint8Array): void {
    this.tables.fill(map.CONFIG_SCRATCH, 16);
    this.tables.bytes.set(bytes, map.CONFIG_SCRATCH);
  }
}
