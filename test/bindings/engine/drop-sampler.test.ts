/** Samples of drops while workers count: whenever one is looked at, every drop is told once. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as counter from "../../../assembly/abi/counter.ts";
import * as reason from "../../../assembly/abi/drop-reason.ts";
import { DropSampler } from "../../../bindings/engine/drop-sampler.ts";
import type { PortEntry } from "../../../bindings/engine/port-entry.ts";
import { countersOf } from "../../../bindings/tables/port-table.ts";
import { TestEngine } from "../../support/engine.ts";

const test = suite("drop sampler");
const WORKER = 0;

function yard() {
  const engine = new TestEngine("single");
  const { tables } = engine;
  engine.accessPorts(engine.network(), 2);
  const [first, second] = [0, 1].map((index) => ({ index }) as PortEntry) as [PortEntry, PortEntry];
  const sampler = new DropSampler(tables);
  const add = (port: PortEntry, offset: number, by = 1n) => {
    const at = countersOf(tables, WORKER, port.index) + offset;
    tables.store64(at, tables.load64(at) + by);
  };
  const inAll = (port: PortEntry, by?: bigint) => add(port, counter.DROPPED_FRAMES, by);
  const byReason = (port: PortEntry, why: number, by?: bigint) => add(port, counter.REASONS + why * 8, by);
  return { engine, sampler, first, second, inAll, byReason };
}

test("a drop that is counted in all, and not yet by its reason, is told the next time", () => {
  const { engine, sampler, first, second, inAll, byReason } = yard();
  inAll(first);
  assert.equal(sampler.take(first), []);
  byReason(first, reason.RUNT);
  assert.equal(sampler.take(first), [["runt", 1]]);
  assert.equal(sampler.take(first), []);
  assert.equal(sampler.take(second), []);
  engine.close();
});

test("so it is when others were told with it", () => {
  const { engine, sampler, first, inAll, byReason } = yard();
  inAll(first, 3n);
  byReason(first, reason.TOO_BIG, 2n);
  assert.equal(sampler.take(first), [["too-big", 2]]);
  byReason(first, reason.TOO_BIG);
  assert.equal(sampler.take(first), [["too-big", 1]]);
  engine.close();
});

test("what is under way when it is skipped is told as new", () => {
  const { engine, sampler, first, second, inAll, byReason } = yard();
  inAll(first, 2n);
  byReason(first, reason.RUNT);
  sampler.skip([first, second]);
  byReason(first, reason.RUNT);
  assert.equal([sampler.take(first), sampler.take(second)], [[["runt", 1]], []]);
  engine.close();
});

test.run();
