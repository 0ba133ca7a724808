/** Leaves backends out for a while that fail several times in a row: a bounded share of them at once, longer each time in succession. A time that
 *  passes without takes one from the succession. When too few would be left, nobody is left out (panic). Times are milliseconds of one clock. */
import type { EjectionConfig } from "./types.ts";

/** In which a backend must not be ejected for its next ejection to be one shorter. */
const CALM_MS = 10_000;

interface Record {
  failures: number;
  /** Ejections in succession. */
  times: number;
  until: number | null;
  calmSince: number;
}

export class Ejector {
  readonly #config: EjectionConfig | null;
  readonly #panicShare: number;
  #records = new Map<string, Record>();

  constructor(config: EjectionConfig | null, panicShare: number, before?: Ejector) {
    this.#config = config;
    this.#panicShare = panicShare;
    if (before !== undefined && config !== null) this.#records = before.#records;
  }

  /** Those that there are from now on; what is known of them is kept. */
  setBackends(names: readonly string[], now: number): void {
    const known = this.#records;
    this.#records = new Map(names.map((name) => [name, known.get(name) ?? { failures: 0, times: 0, until: null, calmSince: now }]));
  }

  /** What fails while it is left out was begun before, and does not count for the next time. @returns whether somebody is left out now who was not. */
  failed(name: string, now: number): boolean {
    const record = this.#records.get(name);
    if (record === undefined || record.until !== null || this.#config === null) return false;
    record.failures++;
    if (record.failures < this.#config.failures || !this.#mayEject()) return false;
    record.failures = 0;
    record.times++;
    record.until = now + Math.min(this.#config.maxSeconds, this.#config.seconds * record.times) * 1000;
    return true;
  }

  succeeded(name: string): void {
    const record = this.#records.get(name);
    if (record !== undefined) record.failures = 0;
  }

  #mayEject(): boolean {
    const share = this.#config?.share ?? 0;
    return this.#ejected.length < Math.max(1, Math.floor(share * this.#records.size));
  }

  get #ejected(): Record[] {
    return [...this.#records.values()].filter(({ until }) => until !== null);
  }

  /** Lets those back in whose time is over. @returns whether there were any. */
  advance(now: number): boolean {
    let isChanged = false;
    for (const record of this.#records.values()) {
      if (record.until !== null && record.until <= now) {
        record.calmSince = record.until;
        record.until = null;
        isChanged = true;
      }
      if (record.until !== null) continue;
      const calm = Math.floor((now - record.calmSince) / CALM_MS);
      record.times = Math.max(0, record.times - calm);
      record.calmSince += calm * CALM_MS;
    }
    return isChanged;
  }

  /** When the next one is to be let in again; infinite: nobody is. */
  get nextMs(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#ejected.map(({ until }) => until ?? 0));
  }

  /** Until when it is ejected, whether that is passed over or not; null: it is not. */
  until(name: string): number | null {
    return this.#records.get(name)?.until ?? null;
  }

  /** Whether it is left out. */
  isOut(name: string): boolean {
    return this.until(name) !== null && !this.isPanic;
  }

  /** So many are ejected that nobody is left out. */
  get isPanic(): boolean {
    return this.#records.size - this.#ejected.length < this.#panicShare * this.#records.size;
  }
}
