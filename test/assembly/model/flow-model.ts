/** The flow table as one would explain it: a Map from tuples to flows, and for each state the flows in the order in which they were last
 *  seen. No references, no chunks, no words.                                                                              */
import * as field from "../../../assembly/abi/flow.ts";
import type { FlowEnds } from "../../../bindings/tables/flow-table.ts";
import { TIMEOUTS, tupleOf } from "../../support/flow-yard.ts";

export interface ModelFlow {
  ends: FlowEnds;
  state: number;
  lastSeen: number;
}

export class FlowModel {
  readonly counts = { inserted: 0, ended: 0, taken: 0, expired: TIMEOUTS.map(() => 0), evicted: TIMEOUTS.map(() => 0) };
  nowSeconds = 0;
  readonly #limit: number;
  readonly #byTuple = new Map<string, { flow: ModelFlow; direction: number }>();
  /** By state, the one seen longest ago first. */
  readonly #order: Set<ModelFlow>[] = TIMEOUTS.map(() => new Set());

  constructor(limit: number) {
    this.#limit = limit;
  }

  get all(): ModelFlow[] {
    return this.#order.flatMap((flows) => [...flows]);
  }

  find(ends: FlowEnds, direction: number): { flow: ModelFlow; direction: number } | null {
    return this.#byTuple.get(tupleOf(ends, direction)) ?? null;
  }

  /** False when one of its tuples is taken. */
  insert(ends: FlowEnds, state: number): boolean {
    const tuples = [tupleOf(ends, field.ORIGINAL), tupleOf(ends, field.REPLY)] as const;
    if (tuples[0] === tuples[1]) return false;
    if (tuples.some((tuple) => this.#byTuple.has(tuple))) {
      this.counts.taken++;
      return false;
    }
    if (this.all.length >= this.#limit) this.#evict();
    const flow = { ends, state, lastSeen: this.nowSeconds };
    for (const [direction, tuple] of tuples.entries()) this.#byTuple.set(tuple, { flow, direction });
    this.#order[state]!.add(flow);
    this.counts.inserted++;
    return true;
  }

  #evict(): void {
    const flow = this.#order.flatMap((flows) => [...flows])[0]!;
    this.counts.evicted[flow.state]!++;
    this.#forget(flow);
  }

  #forget(flow: ModelFlow): void {
    for (const direction of [field.ORIGINAL, field.REPLY]) this.#byTuple.delete(tupleOf(flow.ends, direction));
    this.#order[flow.state]!.delete(flow);
  }

  touch(flow: ModelFlow): void {
    if (flow.lastSeen === this.nowSeconds) return;
    flow.lastSeen = this.nowSeconds;
    this.#refile(flow, flow.state);
  }

  change(flow: ModelFlow, state: number): void {
    if (flow.state !== state) this.#refile(flow, state);
  }

  #refile(flow: ModelFlow, state: number): void {
    this.#order[flow.state]!.delete(flow);
    flow.state = state;
    this.#order[state]!.add(flow);
  }

  remove(flow: ModelFlow): void {
    this.#forget(flow);
    this.counts.ended++;
  }

  setTime(seconds: number): void {
    this.nowSeconds = seconds;
    for (const flow of this.all) {
      if (seconds - flow.lastSeen < TIMEOUTS[flow.state]!) continue;
      this.counts.expired[flow.state]!++;
      this.#forget(flow);
    }
  }
}
