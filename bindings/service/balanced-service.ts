/** A service in the tables of an engine: its backends' records and its slates, written as the agent, and what time and failures make of them. It has
 *  a record of the service table for each family of virtual addresses, or one for all of its backends, or both. */
import { readAddress } from "../config/ip-address.ts";
import { PortyardError } from "../error.ts";
import type { Tables } from "../tables/tables.ts";
import type { BackendNumbers } from "./backend-numbers.ts";
import { type Entrance, type Member, Members } from "./members.ts";
import { type Choice, type Prepared, PublishedSlate } from "./published-slate.ts";
import type { SlateRoom } from "./slates.ts";
import { type Group, Treatments } from "./treatments.ts";
import type { BackendConfig, BackendInfo, BalancerConfig } from "./types.ts";

/** What services of one engine share. */
export interface Shared {
  tables: Tables;
  numbers: BackendNumbers;
  room: SlateRoom;
}

/** A record of the service table: backends of one family, or all of them, are chosen from in it. */
export interface Place {
  /** Index. */
  service: number;
  family: Group;
}

export class BalancedService {
  readonly #shared: Shared;
  readonly members: Members;
  #treatments: Treatments;
  #places: readonly Place[] = [];
  #slates = new Map<number, PublishedSlate>();
  #config: BalancerConfig = { algorithm: "round-robin", backends: [], slowStartSeconds: 0, ejection: null, panicShare: 0 };
  /** Backends that come from now on start slowly: they come to others. */
  #isBegun = false;

  /** @param network index of the one that it belongs to. */
  constructor(shared: Shared, network = 0) {
    this.#shared = shared;
    this.members = new Members(shared.tables, shared.numbers, network);
    this.#treatments = new Treatments(this.#config, [], () => null, [], 0);
  }

  /** Lets these be chosen from, and no others. Those that were there before, by name and address, keep their counts.
   *  @param announce called with those that were not there before, when places that were not there before are ready, and before anything else is
   *  changed.
   *  @returns those that are gone.
   *  @throws PortyardError `backends-exhausted`, `slates-exhausted`, and what `announce` throws; all is as it was then. */
  set(config: BalancerConfig, places: readonly Place[], now: number, announce: (joined: readonly Member[]) => void = () => {}): Member[] {
    const serviceOf = (backend: BackendConfig) => placeOf(backend, places).service;
    const known = new Set(this.#config.backends.map(({ name }) => name));
    const comers = this.#isBegun ? config.backends.map(({ name }) => name).filter((name) => !known.has(name)) : [];
    const groupOf = (backend: BackendConfig) => placeOf(backend, places).family;
    const treatments = new Treatments(config, config.backends, groupOf, comers, now, this.#treatments);
    const entrance = this.members.enter(config.backends, serviceOf);
    const prepared: [PublishedSlate, Prepared][] = [];
    try {
      for (const place of places) {
        const slate = this.#slates.get(place.service) ?? new PublishedSlate(this.#shared.tables, this.#shared.room, place.service);
        const choices = choicesOf(config, places, place, entrance, (name) => treatments.of(name, now).part);
        prepared.push([slate, slate.prepare(config.algorithm, choices)]);
      }
      for (const member of entrance.joined) this.members.treat(member, treatments.of(member.config.name, now));
      for (const [slate, next] of prepared) if (!this.#slates.has(slate.service)) slate.publish(next);
      announce(entrance.joined);
    } catch (error) {
      for (const [slate, next] of prepared) slate.abandon(next);
      this.members.forget(entrance);
      throw error;
    }
    this.#isBegun = true;
    this.#treatments = treatments;
    return this.#commit(config, places, entrance, prepared, now);
  }

  #commit(
    config: BalancerConfig,
    places: readonly Place[],
    entrance: Entrance,
    prepared: readonly [PublishedSlate, Prepared][],
    now: number,
  ): Member[] {
    const left = this.members.set(entrance, config.backends, (backend) => placeOf(backend, places).service);
    [this.#config, this.#places] = [config, places];
    this.treat(now);
    for (const [slate, next] of prepared) if (!slate.isPublished(next)) slate.publish(next);
    const present = new Map(prepared.map(([slate]) => [slate.service, slate]));
    for (const [service, slate] of this.#slates) if (!present.has(service)) slate.withdraw();
    this.#slates = present;
    return left;
  }

  /** Writes how backends are treated now, where no schedule depends on it. */
  treat(now: number): void {
    for (const member of this.members.all()) this.members.treat(member, this.#treatments.of(member.config.name, now));
  }

  /** Does what has become due. */
  advance(now: number): void {
    const due = this.#treatments.advance(now);
    if (due === "treat") this.treat(now);
    if (due === "schedule") this.#reschedule(now);
  }

  /** Schedules follow a slow start; where there is no room for others, weights alone do until the next step. */
  #reschedule(now: number): void {
    this.treat(now);
    const entrance = { members: this.members.all(), joined: [] };
    for (const place of this.#places) {
      const slate = this.#slates.get(place.service) as PublishedSlate;
      const choices = choicesOf(this.#config, this.#places, place, entrance, (name) => this.#treatments.of(name, now).part);
      const prepared = ifRoom(() => slate.prepare(this.#config.algorithm, choices));
      if (prepared !== null) slate.publish(prepared);
    }
  }

  failed({ config: { name } }: Member, now: number): void {
    if (this.#treatments.failed(name, now)) this.treat(now);
  }
  succeeded({ config: { name } }: Member): void {
    this.#treatments.succeeded(name);
  }

  /** All of them, in the order in which they were given.
   *  @param responseMsOf smoothed response time of the backend with this record, 0: never measured. */
  infos(now: number, responseMsOf: (index: number) => number): BackendInfo[] {
    return this.members.all().map((member) => {
      const { config } = member;
      const until = this.#treatments.until(config.name);
      return {
        ...config,
        state: config.weight === 0 ? "drained" : this.#treatments.isOut(config.name) ? "ejected" : "usable",
        ...this.members.counts(member),
        responseTimeMs: responseMsOf(member.index) || null,
        ejectedForSeconds: until === null ? null : (until - now) / 1000,
      };
    });
  }
}

/** What is chosen from in `place`. */
function choicesOf(
  { backends }: BalancerConfig,
  places: readonly Place[],
  place: Place,
  { members }: Entrance,
  partOf: (name: string) => number,
): Choice[] {
  return backends.flatMap((backend, position) => {
    if (place.family !== null && placeOf(backend, places) !== place) return [];
    const { index } = members[position] as Member;
    return [{ index, name: backend.name, weight: backend.weight, part: partOf(backend.name) }];
  });
}

function ifRoom<Result>(take: () => Result): Result | null {
  try {
    return take();
  } catch (error) {
    if (error instanceof PortyardError && error.code === "slates-exhausted") return null;
    throw error;
  }
}

/** Where a backend belongs: the record of its family, else that of all. */
function placeOf({ address }: BackendConfig, places: readonly Place[]): Place {
  const { family } = readAddress(address)!;
  const place = places.find((each) => each.family === family) ?? places.find((each) => each.family === null);
  return place as Place;
}
