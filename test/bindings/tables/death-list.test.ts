/** How often a worker may die, and who is to blame: time is an argument. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { WORKER_RESTART_SECONDS, WORKER_RESTARTS } from "../../../assembly/abi/limits.ts";
import * as record from "../../../assembly/abi/worker.ts";
import { noteDeath, type Sentence } from "../../../bindings/tables/death-list.ts";
import { layOut, memoryPages } from "../../../bindings/tables/layout.ts";
import * as ports from "../../../bindings/tables/port-table.ts";
import { createMemory, Tables } from "../../../bindings/tables/tables.ts";
import * as field from "../../../assembly/abi/port.ts";

const layout = layOut({ macs: 64, flows: 0, workers: 2 });
const MINUTE_MS = WORKER_RESTART_SECONDS * 1000;
const RESTART: Sentence = { kind: "restart" };

function formatted(portCount = 4): Tables {
  const tables = new Tables(createMemory(memoryPages(layout, 0), true));
  tables.format(layout, 1n);
  for (let port = 0; port < portCount; port++) tables.store32(ports.recordOf(port) + field.GENERATION, 1);
  return tables;
}

/** A worker that dies of frames of these ports, one after the other, a millisecond apart. */
function dieOf(tables: Tables, deaths: readonly (number | null)[], beginMs = 1000, worker = 0): Sentence[] {
  return deaths.map((port, index) => noteDeath(tables, worker, beginMs + index, port, record.DEATH_TRAP));
}
const times = (port: number | null, count: number) => Array<number | null>(count).fill(port);

test("so many deaths within a minute are followed by a restart, the next one shuts the port", () => {
  const tables = formatted();
  assert.equal(dieOf(tables, times(3, WORKER_RESTARTS)), Array(WORKER_RESTARTS).fill(RESTART));
  assert.equal(dieOf(tables, [3]), [{ kind: "shut", port: 3 }]);
  assert.equal(dieOf(tables, times(2, WORKER_RESTARTS)), Array(WORKER_RESTARTS).fill(RESTART), "those of a shut port are forgotten");
});

test("deaths count for a minute", () => {
  const tables = formatted();
  dieOf(tables, times(3, WORKER_RESTARTS), 1000);
  assert.equal(dieOf(tables, times(3, WORKER_RESTARTS), 1000 + WORKER_RESTARTS + MINUTE_MS), Array(WORKER_RESTARTS).fill(RESTART));
  const slowly = formatted();
  for (let death = 0; death < 5 * WORKER_RESTARTS; death++) {
    assert.equal(noteDeath(slowly, 0, 1 + (death * MINUTE_MS) / WORKER_RESTARTS, 3, record.DEATH_TRAP), RESTART);
  }
});

test("the port with the most deaths is shut, not the one that comes last", () => {
  const tables = formatted();
  dieOf(tables, [...times(1, WORKER_RESTARTS - 1), 2]);
  assert.equal(dieOf(tables, [2]), [{ kind: "shut", port: 1 }]);
  assert.equal(dieOf(tables, times(2, WORKER_RESTARTS - 2)), Array(WORKER_RESTARTS - 2).fill(RESTART));
  assert.equal(dieOf(tables, [2]), [{ kind: "shut", port: 2 }], "both of its deaths stood in the list");
});

test("deaths between two frames shut no port: there is nothing to restart for", () => {
  const tables = formatted();
  assert.equal(dieOf(tables, times(null, WORKER_RESTARTS)), Array(WORKER_RESTARTS).fill(RESTART));
  assert.equal(dieOf(tables, [null, null]), Array(2).fill({ kind: "give-up", deaths: WORKER_RESTARTS + 1 }));
  assert.equal(dieOf(tables, [0]), [{ kind: "shut", port: 0 }], "the only port that is known of");
});

test("an index that was given out again is not blamed for the port that had it before", () => {
  const tables = formatted();
  dieOf(tables, times(3, WORKER_RESTARTS));
  tables.store32(ports.recordOf(3) + field.GENERATION, 2);
  assert.equal(dieOf(tables, [3]), [RESTART], "the one before is to blame, and gone");
  assert.equal(dieOf(tables, times(3, WORKER_RESTARTS)).at(-1), { kind: "shut", port: 3 });
});

test("each worker has its own list", () => {
  const tables = formatted();
  dieOf(tables, times(3, WORKER_RESTARTS), 1000, 0);
  assert.equal(dieOf(tables, [3], 1000, 1), [RESTART]);
});

test.run();
