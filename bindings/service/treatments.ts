/** What only time and failures decide of backends: slow start, and ejection within each group of those that take the place of one another. */
import { Ejector } from "./ejector.ts";
import type { Treatment } from "./members.ts";
import type { BackendConfig, BalancerConfig } from "./types.ts";

/** Between two changes of weight in a slow start. */
const SLOW_START_STEP_MS = 1000;
/** Of its weight that a backend begins with. */
const FIRST_PART = 0.1;

/** Family of a group's addresses; null: any. */
export type Group = 4 | 6 | null;

type Settings = Pick<BalancerConfig, "slowStartSeconds" | "ejection" | "panicShare">;

export class Treatments {
  readonly #settings: Settings;
  readonly #ejectors = new Map<Group, Ejector>();
  readonly #groups: ReadonlyMap<string, Group>;
  /** When each of them came, while it is starting slowly. */
  readonly #starting: Map<string, number>;
  #stepMs = Number.POSITIVE_INFINITY;

  /** @param comers names of those that start slowly.
   *  @param before what is known of those that stay. */
  constructor(
    settings: Settings,
    backends: readonly BackendConfig[],
    groupOf: (backend: BackendConfig) => Group,
    comers: readonly string[],
    now: number,
    before?: Treatments,
  ) {
    this.#settings = settings;
    this.#groups = new Map(backends.map((backend) => [backend.name, groupOf(backend)]));
    this.#starting = new Map([...(before === undefined ? [] : before.#starting), ...comers.map((name) => [name, now] as const)]);
    this.#endStarts(now);
    for (const group of new Set(this.#groups.values())) {
      const ejectors = before === undefined ? new Map<Group, Ejector>() : before.#ejectors;
      const known = ejectors.get(group) ?? ejectors.values().next().value;
      const ejector = new Ejector(settings.ejection, settings.panicShare, known);
      const names = [...this.#groups].filter(([, own]) => own === group).map(([name]) => name);
      ejector.setBackends(names, now);
      this.#ejectors.set(group, ejector);
    }
  }

  #endStarts(now: number): void {
    const endMs = this.#settings.slowStartSeconds * 1000;
    for (const [name, since] of this.#starting) if (!this.#groups.has(name) || now - since >= endMs) this.#starting.delete(name);
    this.#stepMs = this.#starting.size > 0 ? now + SLOW_START_STEP_MS : Number.POSITIVE_INFINITY;
  }

  of(name: string, now: number): Treatment {
    const since = this.#starting.get(name);
    const part = since === undefined ? 1 : Math.max(FIRST_PART, (now - since) / (this.#settings.slowStartSeconds * 1000));
    return { part: Math.min(1, part), isUsable: !this.isOut(name) };
  }

  /** @returns whether somebody is treated otherwise now. */
  failed(name: string, now: number): boolean {
    const ejector = this.#ejectorOf(name);
    if (ejector === undefined) return false;
    const isChanged = ejector.advance(now);
    return ejector.failed(name, now) || isChanged;
  }
  succeeded(name: string): void {
    this.#ejectorOf(name)?.succeeded(name);
  }

  #ejectorOf(name: string): Ejector | undefined {
    return this.#ejectors.get(this.#groups.get(name) ?? null);
  }

  /** Does what has become due. @returns what is to be done now: nothing, to treat backends anew, or to compute schedules anew too. */
  advance(now: number): "nothing" | "treat" | "schedule" {
    let isChanged = false;
    for (const ejector of this.#ejectors.values()) if (now >= ejector.nextMs && ejector.advance(now)) isChanged = true;
    if (now < this.#stepMs) return isChanged ? "treat" : "nothing";
    this.#endStarts(now);
    return "schedule";
  }

  /** When it is ejected until, whether that is passed over or not; null: it is not. */
  until(name: string): number | null {
    return this.#ejectorOf(name)?.until(name) ?? null;
  }
  /** Whether it is left out. */
  isOut(name: string): boolean {
    return this.#ejectorOf(name)?.isOut(name) ?? false;
  }
}
