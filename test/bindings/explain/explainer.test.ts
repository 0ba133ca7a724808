/** What an explanation makes of tables that others write meanwhile: of a station that is being learned, and of one that was heard after
 *  the explanation began.                                                                                                  */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { stepsOf } from "../../../bindings/explain/steps.ts";
import type { ExplainedStep } from "../../../bindings/explain/types.ts";
import { TestEngine } from "../../support/engine.ts";
import { entryAt, placeOf } from "../../support/macs.ts";
import { BROADCAST, ethernet, station, TYPE_EXPERIMENT } from "../../support/packet/ethernet.ts";

const test = suite("explanations of tables that change");
const [A, B] = [station(1), station(2)];

/** Ports 0 to 2 of a network, and the steps of a frame from port 0 to B at `nowMs`. */
function yard(): { engine: TestEngine; network: number; explain: (from: string, to: string, nowMs?: number) => ExplainedStep[] } {
  const engine = new TestEngine("single");
  const network = engine.network();
  engine.accessPorts(network, 3);
  const explain = (from: string, to: string, nowMs = 0) => {
    const frame = ethernet(to, from, TYPE_EXPERIMENT);
    const names = { port: (index: number) => `p${index}`, network: () => "blue" };
    return stepsOf({ frame, originalBytes: frame.length, port: "p0", isTrunk: false, names }, engine.trace(0, frame, {}, nowMs).notes);
  };
  return { engine, network, explain };
}

const find = <Name extends ExplainedStep["step"]>(steps: readonly ExplainedStep[], name: Name) =>
  steps.find(({ step }) => step === name) as Extract<ExplainedStep, { step: Name }>;

test("a station that a worker has heard since is seen just now", () => {
  const { engine, explain } = yard();
  engine.worker.setTime(10_000);
  engine.send(1, ethernet(BROADCAST, B, TYPE_EXPERIMENT));
  for (const [nowMs, seconds, words] of [
    [9_000, 0, "seen just now"],
    [10_000, 0, "seen just now"],
    [12_000, 2, "seen 2 s ago"],
  ] as const) {
    const { outcome, port, ageSeconds, text } = find(explain(A, B, nowMs), "look-up");
    assert.equal([outcome, port, ageSeconds, text], ["found", "p1", seconds, `${B} is behind p1, ${words}`], `at ${nowMs} ms`);
  }
  engine.close();
});

test("a station whose place is claimed, and says nothing yet, is being learned", () => {
  const { engine, network, explain } = yard();
  engine.send(1, ethernet(BROADCAST, A, TYPE_EXPERIMENT));
  engine.tables.store64(entryAt(engine, placeOf(engine, network, A)) + 8, 0n);
  const steps = explain(A, A);
  assert.equal(find(steps, "learn"), {
    step: "learn",
    verdict: "continue",
    reason: null,
    text: `${A} is being learned by another worker just now`,
    outcome: "claimed",
    port: null,
  });
  assert.is(find(steps, "look-up").outcome, "unknown");
  engine.close();
});

test.run();
