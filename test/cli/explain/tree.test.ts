/** How an explanation looks to people where services have to do with it. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { ExplanationJson } from "../../../bindings/explain/json.ts";
import type { Candidate, PickStep } from "../../../bindings/explain/service-types.ts";
import { explanationLines } from "../../../cli/explain/tree.ts";

const plain = (_colour: string, text: string): string => text;
const coloured = (colour: string, text: string): string => `<${colour}>${text}`;

const candidate = (backend: string, more: Partial<Candidate> = {}): Candidate => ({
  backend,
  state: "usable",
  weight: 1,
  active: 0,
  score: null,
  ...more,
});

function pick(candidates: Candidate[], backend: string | null = null): PickStep {
  const text = "round-robin chooses";
  return { step: "pick", verdict: "continue", reason: null, text, algorithm: "round-robin", backend, isAgain: false, candidates };
}

function explained(steps: ExplanationJson["steps"], more: Partial<ExplanationJson> = {}): ExplanationJson {
  return { port: "a", steps, verdict: "forwarded", reason: null, outputs: [], drops: [], ...more };
}

const ECHO = { step: "echo", verdict: "answered", reason: null, text: "echo", service: "web" } as const;
const output = { port: "a", bytes: 54, hex: "", offload: null };

test("candidates stand below the pick, in columns, with what the algorithm compares and why one is none", () => {
  const candidates = [
    candidate("web-1", { weight: 5, active: 12, score: 2.6 }),
    candidate("web-10", { weight: 0.5, active: 1234, score: 12_345.678 }),
    candidate("full", { state: "full", active: 10, score: 0.33333 }),
    candidate("out", { state: "unusable" }),
    candidate("old", { state: "drained", weight: 0 }),
  ];
  const [, head, ...lines] = explanationLines(explained([pick(candidates, "web-1")]), plain);
  assert.is(head, "└─ pick  round-robin chooses");
  assert.equal(lines.slice(0, -1), [
    "   ├─ web-1   weight   5,    12 active, score 2.6, chosen",
    "   ├─ web-10  weight 0.5, 1,234 active, score 12,346",
    "   ├─ full    weight   1,    10 active, score 0.333, has as many flows as it may have",
    "   ├─ out     weight   1,     0 active, left out: by its health, or ejected",
    "   └─ old     weight   0,     0 active, drained: its weight is 0",
  ]);
});

test("of very many only some are shown, the one that was chosen among them", () => {
  const many = Array.from({ length: 1000 }, (_, index) => candidate(`b${index}`));
  for (const chosen of ["b0", "b19", "b20", "b999"]) {
    const lines = explanationLines(explained([pick(many, chosen)]), plain);
    assert.is(lines.filter((line) => line.includes(" weight ")).length, 20);
    assert.is(lines.filter((line) => line.endsWith("chosen")).length, 1, chosen);
    assert.ok(lines.some((line) => line.includes(` ${chosen} `) && line.endsWith("chosen")));
    assert.is(lines.at(-2), "   └─ and 980 others");
  }
  assert.not(explanationLines(explained([pick(many.slice(0, 20), "b0")]), plain).some((line) => line.includes("others")));
});

test("the one that was chosen stands out", () => {
  const lines = explanationLines(explained([pick([candidate("b1"), candidate("b2")], "b2")]), coloured);
  assert.equal(lines.slice(2, 4), ["   ├─ b1  weight 1, 0 active", "   └─ <green>b2  weight 1, 0 active, chosen"]);
});

test("a frame that goes nowhere says so in the end, and what is sent because of it", () => {
  const end = (more: Partial<ExplanationJson>) => explanationLines(explained([ECHO], more), plain).at(-1);
  assert.is(
    end({ verdict: "dropped", reason: "no-backend", outputs: [output] }),
    "dropped: no-backend; what the engine says to that leaves by a",
  );
  assert.is(end({ verdict: "dropped", reason: "no-flow" }), "dropped: no-flow");
  assert.is(end({ verdict: "consumed" }), "consumed: it was for the engine itself");
  assert.is(end({ verdict: "answered", outputs: [output] }), "answered: leaves by a");
});

test.run();
