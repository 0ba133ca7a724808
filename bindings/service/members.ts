/** The backends of a service by their names, with their records in the backend table. A backend is known again by its name and address: it keeps
 *  its record then, and what was counted there. */
import * as table from "../tables/backend-table.ts";
import type { Tables } from "../tables/tables.ts";
import type { BackendNumbers, Leaving } from "./backend-numbers.ts";
import type { BackendConfig } from "./types.ts";

/** A backend that has a record. */
export interface Member {
  readonly index: number;
  config: BackendConfig;
}

/** How a backend is to be treated now. */
export interface Treatment {
  /** Of its weight: 1, or less in a slow start. */
  part: number;
  isUsable: boolean;
}

/** Those that are to be, in their order. */
export interface Entrance {
  members: Member[];
  /** Those among them that were no members before: such as have just got records, and such as were gone and are back. */
  joined: Member[];
}

export class Members {
  readonly #tables: Tables;
  readonly #numbers: BackendNumbers;
  readonly #network: number;
  #byName = new Map<string, Member>();
  #byIndex = new Map<number, Member>();
  /** Those that are gone, by name and address, as long as they have their records. */
  readonly #gone = new Map<string, { member: Member; leaving: Leaving }>();

  /** @param network index of the one that they belong to. */
  constructor(tables: Tables, numbers: BackendNumbers, network: number) {
    this.#tables = tables;
    this.#numbers = numbers;
    this.#network = network;
  }

  /** In the order in which they were named. */
  all(): Member[] {
    return [...this.#byName.values()];
  }
  get(name: string): Member | undefined {
    return this.#byName.get(name);
  }
  /** The member with this record. */
  at(index: number): Member | undefined {
    return this.#byIndex.get(index);
  }

  /** A backend of before, whose record is there: it is known again when it is asked for. */
  adopt(leaving: Leaving, config: BackendConfig): void {
    this.#gone.set(keyOf(config), { member: { index: leaving.index, config }, leaving });
  }

  /** Gives each of these a record; nothing new comes to those that had none. Others stay for now.
   *  @param serviceOf index of the service that a backend belongs to.
   *  @throws PortyardError `backends-exhausted`; nothing has changed then. */
  enter(configs: readonly BackendConfig[], serviceOf: (config: BackendConfig) => number): Entrance {
    const known = configs.map((config) => this.#known(config));
    const numbers = this.#numbers.take(known.filter((member) => member === null).length);
    const members = configs.map((config, position) => known[position] ?? this.#make(numbers.shift() as number, config, serviceOf(config)));
    return { members, joined: members.filter(({ index }) => !this.#byIndex.has(index)) };
  }

  #make(index: number, config: BackendConfig, service: number): Member {
    table.identifyBackend(this.#tables, index, { ...config, service });
    return { index, config };
  }

  #known(config: BackendConfig): Member | null {
    const member = this.#byName.get(config.name);
    if (member !== undefined && member.config.address === config.address) return member;
    const gone = this.#gone.get(keyOf(config));
    return gone !== undefined && this.#numbers.holds(gone.leaving) ? gone.member : null;
  }

  /** Takes back what `enter` gave; somebody may have seen it. */
  forget({ joined }: Entrance): void {
    for (const { index } of joined) {
      table.writeBackend(this.#tables, index, { weight: 0, isUsable: false });
      if (!this.#numbers.isLeaving(index)) this.#numbers.leave(index, this.#network);
    }
  }

  /** These are the members from now on. @returns those that are gone. */
  set({ members }: Entrance, configs: readonly BackendConfig[], serviceOf: (config: BackendConfig) => number): Member[] {
    const kept = new Set(members.map(({ index }) => index));
    const left = this.all().filter(({ index }) => !kept.has(index));
    for (const [position, member] of members.entries()) {
      member.config = configs[position] as BackendConfig;
      table.assignBackend(this.#tables, member.index, serviceOf(member.config), member.config.port);
      this.#numbers.stay(member.index);
      this.#gone.delete(keyOf(member.config));
    }
    this.#byName = new Map(members.map((member) => [member.config.name, member]));
    this.#byIndex = new Map(members.map((member) => [member.index, member]));
    for (const member of left) this.#leave(member);
    return left;
  }

  #leave(member: Member): void {
    table.writeBackend(this.#tables, member.index, { weight: member.config.weight, isUsable: false });
    for (const [key, { leaving }] of this.#gone) if (!this.#numbers.holds(leaving)) this.#gone.delete(key);
    this.#gone.set(keyOf(member.config), { member, leaving: this.#numbers.leave(member.index, this.#network) });
  }

  treat({ index, config: { weight, maxFlows } }: Member, { part, isUsable }: Treatment): void {
    table.writeBackend(this.#tables, index, { weight: weight * part, isUsable, maxActive: maxFlows ?? 0 });
  }

  /** What was counted of a backend. */
  counts({ index }: Member): { active: number; picked: number; failed: number } {
    const { picked, failed } = table.readCounts(this.#tables, index);
    return { active: table.active(this.#tables, index), picked, failed };
  }
}

const keyOf = ({ name, address }: BackendConfig): string => `${address} ${name}`;
