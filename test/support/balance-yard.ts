/** A service without a switch around it: its backends, and picks by each worker. */
import * as map from "../../assembly/abi/memory-map.ts";
import * as field from "../../assembly/abi/service.ts";
import { maglevRing } from "../../bindings/service/maglev.ts";
import { smoothSchedule } from "../../bindings/service/schedule.ts";
import * as services from "../../bindings/tables/service-table.ts";
import type { Tables } from "../../bindings/tables/tables.ts";
import { type Build, type EngineExports, instantiateEngine, loadModule } from "../../bindings/wasm/module.ts";
import { makeFlowTables } from "./flow-yard.ts";

const SERVICE = 1;
/** Backends are numbered from here on in the table, so that index and position differ. */
export const FIRST = 10;

export class BalanceYard {
  readonly tables: Tables;
  readonly wasm: EngineExports;
  readonly workers: number[];
  #slateEnd: number;

  constructor(build: Build, count = 1) {
    this.tables = makeFlowTables(64, count, build !== "single");
    this.wasm = instantiateEngine(loadModule(build), this.tables.memory);
    this.workers = Array.from({ length: count }, (_, index) => this.wasm.formatWorker(index, index));
    this.#slateEnd = this.tables.load32(map.HEAD_SLATES);
  }

  /** Publishes a new slate: all backends of a weight above 0, by their numbers from 0 on. */
  publish(algorithm: number, weights: readonly number[]): void {
    const numbers = [...weights.keys()].filter((number) => weights[number]! > 0);
    for (const number of numbers) services.writeBackend(this.tables, FIRST + number, { weight: weights[number]! });
    const own = numbers.map((number) => weights[number]!);
    const ring =
      algorithm === field.MAGLEV
        ? maglevRing(numbers.map((number) => ({ name: `b${number}`, weight: weights[number]! })))
        : new Uint16Array(0);
    const slate = {
      backends: numbers.map((number) => FIRST + number),
      schedule: smoothSchedule(algorithm === field.ROUND_ROBIN ? own.map(() => 1) : own),
      ring,
    };
    services.writeSlate(this.tables, this.#slateEnd, slate);
    services.publish(this.tables, SERVICE, algorithm, this.#slateEnd);
    this.#slateEnd += services.slateBytes(slate);
  }

  set(number: number, settings: services.BackendSettings): void {
    services.writeBackend(this.tables, FIRST + number, settings);
  }

  /** Number of the backend that gets the next flow; null: none. */
  pick(key = 0n, worker = 0): number | null {
    const [low, high] = [Number(key & 0xffffffffn), Number(key >> 32n)];
    const backend = this.wasm.pickBackend(this.workers[worker]!, SERVICE, low, high);
    return backend < 0 ? null : backend - FIRST;
  }
  picks(count: number, worker = 0): (number | null)[] {
    return Array.from({ length: count }, () => this.pick(0n, worker));
  }

  begin(number: number): void {
    this.wasm.beginOnBackend(FIRST + number);
  }
  finish(number: number): void {
    this.wasm.finishOnBackend(FIRST + number);
  }
  active(number: number): number {
    return services.active(this.tables, FIRST + number);
  }
  measure(number: number, ms: number, nowMs: number): void {
    this.wasm.measureBackend(FIRST + number, ms, nowMs);
  }
  responseMs(number: number, nowMs: number): number {
    return this.wasm.responseMs(FIRST + number, nowMs);
  }
  report(number: number, load: number, untilSeconds: number): void {
    services.writeLoad(this.tables, FIRST + number, load, untilSeconds);
  }
  setTime(ms: number): void {
    for (const worker of this.workers) this.wasm.setTime(worker, ms);
  }
}

/** How often each of `count` backends was picked. */
export function countPicks(picks: readonly (number | null)[], count: number): number[] {
  const found = Array.from({ length: count }, () => 0);
  for (const number of picks) if (number !== null) found[number]!++;
  return found;
}
