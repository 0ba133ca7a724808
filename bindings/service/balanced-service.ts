/** One service in the tables of an engine: its backends' records and its slate, written as the agent. Backends that are gone keep their records until
 *  their last flow has ended, since that counts there. */
import * as field from "../../assembly/abi/backend.ts";
import { MAX_BACKENDS } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as abi from "../../assembly/abi/service.ts";
import * as table from "../tables/service-table.ts";
import type { Tables } from "../tables/tables.ts";
import { maglevRing } from "./maglev.ts";
import { smoothSchedule } from "./schedule.ts";
import { SlateRoom } from "./slates.ts";
import type { Algorithm, BackendConfig } from "./types.ts";

const NUMBERS: Record<Algorithm, number> = {
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
export const SERVICE = 1;

/** A backend that has a record. */
export interface Member {
  index: number;
  config: BackendConfig;
  /** No new flow comes to it, and its record goes with its last one. */
  isGone: boolean;
}

/** How a backend is to be treated now. */
export interface Treatment {
  /** Of its weight: 1, or less in a slow start. */
  part: number;
  isUsable: boolean;
}

export class BalancedService {
  readonly #tables: Tables;
  readonly #room: SlateRoom;
  readonly #free = Array.from({ length: MAX_BACKENDS }, (_, index) => MAX_BACKENDS - 1 - index);
  readonly #members = new Map<string, Member>();
  readonly #byIndex = new Map<number, Member>();
  #slate = { at: 0, bytes: 0 };

  constructor(tables: Tables) {
    this.#tables = tables;
    this.#room = new SlateRoom(tables.load32(map.HEAD_SLATES), tables.load32(map.HEAD_SLATES_END));
  }

  get members(): Member[] {
    return [...this.#members.values()];
  }
  /** The member with this record. */
  at(index: number): Member | undefined {
    return this.#byIndex.get(index);
  }

  /** Lets these be chosen from, and no others. Those that were there before, by name, keep their counts. */
  publish(algorithm: Algorithm, backends: readonly BackendConfig[], treat: (name: string) => Treatment): void {
    const names = new Set(backends.map(({ name }) => name));
    for (const member of this.members) if (!names.has(member.config.name)) this.#leave(member);
    const members = backends.map((config) => this.#enter(config));
    const parts = members.map(({ config }) => treat(config.name));
    for (const [position, member] of members.entries()) this.#write(member, parts[position]!);
    const chosen = members
      .map((member, position) => ({ member, part: parts[position]!.part }))
      .filter(({ member }) => member.config.weight > 0);
    const slate = {
      backends: chosen.map(({ member }) => member.index),
      schedule: smoothSchedule(chosen.map(({ member: { config }, part }) => turnsOf(algorithm, config.weight, part))),
      ring: algorithm === "maglev" ? maglevRing(chosen.map(({ member: { config } }) => config)) : new Uint16Array(0),
    };
    const bytes = table.slateBytes(slate);
    const at = this.#room.take(bytes);
    table.writeSlate(this.#tables, at, slate);
    table.publish(this.#tables, SERVICE, NUMBERS[algorithm], at);
    if (this.#slate.bytes > 0) this.#room.give(this.#slate.at, this.#slate.bytes);
    this.#slate = { at, bytes };
  }

  #enter(config: BackendConfig): Member {
    const known = this.#members.get(config.name);
    if (known !== undefined) return Object.assign(known, { config, isGone: false });
    const member = { index: this.#free.pop()!, config, isGone: false };
    this.#members.set(config.name, member);
    this.#byIndex.set(member.index, member);
    return member;
  }

  #leave(member: Member): void {
    member.isGone = true;
    this.#write(member, { part: 1, isUsable: false });
    this.settle(member);
  }

  /** A flow has ended: the record of one that is gone may be free. */
  settle(member: Member): void {
    if (!member.isGone || table.active(this.#tables, member.index) > 0) return;
    this.#members.delete(member.config.name);
    this.#byIndex.delete(member.index);
    this.#tables.fill(table.backendRecordOf(this.#tables, member.index), map.BACKEND_BYTES);
    this.#free.push(member.index);
  }

  #write({ index, config: { weight, maxFlows } }: Member, { part, isUsable }: Treatment): void {
    table.writeBackend(this.#tables, index, { weight: weight * part, isUsable, maxActive: maxFlows ?? 0 });
  }

  /** Writes how members are treated now, where only that has changed and no schedule depends on it. */
  treat(treat: (name: string) => Treatment): void {
    for (const member of this.members) if (!member.isGone) this.#write(member, treat(member.config.name));
  }

  /** What workers have counted of a backend. */
  counts({ index }: Member): { active: number; picked: number; failed: number } {
    const at = table.backendRecordOf(this.#tables, index);
    return {
      active: table.active(this.#tables, index),
      picked: this.#tables.count(at + field.PICKED),
      failed: this.#tables.count(at + field.FAILED),
    };
  }
}

/** In a run of the schedule, in proportion. */
function turnsOf(algorithm: Algorithm, weight: number, part: number): number {
  if (algorithm === "round-robin") return 1;
  return part === 1 ? weight * FINE : Math.max(1, Math.round(weight * part * FINE));
}
