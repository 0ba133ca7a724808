/** What an explanation makes of tables that others write meanwhile: of a station that is being learned, of one that was heard after the
 *  explanation began, of a port that went down; and what it holds of it.                                                  */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as map from "../../../assembly/abi/memory-map.ts";
import * as port from "../../../assembly/abi/port.ts";
import { MAX_FRAME_BYTES } from "../../../assembly/abi/limits.ts";
import { TRACE_ENTRIES } from "../../../assembly/abi/trace.ts";
import { stepsOf } from "../../../bindings/explain/steps.ts";
import { readTrace } from "../../../bindings/explain/trace.ts";
import type { ExplainedStep } from "../../../bindings/explain/types.ts";
import { type PortOptions, TestEngine } from "../../support/engine.ts";
import { entryAt, placeOf } from "../../support/macs.ts";
import { ramp } from "../../support/packet/bytes.ts";
import { arp, BROADCAST, ethernet, station, TYPE_ARP, TYPE_EXPERIMENT } from "../../support/packet/ethernet.ts";

const test = suite("explanations of tables that change");
const [A, B] = [station(1), station(2)];

/** Ports 0 to 2 of a network, and the steps of a frame from port 0 at `nowMs`. */
function yard(options: PortOptions = {}): {
  engine: TestEngine;
  network: number;
  explain: (frame: Uint8Array, nowMs?: number) => ExplainedStep[];
} {
  const engine = new TestEngine("single");
  const network = engine.network();
  engine.accessPorts(network, 3, options);
  const explain = (frame: Uint8Array, nowMs = 0) => {
    const names = {
      port: (index: number) => `p${index}`,
      network: () => "blue",
      service: () => null,
      backend: () => "",
      drained: () => [],
    };
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
    const { outcome, port: by, ageSeconds, text } = find(explain(ethernet(B, A, TYPE_EXPERIMENT), nowMs), "look-up");
    assert.equal([outcome, by, ageSeconds, text], ["found", "p1", seconds, `${B} is behind p1, ${words}`], `at ${nowMs} ms`);
  }
  engine.close();
});

test("a station that has to make room is not there any more when it is looked up", () => {
  const { engine, explain } = yard({ macLimit: 2 });
  engine.worker.setTime(1000);
  for (const source of [A, B]) engine.send(0, ethernet(BROADCAST, source, TYPE_EXPERIMENT));
  const third = ethernet(A, station(3), TYPE_EXPERIMENT);
  const steps = explain(third, 1000);
  assert.equal([find(steps, "learn").outcome, find(steps, "look-up").outcome], ["new", "unknown"]);
  assert.equal(find(steps, "flood").ports, ["p1", "p2"]);
  assert.is(find(explain(ethernet(A, B, TYPE_EXPERIMENT), 1000), "look-up").outcome, "found", "it was explained only");
  for (const source of [4, 5]) engine.send(2, ethernet(BROADCAST, station(source), TYPE_EXPERIMENT));
  for (const [by, frame] of [
    [0, third],
    [2, ethernet(station(4), station(6), TYPE_EXPERIMENT)],
  ] as const) {
    const explained = engine.trace(by, frame, {}, 1000).outputs.map(({ port: to }) => to);
    const sent = engine.send(by, frame).map(({ port: to }) => to);
    assert.equal([explained, sent], [sent, [0, 1, 2].filter((to) => to !== by)], `from the ${by === 0 ? "first" : "last"} port`);
  }
  engine.close();
});

test("a static station has no age", () => {
  const { engine, network, explain } = yard();
  assert.ok(engine.setStatic(network, B, 1));
  engine.worker.setTime(12_000);
  const { outcome, kind, ageSeconds, text } = find(explain(ethernet(B, A, TYPE_EXPERIMENT), 12_000), "look-up");
  assert.equal([outcome, kind, ageSeconds, text], ["found", "static", 0, `${B} is behind p1, as a static station`]);
  engine.close();
});

test("a station whose place is claimed, and says nothing yet, is being learned", () => {
  const { engine, network, explain } = yard();
  engine.send(1, ethernet(BROADCAST, A, TYPE_EXPERIMENT));
  engine.tables.store64(entryAt(engine, placeOf(engine, network, A)) + 8, 0n);
  const steps = explain(ethernet(A, A, TYPE_EXPERIMENT));
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

test("a question for an address whose port is down is not answered, and that is why", () => {
  const { engine, network, explain } = yard();
  assert.ok(engine.bind(network, 1, "10.0.0.2", B));
  engine.setState(1, port.SHUT);
  const question = ethernet(
    BROADCAST,
    A,
    TYPE_ARP,
    arp({ operation: 1, senderMac: A, senderAddress: "10.0.0.1", targetAddress: "10.0.0.2" }),
  );
  assert.is(find(explain(question), "answer").text, "asks for 10.0.0.2 of p1, and is not answered: the port is not there, or is not up");
  engine.setState(1, port.UP);
  assert.is(find(explain(question), "answer").verdict, "answered");
  engine.close();
});

test("a frame that is longer than any is judged by its length, and was not cut", () => {
  const { engine, explain } = yard();
  for (const bytes of [MAX_FRAME_BYTES + 1, 70_000]) {
    const [only, ...more] = explain(ethernet(B, A, TYPE_EXPERIMENT, ramp(bytes - 14)));
    assert.equal([only?.step, only?.reason, only?.text, more], ["parse", "oversize", "longer than a slot takes", []]);
  }
  engine.close();
});

test("a frame that is flooded is held once, whatever the number of its outputs", () => {
  const { engine } = yard();
  const { outputs } = engine.trace(0, ethernet(BROADCAST, A, TYPE_EXPERIMENT, ramp(1000)));
  assert.equal(outputs.map(({ port: by }) => by).sort(), [1, 2]);
  assert.is(outputs[0]?.frame, outputs[1]?.frame);
  engine.close();
});

test("of a trace that is full nothing is left out silently", () => {
  const { engine } = yard();
  const place = engine.tables.load32(map.CONFIG_WORKERS);
  engine.tables.store32(place, 3);
  assert.is(readTrace(engine.tables, place).length, 3);
  engine.tables.store32(place, TRACE_ENTRIES + 1);
  assert.throws(
    () => readTrace(engine.tables, place),
    new RegExp(`has ${TRACE_ENTRIES + 1} notes, and there is room for ${TRACE_ENTRIES}`),
  );
  engine.close();
});

test.run();
