/** Two workers that learn the same stations at the same moment, on ports that are always at their limits: claims of one key
 *  by both, moves against moves, evictions against moves. After each round nothing may be half done; after the sweep every
 *  ring must be whole and no port hold more than its limit.
 *
 *  Processors: two, for the same moment is what it is about. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as port from "../../../assembly/abi/port.ts";
import * as record from "../../../assembly/abi/worker.ts";
import { layOut, memoryPages } from "../../../bindings/tables/layout.ts";
import * as macs from "../../../bindings/tables/mac-table.ts";
import * as networks from "../../../bindings/tables/network-table.ts";
import * as ports from "../../../bindings/tables/port-table.ts";
import { Tables, createMemory } from "../../../bindings/tables/tables.ts";
import * as workers from "../../../bindings/tables/worker-table.ts";
import type { Build } from "../../../bindings/wasm/module.ts";
import { scale } from "../../scale.ts";
import { checkEntries, checkRings } from "../../support/books.ts";
import { seedOf } from "../../support/seed.ts";
import * as duel from "./duel.ts";
import { inStep, SIDES, untilMet } from "./in-step.ts";

const MACS = 64;
function prepare(): Tables {
  const layout = layOut({ macs: MACS, flows: 0, workers: SIDES.length });
  const tables = new Tables(createMemory(memoryPages(layout, SIDES.length), true));
  tables.format(layout, 3n);
  tables.configure(0n, layout.workersBase);
  for (let network = 1; network <= duel.NETWORKS; network++)
    networks.write(tables, network, { learning: true, macAgeSeconds: 3600, mtu: 1500 });
  for (const [index, macLimit] of duel.LIMITS.entries()) {
    const common = { kind: port.KIND_MEMORY, flags: 0, network: 1, mtu: 1500, mac: null, trunk: 0, native: 0 };
    ports.write(tables, index, { ...common, owner: index % 2, macLimit });
    ports.attach(tables, index, 0);
    ports.setDesired(tables, index, port.UP);
  }
  return tables;
}

async function run(build: Build, seed: number): Promise<void> {
  const tables = prepare();
  const isOver = untilMet(scale.duelRounds, () => haveMet(tables));
  await inStep(new URL("./duel-thread.js", import.meta.url), { memory: tables.memory, build, seed }, (round) => {
    if (round % 2 === 0) checkRest(tables);
    else checkSwept(tables);
    return round % 2 === 0 || !isOver((round + 1) / 2);
  });
  const [first, second] = SIDES.map((side) => workers.read(tables, side));
  for (const name of ["learned", "moved", "evicted"] as const) {
    assert.ok((first?.[name] ?? 0) > 0 && (second?.[name] ?? 0) > 0, `${name}: ${first?.[name]} and ${second?.[name]}`);
  }
}

/** A claim of one has hindered a claim of the other. */
function haveMet(tables: Tables): boolean {
  return SIDES.some((side) => workers.read(tables, side).notLearned > 0);
}

/** Nothing is half done: no claim, no key without a value, no station twice. */
function checkRest(tables: Tables): void {
  checkEntries(tables);
  for (const side of SIDES) assert.is(tables.load32(workers.recordOf(side) + record.CLAIM_PLACE), 0, "a claim is left");
}

function checkSwept(tables: Tables): void {
  checkRest(tables);
  checkRings(tables);
  const learned = [...macs.entries(tables)];
  for (const [index, limit] of duel.LIMITS.entries()) {
    const held = learned.filter((entry) => entry.port === index).length;
    assert.ok(held <= limit, `port ${index} holds ${held} stations, its limit is ${limit}`);
  }
}

const seed = seedOf("duel");
for (const build of ["debug", "release"] as const) {
  test(`two workers claim, move and evict the same stations at once (${build})`, () => run(build, seed));
}

test.run();
