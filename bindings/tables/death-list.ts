/** The last deaths of a worker (assembly/abi/worker.ts): how often it may be started again, and which port is to blame when
 *  that is too often. Written by the worker's successor. */
import { WORKER_RESTART_SECONDS, WORKER_RESTARTS } from "../../assembly/abi/limits.ts";
import * as field from "../../assembly/abi/worker.ts";
import * as ports from "./port-table.ts";
import type { Tables } from "./tables.ts";
import { recordOf } from "./worker-table.ts";

interface Entry {
  at: number;
  timeMs: number;
  /** Port and generation as DEATH_PORT has them; 0: no port. */
  port: number;
}

export type Sentence =
  /** It is started again. */
  | { kind: "restart" }
  /** So is it, without this port. */
  | { kind: "shut"; port: number }
  /** Too many deaths, and no port to blame. */
  | { kind: "give-up"; deaths: number };

/** Notes a death and says what follows from it.
 *  @param nowMs of the monotonic clock.
 *  @param port whose frame was in work, null without one.
 *  @param kind DEATH_* of abi/worker.ts. */
export function noteDeath(tables: Tables, worker: number, nowMs: number, port: number | null, kind: number): Sentence {
  const place = recordOf(worker) + field.DEATHS;
  const all = Array.from({ length: WORKER_RESTARTS }, (_, index) => entryAt(tables, place + index * field.DEATH_BYTES));
  const recent = all.filter(({ timeMs }) => timeMs !== 0 && nowMs - timeMs < WORKER_RESTART_SECONDS * 1000);
  const named = port === null ? 0 : nameOf(tables, port);
  const oldest = all.reduce((first, entry) => (entry.timeMs < first.timeMs ? entry : first));
  if (recent.length < WORKER_RESTARTS) {
    write(tables, oldest.at, nowMs, named, kind);
    return { kind: "restart" };
  }
  const worst = mostFrequent([...recent.map((entry) => entry.port), named]);
  if (worst === 0) return { kind: "give-up", deaths: recent.length + 1 };
  const own = recent.filter((entry) => entry.port === worst);
  for (const entry of own) write(tables, entry.at, 0, 0, 0);
  if (worst !== named) write(tables, (own[0] as Entry).at, nowMs, named, kind);
  const index = (worst & 0xffff) - 1;
  return nameOf(tables, index) === worst ? { kind: "shut", port: index } : { kind: "restart" };
}

function entryAt(tables: Tables, at: number): Entry {
  return { at, timeMs: tables.count(at + field.DEATH_TIME), port: tables.load32(at + field.DEATH_PORT) };
}

/** The port as an entry names it: an index that was given out again meanwhile is another port. */
function nameOf(tables: Tables, port: number): number {
  return (port + 1) | (ports.generation(tables, port) << field.DEATH_GENERATION_SHIFT);
}

function write(tables: Tables, at: number, timeMs: number, port: number, kind: number): void {
  tables.store64(at + field.DEATH_TIME, BigInt(Math.floor(timeMs)));
  tables.store32(at + field.DEATH_PORT, port);
  tables.store32(at + field.DEATH_KIND, kind);
}

/** Of the names that are not 0; the first of several; 0 when there is none. */
function mostFrequent(names: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const name of names.filter((one) => one !== 0)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most), [0, 0])[0] as number;
}
