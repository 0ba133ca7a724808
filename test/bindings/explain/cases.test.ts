/** One frame each, and what becomes of it, told beforehand (cases/*.ts): the explanation says so, changes no byte of the tables, and is what
 *  forwarding then does.
 *
 *  Not among them are drops that no single frame into a running engine of memory ports can come to:
 *      oversize        a memory port refuses a frame that is longer than a slot takes; explained it is (test/cli/drop-names.test.ts)
 *      port-absent     what is removed is removed from everywhere before the call returns; workers on their own see it (pipeline.test.ts)
 *      not-a-member    the same
 *      queue-full      one frame has fewer outputs than the queue has places (pipeline.test.ts)
 *      flows-full, source-ports-taken      a table of flows that is full (test/assembly/service-drop-stories.ts)
 *  and the reasons from the write on, which are the port's to give.                                                          */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as reasons from "../../../assembly/abi/drop-reason.ts";
import { MAX_PORTS, MAX_SEGMENTS } from "../../../assembly/abi/limits.ts";
import * as map from "../../../assembly/abi/memory-map.ts";
import { parseConfig } from "../../../bindings/config/parse.ts";
import { Engine } from "../../../bindings/engine.ts";
import type { ExplainedOutput, ExplainedStep, Explanation } from "../../../bindings/explain/types.ts";
import { OFFLOAD_HEADER_BYTES } from "../../../bindings/forwarder/memory-worker.ts";
import { superFrame } from "../../support/packet/super-frame.ts";
import { hexOf } from "../../support/story.ts";
import { answerCases } from "./cases/answer.ts";
import type { Case, Leaving, Told } from "./cases/case.ts";
import { cutCases } from "./cases/cut.ts";
import { egressCases } from "./cases/egress.ts";
import { floodCases } from "./cases/flood.ts";
import { learnCases } from "./cases/learn.ts";
import { many, offloadCases } from "./cases/offload.ts";
import { parseCases } from "./cases/parse.ts";
import { serviceCases } from "./cases/service.ts";
import { sourceCases } from "./cases/source-check.ts";
import { vlanCases } from "./cases/vlan.ts";
import { YARDS } from "./cases/yards.ts";

const GROUPS = {
  parse: parseCases,
  vlan: vlanCases,
  "source check": sourceCases,
  answer: answerCases,
  service: serviceCases,
  "learn and look-up": learnCases,
  flood: floodCases,
  egress: egressCases,
  cut: cutCases,
  offload: offloadCases,
};
const ALL = Object.values(GROUPS).flat();
const LEAST_CASES = 100;
/** Steps of a way in their order; an answer and a switched frame have egress steps. */
const ORDER: ExplainedStep["step"][] = [
  ...(["cut", "parse", "vlan", "cut", "source-check", "resolve", "answer"] as const),
  ...(["fragment", "icmp-error", "flow", "flow", "service", "pick", "ask", "flow", "fragment", "rewrite", "refuse", "echo"] as const),
  ...(["learn", "look-up", "flood", "egress"] as const),
];

interface Forwarded {
  outputs: ExplainedOutput[];
  drops: string[];
}

for (const [group, cases] of Object.entries(GROUPS)) {
  const test = suite(group);
  for (const each of cases) test(each.sentence, () => prove(each));
  test.run();
}

