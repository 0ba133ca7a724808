/** What would become of a frame now: its way as the pipeline takes it, in words. */
import { REASON_NAMES } from "../engine/describe.ts";
import * as note from "../../assembly/abi/trace.ts";
import type { TracedWay } from "./explainer.ts";
import { stepsOf, type Way } from "./steps.ts";
import type { Explanation, StepVerdict } from "./types.ts";

/** @param traced what `Explainer.trace` found of it. */
export function explanationOf(way: Way, { notes, outputs }: TracedWay): Explanation {
  const { names } = way;
  const drops = notes
    .filter(({ step }) => step === note.DROP)
    .map(({ outcome, port }) => ({ reason: REASON_NAMES.get(outcome) ?? "", port: names.port(port) }));
  const steps = stepsOf(way, notes);
  const end = steps.find(({ step, verdict }) => step !== "egress" && verdict !== "continue");
  const verdict = verdictOf(end?.verdict, outputs.length > 0);
  return {
    port: way.port,
    steps,
    verdict,
    reason: verdict === "dropped" ? (end?.reason ?? drops[0]?.reason ?? null) : null,
    outputs: outputs.map((output) => ({ ...output, port: names.port(output.port) })),
    drops,
  };
}

/** @param end of the stage that ended the way; what ends at an output ends alone. */
function verdictOf(end: StepVerdict | undefined, hasOutput: boolean): Explanation["verdict"] {
  if (end === "answered" || end === "consumed") return end;
  return end !== "drop" && hasOutput ? "forwarded" : "dropped";
}
