/** Words for what a frame of the cases (cases.test.ts) comes to only in a table that is full, or in an engine without a free slot; and for records that
 *  have gone since they were noted. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as flow from "../../../assembly/abi/flow.ts";
import * as service from "../../../assembly/abi/service.ts";
import * as note from "../../../assembly/abi/trace.ts";
import { serviceSteps } from "../../../bindings/explain/service-steps.ts";
import type { Names } from "../../../bindings/explain/steps.ts";
import type { Note } from "../../../bindings/explain/trace.ts";

const NOTE: Note = { step: 0, outcome: 0, port: 0, number: 0, low: 0n, high: 0n };
const NAMES: Names = {
  port: (index) => `p${index}`,
  network: () => "blue",
  service: (record) => (record === 1 ? "web" : null),
  backend: (record) => `b${record}`,
  drained: () => [],
};
const drop = (reason: string) => ({ verdict: "drop", reason }) as const;
const begins: Note[] = [
  { ...NOTE, step: note.FLOW, outcome: note.FLOW_NONE },
  { ...NOTE, step: note.CHOSEN, port: 1, number: service.ROUND_ROBIN },
];
const steps = (found: Parameters<typeof serviceSteps>[0], notes: readonly Note[]) => serviceSteps(found, notes, NAMES);

test("a flow that cannot begin is the last step, with the reason", () => {
  for (const [reason, text] of [
    ["flows-full", "no flow can begin: none that is there can be spared"],
    ["source-ports-taken", "no flow can begin: all source ports that were tried are taken"],
  ] as const) {
    const found = steps(drop(reason), begins);
    assert.equal(
      found.map(({ step, verdict }) => `${step} ${verdict}`),
      ["flow continue", "pick continue", "flow drop"],
    );
    const last = found.at(-1);
    assert.ok(last?.step === "flow");
    assert.equal([last.outcome, last.reason, last.text, last.service, last.state], ["refused", reason, text, null, null]);
  }
});

test("an echo for whose reply no slot is free says so", () => {
  const [echo, ...more] = steps(drop("pool-empty"), [{ ...NOTE, step: note.ECHO, outcome: 1, number: 1 }]);
  assert.equal(
    [echo?.step, echo?.reason, echo?.text, more],
    ["echo", "pool-empty", "echo to the virtual address of web: no slot is free for the reply", []],
  );
});

test("what has no name any more is told without", () => {
  const known: Note = {
    ...NOTE,
    step: note.FLOW,
    outcome: note.FLOW_ORIGINAL,
    port: flow.STATE_UDP,
    number: 3,
    low: 9n,
    high: BigInt(flow.FLAG_SOURCE),
  };
  const [found] = steps({ verdict: "continue", reason: null }, [known]);
  assert.is(found?.text, "flow to b2: udp, its source becomes the virtual address");
  assert.ok(found?.step === "flow");
  assert.equal([found.service, found.backend, found.isSourceTranslated], [null, "b2", true]);
});

test("a stage that noted nothing had nothing to do with the frame", () => {
  const [only, ...more] = steps({ verdict: "continue", reason: null }, []);
  assert.equal([only?.step, only?.text, more], ["service", "services have nothing to do with it", []]);
});

test.run();