const whole = suite("all cases");
whole("are a hundred or more, each told once", () => {
  assert.ok(ALL.length >= LEAST_CASES, `${ALL.length} cases`);
  assert.is(new Set(ALL.map(({ sentence }) => sentence)).size, ALL.length);
});
whole("come to every drop that one frame can come to", () => {
  const told = new Set(ALL.flatMap(({ drops = [] }) => drops.map((drop) => drop.split(" at ")[0])));
  const elsewhere = ["oversize", "port-absent", "not-a-member", "queue-full", "flows-full", "source-ports-taken"];
  const ofPipeline = Object.entries(reasons)
    .filter(
      ([, number]) =>
        (number > reasons.NONE && number < reasons.PORT_FULL) || (number >= reasons.NO_BACKEND && number <= reasons.FRAGMENT_OVERLAP),
    )
    .map(([name]) => name.toLowerCase().replaceAll("_", "-"));
  assert.equal([...told].sort(), ofPipeline.filter((name) => !elsewhere.includes(name)).sort());
});
whole(
  "the longest way is told to its end: a super-frame that is flooded to all ports, and of which nearly every segment ends",
  async () => {
    const outputs = Array.from({ length: MAX_PORTS - 1 }, (_, index) => ({ name: `p${index}`, network: "blue", memory: {} }));
    const ports = [{ name: "o", network: "blue", memory: { offload: true } }, ...outputs];
    const engine = await Engine.create(parseConfig({ tables: { macs: 1024, flows: 1024 }, networks: [{ name: "blue" }], ports }), {
      isolation: "inline",
    });
    const { frame, offload } = superFrame(many);
    const { steps, drops, outputs: left } = engine.explain("o", frame, { offload });
    assert.is(steps.filter(({ step }) => step === "egress").length, outputs.length);
    assert.is(left.length + drops.length, outputs.length * MAX_SEGMENTS);
    await engine.close();
  },
);
whole.run();

async function prove(told: Case): Promise<void> {
  const engine = await Engine.create(parseConfig(YARDS[told.yard]), { isolation: "inline", build: "debug" });
  try {
    const forwarded: Forwarded = { outputs: [], drops: [] };
    for (const { name } of engine.ports()) listen(engine, told.yard, name, forwarded);
    for (const event of told.before ?? []) {
      if ("nowMs" in event) engine.tick(event.nowMs);
      else engine.memoryPort(event.into).send(event.frame);
    }
    Object.assign(forwarded, { outputs: [], drops: [] });
    const explained = explainUnseen(engine, told);
    compareWithTold(explained, told);
    send(engine, told);
    compareWithForwarding(explained, forwarded, told);
  } finally {
    await engine.close();
  }
}

/** The tables before an explanation: many megabytes, and one place for those of all cases. */
let before = Buffer.alloc(0);

/** Explains twice: it is the same, and no byte of the tables is another. */
function explainUnseen(engine: Engine, { into, frame, offload, originalBytes }: Case): Explanation {
  // biome-ignore lint/complexity/useLiteralKeys: it is private
  const { tables, layout } = engine["parts"].store;
  const now = tables.bytes.subarray(map.TABLES, layout.workersBase);
  if (before.length !== now.length) before = Buffer.alloc(now.length);
  before.set(now);
  const isAsBefore = () => before.compare(now) === 0;
  const explained = engine.explain(into, frame, { offload, originalBytes });
  assert.ok(isAsBefore(), "the tables are as they were");
  assert.equal(engine.explain(into, frame, { offload, originalBytes }), explained, "explained again");
  assert.ok(isAsBefore(), "the tables are as they were, again");
  return explained;
}

function compareWithTold({ verdict, reason, steps, outputs, drops }: Explanation, told: Case): void {
  const texts = steps.map(({ step, text }) => `${step}: ${text}`).join("\n");
  assert.equal({ verdict, reason }, { verdict: told.verdict, reason: told.reason ?? null }, texts);
  compareOutputs(
    outputs,
    (told.leaves ?? []).map((leaving) => outputOf(leaving, told)),
    texts,
  );
  assert.equal(
    drops.map((drop) => `${drop.reason} at ${drop.port}`),
    told.drops ?? [],
    texts,
  );
  checkOrder(steps);
  const from = [...steps];
  for (const wanted of told.steps) {
    const at = from.findIndex((step) => isAbout(step, wanted));
    assert.ok(at >= 0, `there is a step ${wanted.step} in\n${texts}`);
    const [found] = from.splice(0, at + 1).slice(-1);
    const fields = Object.fromEntries(Object.keys(wanted).map((key) => [key, found?.[key as keyof ExplainedStep]]));
    assert.equal(fields, wanted, texts);
  }
}

