/** Hands out records of the backend table, lowest first, and keeps those of backends that are gone until nothing refers to them: they count flows
 *  until the last has ended. */
import { MAX_BACKENDS } from "../../assembly/abi/limits.ts";
import { PortyardError } from "../error.ts";
import * as table from "../tables/backend-table.ts";
import type { Tables } from "../tables/tables.ts";

/** A backend that is gone. */
export interface Leaving {
  readonly index: number;
  /** Index of its network. */
  readonly network: number;
  /** Every worker knows that it is gone. */
  isPassed: boolean;
}

export class BackendNumbers {
  readonly #tables: Tables;
  #free = Array.from({ length: MAX_BACKENDS }, (_, index) => MAX_BACKENDS - 1 - index);
  readonly #leaving = new Map<number, Leaving>();

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** So many numbers. @throws PortyardError `backends-exhausted`. */
  take(count: number): number[] {
    if (count > this.#free.length) {
      throw new PortyardError("backends-exhausted", `There is room for ${MAX_BACKENDS} backends of all services.`, {
        value: count,
        remedy: "Use fewer of them, or a second instance.",
      });
    }
    return Array.from({ length: count }, () => this.#free.pop() as number);
  }

  /** Takes numbers that a predecessor gave out. */
  reserve(indices: ReadonlySet<number>): void {
    this.#free = this.#free.filter((index) => !indices.has(index));
  }

  /** Gives back what nobody has seen. */
  give(indices: readonly number[]): void {
    for (const index of indices) {
      table.clearBackend(this.#tables, index);
      this.#free.push(index);
    }
  }

  /** The backend is gone. */
  leave(index: number, network: number): Leaving {
    const leaving = { index, network, isPassed: false };
    this.#leaving.set(index, leaving);
    return leaving;
  }

  /** It is back. */
  stay(index: number): void {
    this.#leaving.delete(index);
  }

  /** Those that are gone. */
  leaving(): Leaving[] {
    return [...this.#leaving.values()];
  }
  isLeaving(index: number): boolean {
    return this.#leaving.has(index);
  }
  /** It is gone, and still has its record. */
  holds(leaving: Leaving): boolean {
    return this.#leaving.get(leaving.index) === leaving;
  }

  /** Every worker knows that these are gone. */
  pass(those: readonly Leaving[] = this.leaving()): void {
    for (const leaving of those) leaving.isPassed = true;
  }

  /** Those of which every worker knows, and that have no flow. */
  idle(): Leaving[] {
    return this.leaving().filter(({ index, isPassed }) => isPassed && table.active(this.#tables, index) === 0);
  }

  /** Nothing refers to them any more. */
  free(those: readonly Leaving[]): void {
    for (const { index } of those) this.#leaving.delete(index);
    this.give(those.map(({ index }) => index));
  }
}
