/** A balancer by itself: the AssemblyScript of the hot path over tables of its own, and what only time and failures decide, in TypeScript. */
import { randomBytes } from "node:crypto";
import { AGENT_WORKER } from "../assembly/abi/limits.ts";
import { HEAD_SLATES, HEAD_SLATES_END } from "../assembly/abi/memory-map.ts";
import { PortyardError } from "./error.ts";
import { monotonicMs } from "./forwarder/clock.ts";
import { BackendNumbers } from "./service/backend-numbers.ts";
import { BalancedService } from "./service/balanced-service.ts";
import { parseBalancer } from "./service/parse.ts";
import { badArgument, Picker, type PickListener } from "./service/picker.ts";
import type { BalancerInput } from "./service/schema.ts";
import { SlateRoom } from "./service/slates.ts";
import type { BackendInfo, BalancerConfig, BalancerOptions, PickedBackend, PickOptions } from "./service/types.ts";
import { writeLoad } from "./tables/backend-table.ts";
import { layOut, memoryPages } from "./tables/layout.ts";
import { createMemory, Tables } from "./tables/tables.ts";
import { type EngineExports, instantiateEngine, loadModule } from "./wasm/module.ts";

const MAX_LOAD = 1_000_000;
/** Tables must have some of everything. */
const SMALLEST = { macs: 64, flows: 64, workers: 1 };
/** The one service, which has all backends. */
const SERVICE = 1;
const PLACES = [{ service: SERVICE, family: null }];

/** Which instance of a service gets the next request of a program, by the code of the hot path; no port, no kernel and no right is needed.
 *  `docs/balancers.md` has the algorithms.
 *
 *  ```ts
 *  const balancer = Balancer.create({ algorithm: "least-response-time", backends: [{ address: "10.0.0.2", port: 8080 }] });
 *  const { backend, done } = balancer.pick();
 *  await request(backend.address, backend.port).then(() => done(), (error) => done({ error }));
 *  ``` */
export class Balancer {
  readonly #tables: Tables;
  readonly #wasm: EngineExports;
  readonly #numbers: BackendNumbers;
  readonly #room: SlateRoom;
  readonly #service: BalancedService;
  readonly #picker: Picker;
  readonly #nowMs: () => number;
  readonly #listener: PickListener;
  #config: BalancerConfig;

  private constructor(config: BalancerConfig, { nowMs = monotonicMs, seed = randomBytes(8).readBigUInt64LE() }: BalancerOptions) {
    const layout = layOut(SMALLEST);
    this.#tables = new Tables(createMemory(memoryPages(layout, 1), false));
    this.#tables.format(layout, BigInt.asUintN(64, seed), true);
    this.#tables.configure(0n, layout.workersBase);
    this.#wasm = instantiateEngine(loadModule("single"), this.#tables.memory);
    this.#numbers = new BackendNumbers(this.#tables);
    this.#room = new SlateRoom(this.#tables.load32(HEAD_SLATES), this.#tables.load32(HEAD_SLATES_END));
    this.#service = new BalancedService({ tables: this.#tables, numbers: this.#numbers, room: this.#room });
    this.#picker = new Picker(this.#tables, this.#wasm, this.#wasm.formatWorker(0, AGENT_WORKER), nowMs);
    this.#listener = {
      succeeded: (member) => this.#service.succeeded(member),
      failed: (member, now) => this.#service.failed(member, now),
      done: () => this.#settle(),
    };
    this.#nowMs = nowMs;
    this.#config = config;
    this.#apply(config);
  }

  /** @throws BadConfiguration with every problem found; PortyardError `not-built`, `abi-mismatch`. */
  static create(options: BalancerOptions): Balancer {
    const { nowMs: _clock, seed: _seed, ...input } = options;
    return new Balancer(parseBalancer(input), options);
  }

  /** The instance for the next request.
   *  @throws PortyardError `no-backend`: none may be chosen. */
  pick(options: PickOptions = {}): PickedBackend {
    this.#advance();
    const from = { service: SERVICE, at: (index: number) => this.#service.members.at(index), count: this.#config.backends.length };
    return this.#picker.pick(options, from, this.#listener);
  }

  /** Changes what is given, and keeps the rest: no pick that is not done moves, no schedule begins anew, and backends that stay, by their
   *  names and addresses, keep their counts. One that is left out gets nothing new.
   *  @throws BadConfiguration, PortyardError `backends-exhausted`, `slates-exhausted`; nothing has changed then. */
  set(input: { [Key in keyof BalancerInput]?: BalancerInput[Key] | undefined }): void {
    const { ejection, ...config } = this.#config;
    const before = {
      ...config,
      backends: config.backends.map(({ port, maxFlows, ...rest }) => ({ ...rest, ...(port && { port }), ...(maxFlows && { maxFlows }) })),
      ejection: ejection ?? false,
    };
    const given = Object.entries(input).filter(([, value]) => value !== undefined);
    this.#apply(parseBalancer({ ...before, ...Object.fromEntries(given) }));
  }

  /** A backend tells its load: with `least-load` and `power-of-two` that takes the place of its active requests, until it is too old.
   *  @param load 0 idle, 1 just full; up to 1,000,000.
   *  @param maxAgeSeconds how long it counts.
   *  @throws PortyardError `bad-argument`, `backend-missing`. */
  report(name: string, load: number, maxAgeSeconds: number): void {
    if (!(load >= 0 && load <= MAX_LOAD)) throw badArgument("load", load, "A load", `a number from 0 to ${MAX_LOAD}`);
    if (!(maxAgeSeconds >= 0 && maxAgeSeconds <= MAX_LOAD))
      throw badArgument("maxAgeSeconds", maxAgeSeconds, "An age", `seconds from 0 to ${MAX_LOAD}`);
    const member = this.#service.members.get(name);
    if (member === undefined) throw new PortyardError("backend-missing", `There is no backend ${name}.`, { path: "name", value: name });
    writeLoad(this.#tables, member.index, load, Math.max(1, Math.floor(this.#nowMs() / 1000 + maxAgeSeconds)));
  }

  /** All of them, in the order in which they were given. */
  backends(): BackendInfo[] {
    const now = this.#advance();
    return this.#service.infos(now, (index) => this.#wasm.responseMs(index, now));
  }

  /** Does what has become due. @returns the time. */
  #advance(): number {
    const now = this.#nowMs();
    this.#service.advance(now);
    this.#settle();
    return now;
  }

  #apply(config: BalancerConfig): void {
    this.#service.set(config, PLACES, this.#nowMs());
    this.#config = config;
    this.#settle();
  }

  /** Nobody else looks at these tables: what is no longer used is free at once. */
  #settle(): void {
    for (const { at, bytes } of this.#room.takeRetired()) this.#room.give(at, bytes);
    this.#numbers.pass();
    this.#numbers.free(this.#numbers.idle());
  }
}
