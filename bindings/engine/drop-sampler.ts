/** What was dropped since it was last told, by port and reason, from the counters: a flood of drops is an event a second, and no drop is
 *  told twice or never. A worker counts a drop in all first, then by its reason: one that is under way is told the next time. */
import * as counter from "../../assembly/abi/counter.ts";
import * as table from "../tables/port-table.ts";
import type { Tables } from "../tables/tables.ts";
import { REASON_NAMES } from "./describe.ts";
import type { PortEntry } from "./port-entry.ts";

/** Between two looks at the counters. */
export const SAMPLE_MS = 1000;

/** Frames of a port that were told, by reason and the sum of that. */
interface Told {
  total: number;
  byReason: Map<number, number>;
}

export class DropSampler {
  readonly #tables: Tables;
  #told = new WeakMap<PortEntry, Told>();

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** What was dropped so far is told to nobody; of ports that come later everything is. */
  skip(ports: Iterable<PortEntry>): void {
    for (const port of ports) this.take(port);
  }

  /** What `port` dropped since the last call: reason, frames. */
  take(port: PortEntry): [reason: string, count: number][] {
    const told = this.#told.get(port) ?? { total: 0, byReason: new Map() };
    if (table.sum(this.#tables, port.index, counter.DROPPED_FRAMES) === told.total) return [];
    const byReason = new Map([...REASON_NAMES.keys()].map((reason) => [reason, table.drops(this.#tables, port.index, reason)]));
    this.#told.set(port, { total: [...byReason.values()].reduce((sum, count) => sum + count, 0), byReason });
    return [...byReason]
      .map(([reason, count]): [string, number] => [REASON_NAMES.get(reason) ?? "", count - (told.byReason.get(reason) ?? 0)])
      .filter(([, count]) => count > 0);
  }
}
