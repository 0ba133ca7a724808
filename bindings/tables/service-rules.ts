/** The rules of a service (assembly/abi/service.ts): which ports it has. A worker may look at them at any moment, and sees each whole, or not
 *  at all: one that goes loses its protocol, and its place is written again after a grace period only. */
import { MAX_SERVICE_RULES } from "../../assembly/abi/limits.ts";
import * as field from "../../assembly/abi/service.ts";
import type { ServicePort } from "../config/types.ts";
import { PROTOCOLS } from "./ip-protocol.ts";
import { recordOf } from "./service-table.ts";
import type { Tables } from "./tables.ts";

const PLACES = Array.from({ length: MAX_SERVICE_RULES }, (_, place) => place);

/** Brings the rules of a service to `wanted`. What it has before and after it has all the time; new rules come before old ones go, as far as
 *  there is room for both.
 *  @param wait resolves when every worker has seen what was written. */
export async function changeRules(
  tables: Tables,
  service: number,
  wanted: readonly ServicePort[],
  wait: () => Promise<void>,
): Promise<void> {
  const record = recordOf(tables, service);
  const texts = PLACES.map((place) => textAt(tables, record, place));
  const names = wanted.map(textOf);
  const old = PLACES.filter((place) => texts[place] !== null && !names.includes(texts[place] as string));
  const added = wanted.filter((rule) => !texts.includes(textOf(rule)));
  const rest = enter(tables, record, added);
  if (old.length === 0) return;
  await wait();
  for (const place of old) tables.store16(ruleAt(record, place) + field.RULE_PROTOCOL, 0);
  await wait();
  enter(tables, record, rest);
}

/** Writes rules where there is room; those that found none. */
function enter(tables: Tables, record: number, rules: readonly ServicePort[]): ServicePort[] {
  const free = PLACES.filter((place) => textAt(tables, record, place) === null);
  for (const [index, rule] of rules.slice(0, free.length).entries()) {
    write(tables, ruleAt(record, free[index] as number), rule);
  }
  const used = PLACES.filter((place) => textAt(tables, record, place) !== null);
  tables.store32(record + field.RULE_COUNT, (used.at(-1) ?? -1) + 1);
  return rules.slice(free.length);
}

function ruleAt(record: number, place: number): number {
  return record + field.RULES + place * field.RULE_BYTES;
}

function write(tables: Tables, at: number, { protocol, port, lastPort, targetPort }: ServicePort): void {
  tables.store16(at + field.RULE_FIRST, port);
  tables.store16(at + field.RULE_LAST, lastPort);
  tables.store16(at + field.RULE_TARGET, targetPort);
  tables.store16(at + field.RULE_PROTOCOL, PROTOCOLS[protocol]);
}

const textOf = ({ protocol, port, lastPort, targetPort }: ServicePort): string =>
  [PROTOCOLS[protocol], port, lastPort, targetPort].join(" ");

/** The rule at a place, as `textOf` has it; null: it is free. */
function textAt(tables: Tables, record: number, place: number): string | null {
  const at = ruleAt(record, place);
  const offsets = [field.RULE_PROTOCOL, field.RULE_FIRST, field.RULE_LAST, field.RULE_TARGET];
  const values = offsets.map((offset) => tables.load16(at + offset));
  return values[0] === 0 ? null : values.join(" ");
}
