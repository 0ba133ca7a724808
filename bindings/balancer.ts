/** A balancer by itself: the AssemblyScript of the hot path over tables of its own, and what only time and failures decide, in TypeScript. */
import { createHash, randomBytes } from "node:crypto";
import { AGENT_WORKER } from "../assembly/abi/limits.ts";
import { PortyardError } from "./error.ts";
import { monotonicMs } from "./forwarder/clock.ts";
import { BalancedService, type Member, SERVICE } from "./service/balanced-service.ts";
import { Ejector } from "./service/ejector.ts";
import { parseBalancer } from "./service/parse.ts";
import type { BalancerInput } from "./service/schema.ts";
import type { BackendInfo, BalancerConfig, BalancerOptions, PickedBackend, PickOptions, PickResult } from "./service/types.ts";
import { layOut, memoryPages } from "./tables/layout.ts";
import { writeLoad } from "./tables/service-table.ts";
import { createMemory, Tables } from "./tables/tables.ts";
import { type EngineExports, instantiateEngine, loadModule } from "./wasm/module.ts";

/** Between two changes of weight in a slow start. */
const SLOW_START_STEP_MS = 1000;
/** Of its weight that a backend begins with. */
const FIRST_PART = 0.1;
const MAX_LOAD = 1_000_000;
/** Tables must have some of everything. */
const SMALLEST = { macs: 64, flows: 64, workers: 1 };

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
  readonly #worker: number;
  readonly #service: BalancedService;
  readonly #nowMs: () => number;
  #config: BalancerConfig;
  #ejector: Ejector;
  /** When each of them came, while it is starting slowly. */
  readonly #starting = new Map<string, number>();
  /** When something is to be changed next. */
  #dueMs = Number.POSITIVE_INFINITY;
  #keys = 0n;

  private constructor(config: BalancerConfig, { nowMs = monotonicMs, seed = randomBytes(8).readBigUInt64LE() }: BalancerOptions) {
    const layout = layOut(SMALLEST);
    this.#tables = new Tables(createMemory(memoryPages(layout, 1), false));
    this.#tables.format(layout, BigInt.asUintN(64, seed), true);
    this.#tables.configure(0n, layout.workersBase);
    this.#wasm = instantiateEngine(loadModule("single"), this.#tables.memory);
    this.#worker = this.#wasm.formatWorker(0, AGENT_WORKER);
    this.#service = new BalancedService(this.#tables);
    this.#nowMs = nowMs;
    this.#config = config;
    this.#ejector = new Ejector(config.ejection, config.panicShare);
    this.#apply();
  }

  /** @throws BadConfiguration with every problem found; PortyardError `not-built`, `abi-mismatch`. */
  static create(options: BalancerOptions): Balancer {
    const { nowMs: _clock, seed: _seed, ...input } = options;
    return new Balancer(parseBalancer(input), options);
  }

  /** The instance for the next request.
   *  @throws PortyardError `no-backend`: none may be chosen. */
  pick(options: PickOptions = {}): PickedBackend {
    const { key } = options;
    const now = this.#advance();
    const number = key === undefined ? this.#keys++ : keyOf(key);
    this.#wasm.setTime(this.#worker, now);
    const index = this.#wasm.pickBackend(this.#worker, SERVICE, Number(number & 0xffffffffn), Number(number >> 32n));
    const member = index < 0 ? undefined : this.#service.at(index);
    if (member === undefined) throw noBackend(this.#config);
    this.#wasm.beginOnBackend(index);
    let isDone = false;
    const { name, address, port } = member.config;
    return {
      backend: { name, address, port },
      done: (result = {}) => {
        refuseResult(result);
        if (isDone) return;
        isDone = true;
        this.#done(member, result, now);
      },
    };
  }

  #done(member: Member, { responseTimeMs, error }: PickResult, pickedAt: number): void {
    const now = this.#nowMs();
    this.#wasm.finishOnBackend(member.index);
    if (error === undefined) {
      this.#wasm.measureBackend(member.index, responseTimeMs ?? now - pickedAt, now);
      this.#ejector.succeeded(member.config.name);
    } else {
      this.#wasm.failOnBackend(member.index);
      if (!member.isGone && this.#ejector.failed(member.config.name, now)) this.#treat(now);
    }
    this.#service.settle(member);
  }

  /** Changes what is given, and keeps the rest: no pick that is not done moves, no schedule begins anew, and backends that stay, by their
   *  names, keep their counts. One that is left out gets nothing new.
   *  @throws BadConfiguration; nothing has changed then. PortyardError `slates-exhausted`. */
  set(input: { [Key in keyof BalancerInput]?: BalancerInput[Key] | undefined }): void {
    const { ejection, ...config } = this.#config;
    const before = {
      ...config,
      backends: config.backends.map(({ port, maxFlows, ...rest }) => ({ ...rest, ...(port && { port }), ...(maxFlows && { maxFlows }) })),
      ejection: ejection ?? false,
    };
    const known = new Set(config.backends.map(({ name }) => name));
    const given = Object.entries(input).filter(([, value]) => value !== undefined);
    this.#config = parseBalancer({ ...before, ...Object.fromEntries(given) });
    this.#ejector = new Ejector(this.#config.ejection, this.#config.panicShare, this.#ejector);
    const now = this.#nowMs();
    for (const { name } of this.#config.backends) if (!known.has(name)) this.#starting.set(name, now);
    this.#apply();
  }

  /** A backend tells its load: with `least-load` and `power-of-two` that takes the place of its active requests, until it is too old.
   *  @param load 0 idle, 1 just full; up to 1,000,000.
   *  @param maxAgeSeconds how long it counts.
   *  @throws PortyardError `bad-argument`, `backend-missing`. */
  report(name: string, load: number, maxAgeSeconds: number): void {
    if (!(load >= 0 && load <= MAX_LOAD)) throw badArgument("load", load, "A load", `a number from 0 to ${MAX_LOAD}`);
    if (!(maxAgeSeconds >= 0 && maxAgeSeconds <= MAX_LOAD))
      throw badArgument("maxAgeSeconds", maxAgeSeconds, "An age", `seconds from 0 to ${MAX_LOAD}`);
    const member = this.#service.members.find(({ config, isGone }) => config.name === name && !isGone);
    if (member === undefined) throw new PortyardError("backend-missing", `There is no backend ${name}.`, { path: "name", value: name });
    writeLoad(this.#tables, member.index, load, Math.max(1, Math.floor(this.#nowMs() / 1000 + maxAgeSeconds)));
  }

  /** All of them, in the order in which they were given. */
  backends(): BackendInfo[] {
    const now = this.#advance();
    const members = new Map(this.#service.members.map((member) => [member.config.name, member]));
    return this.#config.backends.map((config) => {
      const member = members.get(config.name)!;
      const until = this.#ejector.until(config.name);
      const responseTimeMs = this.#wasm.responseMs(member.index, now);
      return {
        ...config,
        state: config.weight === 0 ? "drained" : this.#ejector.isOut(config.name) ? "ejected" : "usable",
        ...this.#service.counts(member),
        responseTimeMs: responseTimeMs === 0 ? null : responseTimeMs,
        ejectedForSeconds: until === null ? null : (until - now) / 1000,
      };
    });
  }

  /** Does what has become due. @returns the time. */
  #advance(): number {
    const now = this.#nowMs();
    if (now < this.#dueMs) return now;
    this.#ejector.advance(now);
    if (this.#starting.size > 0) this.#apply();
    else this.#treat(now);
    return now;
  }

  #apply(): void {
    const now = this.#nowMs();
    const names = this.#config.backends.map(({ name }) => name);
    this.#ejector.setBackends(names, now);
    for (const [name, since] of this.#starting)
      if (!names.includes(name) || now - since >= this.#config.slowStartSeconds * 1000) this.#starting.delete(name);
    this.#service.publish(this.#config.algorithm, this.#config.backends, this.#treatment(now));
    this.#setDue(now);
  }

  #treat(now: number): void {
    this.#service.treat(this.#treatment(now));
    this.#setDue(now);
  }

  #setDue(now: number): void {
    this.#dueMs = Math.min(this.#ejector.nextMs, this.#starting.size > 0 ? now + SLOW_START_STEP_MS : Number.POSITIVE_INFINITY);
  }

  #treatment(now: number): (name: string) => { part: number; isUsable: boolean } {
    return (name) => {
      const since = this.#starting.get(name);
      const part = since === undefined ? 1 : Math.max(FIRST_PART, (now - since) / (this.#config.slowStartSeconds * 1000));
      return { part: Math.min(1, part), isUsable: !this.#ejector.isOut(name) };
    };
  }
}

function keyOf(key: string | Uint8Array | bigint): bigint {
  if (typeof key === "bigint") return BigInt.asUintN(64, key);
  return createHash("sha256").update(key).digest().readBigUInt64LE();
}

function refuseResult({ responseTimeMs }: PickResult): void {
  if (responseTimeMs === undefined || (responseTimeMs >= 0 && Number.isFinite(responseTimeMs))) return;
  throw badArgument("responseTimeMs", responseTimeMs, "A response time", "milliseconds from 0 on");
}

function badArgument(path: string, value: number, what: string, must: string): PortyardError {
  return new PortyardError("bad-argument", `${what} of ${value} cannot be.`, { path, value, remedy: `Give ${must}.` });
}

function noBackend({ backends }: BalancerConfig): PortyardError {
  return new PortyardError("no-backend", `None of ${backends.length} backends may be chosen.`, {
    path: "backends",
    value: backends.length,
    remedy: "Give one a weight above 0, or room for more flows.",
  });
}
