/** What an engine says of the three backends of services.ts from moment to moment, and what became of a client's connections beside it. Who was given
 *  a connection that failed is told by counts: all that the others were given, their own answers account for. */
import { setTimeout as delay } from "node:timers/promises";
import * as assert from "uvu/assert";
import type { Engine } from "../../bindings/engine.ts";
import { monotonicMs } from "../../bindings/forwarder/clock.ts";
import { scale } from "../../test/scale.ts";
import type { Call } from "./station-calls.ts";

const NAMES = ["b1", "b2", "b3"] as const;
const LOOK_MS = 2;

type Name = (typeof NAMES)[number];

/** A moment of the monotonic clock. */
export interface Look {
  atMs: number;
  counts: Record<Name, { picked: number; failed: number }>;
  /** b1 is ejected. */
  isOut: boolean;
  outForSeconds: number;
}

/** @throws Error when a backend other than b1 is left out. */
export function look(engine: Engine): Look {
  const [service] = engine.services();
  const told = NAMES.map((name) => service?.backends.find((backend) => backend.name === name));
  const [first, ...others] = told.filter((backend) => backend !== undefined);
  assert.equal(
    others.map(({ state }) => state),
    ["usable", "usable"],
  );
  const counts = Object.fromEntries(told.map((backend) => [backend?.name, { picked: backend?.picked, failed: backend?.failed }]));
  const outForSeconds = first?.ejectedForSeconds ?? 0;
  return { atMs: monotonicMs(), counts: counts as Look["counts"], isOut: first?.state === "ejected", outForSeconds };
}

/** Resolves with the first look for which `holds`, and the last one for which it did not. @throws Error when there is none. */
export async function when(
  engine: Engine,
  holds: (now: Look) => boolean,
  patienceMs: number = scale.nativePatienceMilliseconds,
): Promise<Look & { before: Look }> {
  let before = look(engine);
  for (const end = before.atMs + patienceMs; ; await delay(LOOK_MS)) {
    const now = look(engine);
    if (holds(now)) return { ...now, before };
    if (now.atMs > end) throw new Error(`waited in vain for ${holds}: ${JSON.stringify(now)}`);
    before = now;
  }
}

/** Connections that were given to all of them. */
export const given = ({ counts }: Look): number => NAMES.reduce((sum, name) => sum + counts[name].picked, 0);
/** Each of them was given so many from one moment to another. */
export const givenSince = (from: Look, to: Look, names: readonly Name[] = NAMES): number[] =>
  names.map((name) => to.counts[name].picked - from.counts[name].picked);
/** Each had its turn: of each worker within one at the beginning, and at the end. */
export const isEven = (counts: number[], workers: number): boolean => Math.max(...counts) - Math.min(...counts) <= 2 * workers;

/** Connections of a client by what became of them. */
export interface Account {
  refused: Call[];
  /** They were open at b1 when it died. */
  cut: Call[];
  /** How many were given to b1, and to another when their SYN came again. */
  moved: number;
  slowestMs: number;
}

/** @throws Error unless all that went wrong went wrong at b1, and before `untilMs`. */
export function account(calls: readonly Call[], { counts, ...rest }: Look, untilMs: number): Account {
  const faults = calls.filter(({ fault }) => fault !== null);
  const refused = faults.filter(({ fault }) => fault === "ECONNREFUSED");
  const cut = faults.filter(({ fault }) => fault === "ECONNRESET" || fault === "timed out");
  assert.is(refused.length + cut.length, faults.length, JSON.stringify(faults));
  const late = faults.filter(({ begunMs }) => begunMs > untilMs);
  assert.equal(late, [], "none that began later fails");
  const answers = (name: Name) => calls.filter(({ answer }) => answer === name).length;
  for (const name of ["b2", "b3"] as const) assert.equal(counts[name], { picked: answers(name), failed: 0 }, name);
  const moved = given({ counts, ...rest }) - calls.length;
  assert.is(counts.b1.picked, answers("b1") + faults.length + moved);
  const slowestMs = Math.max(...calls.filter(({ fault }) => fault === null).map(({ tookMs }) => tookMs));
  return { refused, cut, moved, slowestMs };
}
