/** The flow table against its model, by random steps: what is found, what is refused, what goes and in which order. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as field from "../../../assembly/abi/flow.ts";
import { FLOW_CHUNK } from "../../../assembly/abi/limits.ts";
import * as record from "../../../assembly/abi/worker.ts";
import type { FlowEnds } from "../../../bindings/tables/flow-table.ts";
import { scale } from "../../scale.ts";
import { BUILDS } from "../../support/engine.ts";
import { checkFlows, directFlow, FlowYard, serviceFlow } from "../../support/flow-yard.ts";
import { type Random, random } from "../../support/packet/random.ts";
import { seedOf } from "../../support/seed.ts";
import { FlowModel } from "./flow-model.ts";

const LIMIT = 2 * FLOW_CHUNK;
const CLIENTS = 150;
const STEPS_BETWEEN_CHECKS = 1000;

/** Of a service, direct to one of its backends, of IPv6, or from an end to itself. */
function anyFlow(draw: Random): FlowEnds {
  const client = draw.below(CLIENTS);
  const backend = 2 + draw.below(2);
  const flow = serviceFlow(client, backend);
  const kind = draw.below(16);
  if (kind < 8) return flow;
  if (kind < 13) return directFlow(flow.client, flow.backend);
  if (kind < 15) return directFlow({ address: "fd00::2", port: client }, { address: `fd00::${backend}`, port: 53 }, 17);
  return directFlow(flow.backend, flow.client);
}

function compare(yard: FlowYard, model: FlowModel): void {
  const text = (flows: unknown[]): string[] => flows.map((flow) => JSON.stringify(flow)).sort();
  const expected = model.all.map(({ ends, state, lastSeen }) => ({ ...ends, state, lastSeen }));
  assert.equal(text(yard.flows()), text(expected));
  const { inserted, ended, expired, evicted } = model.counts;
  assert.is(yard.count(record.FLOWS_INSERTED), inserted);
  assert.is(yard.count(record.FLOWS_ENDED), ended);
  assert.is(yard.count(record.FLOWS_REFUSED), 0);
  for (const [state, count] of expired.entries()) assert.is(yard.expired(state), count, `expired in state ${state}`);
  for (const [state, count] of evicted.entries()) assert.is(yard.evicted(state), count, `evicted in state ${state}`);
  checkFlows(yard.tables);
}

function step(yard: FlowYard, model: FlowModel, draw: Random): void {
  const flow = anyFlow(draw);
  const direction = draw.below(2);
  const what = draw.below(100);
  if (what < 2) {
    const now = model.nowSeconds + draw.below(3);
    model.setTime(now);
    yard.setTime(now);
    return yard.sweep();
  }
  const state = 1 + draw.below(field.LISTS - 1);
  if (what < 60) {
    const isNew = model.insert(flow, state);
    const entry = yard.insert(flow, state);
    return assert.is(isNew, entry >= field.REFUSED_END, `insertion: ${entry}`);
  }
  const [known, found] = [model.find(flow, direction), yard.find(flow, direction)];
  assert.is(found?.direction, known?.direction, "the direction that is found");
  if (known === null || found === null) return;
  if (what < 80) {
    model.touch(known.flow);
    yard.touch(found.entry);
  } else if (what < 95) {
    model.change(known.flow, state);
    assert.ok(yard.change(found.entry, state));
  } else {
    model.remove(known.flow);
    assert.ok(yard.remove(found.entry));
  }
}

const seed = seedOf("flow-model");
for (const build of BUILDS) {
  test(`the table does what its model does (${build})`, () => {
    const [yard, model, draw] = [new FlowYard(build, LIMIT), new FlowModel(LIMIT), random(seed)];
    for (let done = 0; done < scale.flowSteps; done++) {
      step(yard, model, draw);
      if (done % STEPS_BETWEEN_CHECKS === 0) compare(yard, model);
    }
    compare(yard, model);
    const { evicted, expired, taken } = model.counts;
    const often = [taken, ...evicted.slice(1, 4), ...expired.slice(1, 7)];
    assert.ok(Math.min(...often) > 0, `everything happened: ${often}`);
  });
}

test.run();
