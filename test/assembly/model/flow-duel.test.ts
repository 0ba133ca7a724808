/** Two workers that insert, change and end the same flows at the same moment, in a table that is always full. After each round
 *  every flow must be whole: under both tuples, no tuple twice, and nothing left of those that have gone.
 *
 *  Processors: two, for the same moment is what it is about. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { FLOW_CHUNK } from "../../../assembly/abi/limits.ts";
import * as field from "../../../assembly/abi/flow.ts";
import * as record from "../../../assembly/abi/worker.ts";
import { entries as flows } from "../../../bindings/tables/flow-table.ts";
import type { Tables } from "../../../bindings/tables/tables.ts";
import { recordOf } from "../../../bindings/tables/worker-table.ts";
import type { Build } from "../../../bindings/wasm/module.ts";
import { scale } from "../../scale.ts";
import { checkFlows, makeFlowTables } from "../../support/flow-yard.ts";
import { seedOf } from "../../support/seed.ts";
import { inStep, SIDES, untilMet } from "./in-step.ts";

const sum = (tables: Tables, offset: number): number => SIDES.reduce((all, side) => all + tables.count(recordOf(side) + offset), 0);
const sumOfStates = (tables: Tables, offset: number): number =>
  Array.from({ length: field.LISTS }, (_, state) => sum(tables, offset + state * 8)).reduce((all, count) => all + count);

async function run(build: Build, seed: number): Promise<void> {
  const tables = makeFlowTables(2 * FLOW_CHUNK, SIDES.length);
  const haveMet = (): boolean => sum(tables, record.FLOWS_RIVAL) > 0;
  const isOver = untilMet(scale.flowDuelRounds, haveMet);
  await inStep(new URL("./flow-duel-thread.js", import.meta.url), { memory: tables.memory, build, seed }, (round) => {
    checkFlows(tables);
    return round % 2 === 0 || !isOver((round + 1) / 2);
  });
  const [inserted, ended] = [sum(tables, record.FLOWS_INSERTED), sum(tables, record.FLOWS_ENDED)];
  const [expired, evicted] = [sumOfStates(tables, record.FLOWS_EXPIRED), sumOfStates(tables, record.FLOWS_EVICTED)];
  assert.is(inserted, ended + expired + evicted + [...flows(tables)].length, "every flow came once and went once");
  assert.ok(Math.min(ended, expired, evicted) > 0, `${ended} ended, ${expired} expired, ${evicted} were evicted`);
}

const seed = seedOf("flow-duel");
for (const build of ["debug", "release"] as const) {
  test(`two workers insert, change and end the same flows at once (${build})`, () => run(build, seed));
}

test.run();
