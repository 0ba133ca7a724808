/** Picks of a program, by the code of the hot path over the tables that a service stands in. */
import { createHash } from "node:crypto";
import { PortyardError } from "../error.ts";
import { addPicks } from "../tables/backend-table.ts";
import type { Tables } from "../tables/tables.ts";
import type { EngineExports } from "../wasm/module.ts";
import type { Member } from "./members.ts";
import type { PickedBackend, PickOptions, PickResult } from "./types.ts";

/** What is picked from, at the moment of the pick. */
export interface PickedFrom {
  /** Index of the service. */
  service: number;
  /** The backend with this record, as it is known now. */
  at(index: number): Member | undefined;
  /** How many there are. */
  count: number;
}

/** Hears how picks went. */
export interface PickListener {
  succeeded(member: Member): void;
  /** It is counted already. */
  failed(member: Member, now: number): void;
  /** It has one less; called last. */
  done(member: Member): void;
}

export class Picker {
  readonly #tables: Tables;
  readonly #wasm: EngineExports;
  readonly #worker: number;
  readonly #nowMs: () => number;
  #keys = 0n;

  /** @param worker region with which functions of `wasm` are called. */
  constructor(tables: Tables, wasm: EngineExports, worker: number, nowMs: () => number) {
    this.#tables = tables;
    this.#wasm = wasm;
    this.#worker = worker;
    this.#nowMs = nowMs;
  }

  /** @throws PortyardError `no-backend`. */
  pick({ key }: PickOptions, from: PickedFrom, listener: PickListener): PickedBackend {
    const now = this.#nowMs();
    const number = key === undefined ? this.#keys++ : keyOf(key);
    this.#wasm.setTime(this.#worker, now);
    const index = this.#wasm.pickBackend(this.#worker, from.service, Number(number & 0xffffffffn), Number(number >> 32n));
    const member = index < 0 ? undefined : from.at(index);
    if (member === undefined) throw noBackend(from.count);
    this.#wasm.beginOnBackend(index);
    addPicks(this.#tables, index, 1);
    let isDone = false;
    const { name, address, port } = member.config;
    return {
      backend: { name, address, port },
      done: (result = {}) => {
        refuseResult(result);
        if (isDone) return;
        isDone = true;
        this.#done(member, result, now, listener);
      },
    };
  }

  #done(member: Member, { responseTimeMs, error }: PickResult, pickedAt: number, listener: PickListener): void {
    const now = this.#nowMs();
    addPicks(this.#tables, member.index, -1);
    this.#wasm.finishOnBackend(member.index);
    if (error === undefined) {
      this.#wasm.measureBackend(member.index, responseTimeMs ?? now - pickedAt, now);
      listener.succeeded(member);
    } else {
      this.#wasm.failOnBackend(member.index);
      listener.failed(member, now);
    }
    listener.done(member);
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

/** @param what has this value, and what it `must` be. */
export function badArgument(path: string, value: number, what: string, must: string): PortyardError {
  return new PortyardError("bad-argument", `${what} of ${value} cannot be.`, { path, value, remedy: `Give ${must}.` });
}

function noBackend(count: number): PortyardError {
  return new PortyardError("no-backend", `None of ${count} backends may be chosen.`, {
    path: "backends",
    value: count,
    remedy: "Give one a weight above 0, or room for more flows.",
  });
}
