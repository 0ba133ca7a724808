/** The slate of a service: computed where nobody looks, then published in one step in the place of the one before. */
import * as abi from "../../assembly/abi/service.ts";
import * as table from "../tables/service-table.ts";
import type { Tables } from "../tables/tables.ts";
import { maglevRing } from "./maglev.ts";
import { smoothSchedule } from "./schedule.ts";
import type { Gap, SlateRoom } from "./slates.ts";
import type { Algorithm } from "./types.ts";

/** Numbers of the algorithms in the tables. */
export const ALGORITHM_NUMBERS: Record<Algorithm, number> = {
  "round-robin": abi.ROUND_ROBIN,
  "weighted-round-robin": abi.WEIGHTED_ROUND_ROBIN,
  "least-response-time": abi.LEAST_RESPONSE_TIME,
  "least-load": abi.LEAST_LOAD,
  "power-of-two": abi.POWER_OF_TWO,
  "source-hash": abi.SOURCE_HASH,
  maglev: abi.MAGLEV,
  random: abi.RANDOM,
};
/** Parts of a weight that a slow start tells apart. */
const FINE = 100;

/** A backend that may be chosen. */
export interface Choice {
  /** In the backend table. */
  index: number;
  name: string;
  weight: number;
  /** Of its weight: 1, or less in a slow start. */
  part: number;
}

/** One that waits to be published. */
export interface Prepared extends Gap {
  algorithm: Algorithm;
}

export class PublishedSlate {
  readonly #tables: Tables;
  readonly #room: SlateRoom;
  /** Index of the service. */
  readonly service: number;
  #present: Gap | null;

  /** Takes over what a predecessor has published. */
  constructor(tables: Tables, room: SlateRoom, service: number) {
    this.#tables = tables;
    this.#room = room;
    this.service = service;
    this.#present = table.slatePlace(tables, service);
  }

  /** @throws PortyardError `slates-exhausted`. */
  prepare(algorithm: Algorithm, choices: readonly Choice[]): Prepared {
    const chosen = choices.filter(({ weight }) => weight > 0);
    const slate = {
      backends: chosen.map(({ index }) => index),
      schedule: smoothSchedule(chosen.map(({ weight, part }) => turnsOf(algorithm, weight, part))),
      ring: algorithm === "maglev" ? maglevRing(chosen) : new Uint16Array(0),
    };
    const bytes = table.slateBytes(slate);
    const at = this.#room.take(bytes);
    table.writeSlate(this.#tables, at, slate);
    return { at, bytes, algorithm };
  }

  publish({ at, bytes, algorithm }: Prepared): void {
    table.publish(this.#tables, this.service, ALGORITHM_NUMBERS[algorithm], at);
    this.withdraw();
    this.#present = { at, bytes };
  }

  isPublished({ at }: Prepared): boolean {
    return this.#present?.at === at;
  }

  /** It is not to be used after all. */
  abandon(prepared: Prepared): void {
    if (this.isPublished(prepared)) this.withdraw();
    else this.#room.give(prepared.at, prepared.bytes);
  }

  /** It is nobody's any more, as soon as the service has another or is gone. */
  withdraw(): void {
    if (this.#present !== null) this.#room.retire(this.#present);
    this.#present = null;
  }
}

/** In a run of the schedule, in proportion. */
function turnsOf(algorithm: Algorithm, weight: number, part: number): number {
  if (algorithm === "round-robin") return 1;
  return part === 1 ? weight * FINE : Math.max(1, Math.round(weight * part * FINE));
}
