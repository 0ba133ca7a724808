/** An explanation for people: a tree, one line a step, outputs below the step that chose them. */
import type { ExplanationJson } from "../../bindings/explain/json.ts";
import type { ExplainedStep } from "../../bindings/explain/types.ts";
import { count, type Paint } from "../format/text.ts";

interface Branch {
  step: ExplainedStep;
  below: ExplainedStep[];
}

/** @param paint where colours are shown. */
export function explanationLines({ port, steps, verdict, reason, outputs, drops }: ExplanationJson, paint: Paint): string[] {
  const branches = steps.reduce<Branch[]>((found, step) => {
    const last = found.at(-1);
    if (step.step === "egress" && last !== undefined) last.below.push(step);
    else found.push({ step, below: [] });
    return found;
  }, []);
  const width = Math.max(...branches.map(({ step }) => step.step.length));
  const lines = branches.flatMap(({ step, below }, index) => {
    const isLast = index === branches.length - 1;
    const stem = isLast ? "   " : "│  ";
    const twigs = below.map((each, place) => stem + (place === below.length - 1 ? "└─ " : "├─ ") + words(each, paint));
    return [`${isLast ? "└─ " : "├─ "}${paint("dim", step.step.padEnd(width))}  ${words(step, paint)}`, ...twigs];
  });
  const end = verdict === "dropped" ? paint("red", `dropped: ${reason}`) : paint("green", `${verdict}: ${leaving(outputs)}`);
  const lost = verdict === "dropped" ? [] : [...new Set(drops.map((drop) => `${drop.reason} at ${drop.port}`))];
  return [headLine(port, steps), ...lines, end, ...lost.map((text) => paint("red", `dropped: ${text}`))];
}

function headLine(port: string, steps: readonly ExplainedStep[]): string {
  const parsed = steps.find((step) => step.step === "parse");
  if (parsed === undefined) return `a frame into ${port}`;
  const macs = parsed.source === null ? "" : `, ${parsed.source} > ${parsed.destination}`;
  return `${count(parsed.bytes)} bytes into ${port}${macs}`;
}

function words({ text, verdict, reason }: ExplainedStep, paint: Paint): string {
  return verdict === "drop" ? `${text} ${paint("red", `[${reason}]`)}` : text;
}

/** "by a, b and 3 frames by c". */
function leaving(outputs: ExplanationJson["outputs"]): string {
  const counts = new Map<string, number>();
  for (const { port } of outputs) counts.set(port, (counts.get(port) ?? 0) + 1);
  return `leaves by ${[...counts].map(([port, frames]) => (frames === 1 ? port : `${port} (${count(frames)} frames)`)).join(", ")}`;
}
