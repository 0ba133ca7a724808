/** What workers count of backends as failed and answered, turned into ejections: failures since the last look are in a row when nothing was answered
 *  meanwhile. */
import { readCounts } from "../tables/backend-table.ts";
import type { Tables } from "../tables/tables.ts";
import type { ServiceEntry } from "./service-entry.ts";

interface Seen {
  failed: number;
  answered: number;
}

export class FailureWatch {
  private readonly tables: Tables;
  /** By record. */
  private readonly seen = new Map<number, Seen>();

  constructor(tables: Tables) {
    this.tables = tables;
  }

  /** What was counted before counts no more: of a record that has just become a backend's. */
  begin(index: number): void {
    this.seen.set(index, readCounts(this.tables, index));
  }

  look({ balanced, config: { ejection } }: ServiceEntry, now: number): void {
    if (ejection === null) return;
    for (const member of balanced.members.all()) {
      const counts = readCounts(this.tables, member.index);
      const before = this.seen.get(member.index) ?? counts;
      this.seen.set(member.index, counts);
      const failed = Math.min(ejection.failures, counts.failed - before.failed);
      if (counts.answered > before.answered) balanced.succeeded(member);
      else for (let failure = 0; failure < failed; failure++) balanced.failed(member, now);
    }
  }
}