/** Outputs are told by their port. */
function isAbout(step: ExplainedStep, wanted: Told): boolean {
  if (step.step !== "egress" || wanted.step !== "egress") return step.step === wanted.step;
  return wanted.port === undefined || step.port === wanted.port;
}

function outputOf(leaving: Leaving, { frame, originalBytes = frame.length }: Case): ExplainedOutput {
  if (typeof leaving === "string") return { port: leaving, frame, originalBytes, offload: null };
  const { by, offload = null } = leaving;
  return { port: by, frame: leaving.frame, originalBytes: leaving.originalBytes ?? leaving.frame.length, offload };
}

function compareOutputs(found: readonly ExplainedOutput[], wanted: readonly ExplainedOutput[], about: string): void {
  const words = (outputs: readonly ExplainedOutput[]) =>
    outputs.map(
      ({ port, frame, originalBytes, offload }) => `${port} ${originalBytes} ${hexOf(frame)} ${offload === null ? "-" : hexOf(offload)}`,
    );
  assert.equal(words(found), words(wanted), about);
}

/** The pipeline's order; a stage that drops is the last; nothing is left without words. */
function checkOrder(steps: readonly ExplainedStep[]): void {
  let place = 0;
  for (const each of steps) {
    const { step, text } = each;
    if (each.step === "egress" && each.segments === null) assert.is(each.segmentsLost, 0, "no segments, and none of them lost");
    const next = ORDER.indexOf(step, step === "egress" ? place : place + (place === 0 ? 0 : 1));
    assert.ok(next >= place, `${step} stands where it cannot`);
    place = next;
    assert.ok(text.length > 0 && !/undefined|null|NaN/.test(text), `${step}: ${text}`);
  }
  const ends = steps.findIndex(({ step, verdict }) => verdict === "drop" && step !== "egress");
  const rest = steps.slice(ends + 1).map(({ step }) => step);
  if (ends >= 0)
    assert.ok(
      rest.every((step) => step === "egress"),
      "nothing comes after the stage that drops but what it sends",
    );
}

function send(engine: Engine, { into, frame, offload, originalBytes = frame.length }: Case): void {
  const port = engine.memoryPort(into);
  if (originalBytes > frame.length) port.sendCut(frame, originalBytes);
  else port.send(frame, offload);
}

/** What leaves `name`, and what ends anywhere, from now on. */
function listen(engine: Engine, yard: Case["yard"], name: string, forwarded: Forwarded): void {
  const header = isOffload(yard, name) ? OFFLOAD_HEADER_BYTES : 0;
  engine.memoryPort(name).onFrame((bytes) => {
    const offload = bytes.slice(0, header);
    const frame = bytes.slice(header);
    forwarded.outputs.push({
      port: name,
      frame,
      originalBytes: frame.length,
      offload: offload.some((byte) => byte !== 0) ? offload : null,
    });
  });
  engine.onDrop((reason, port) => void forwarded.drops.push(`${reason} at ${port}`));
}

function isOffload(yard: Case["yard"], name: string): boolean {
  return parseConfig(YARDS[yard]).ports.find((port) => port.name === name)?.memory?.offload === true;
}

/** Of a cut frame forwarding writes zeros for what is not there. */
function compareWithForwarding({ outputs, drops }: Explanation, { outputs: done, drops: ended }: Forwarded, { frame, into }: Case): void {
  const cut = done.map((output, index) => {
    const explained = outputs[index]?.frame.length ?? output.frame.length;
    assert.ok(output.frame.subarray(explained).every((byte) => byte === 0) || output.port === into, "zeros behind what was captured");
    return { ...output, frame: output.frame.subarray(0, explained) };
  });
  compareOutputs(outputs, cut, `forwarding of ${frame.length} bytes`);
  assert.equal(
    drops.map(({ reason, port }) => `${reason} at ${port}`),
    ended,
    "drops",
  );
}
