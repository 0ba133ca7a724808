/** An explanation for people: a tree, one line a step, outputs below the step that chose them. */
import type { ExplanationJson } from "../../bindings/explain/json.ts";
import type { Candidate, PickStep } from "../../bindings/explain/service-types.ts";
import type { ExplainedStep } from "../../bindings/explain/types.ts";
import { count, type Paint } from "../format/text.ts";

interface Branch {
  step: ExplainedStep;
  /** Lines. */
  below: string[];
}

/** Of backends that may be chosen from; `--json` has all. */
const MAX_CANDIDATES = 20;

/** @param paint where colours are shown. */
export function explanationLines({ port, steps, verdict, reason, outputs, drops }: ExplanationJson, paint: Paint): string[] {
  const branches = steps.reduce<Branch[]>((found, step) => {
    const last = found.at(-1);
    if (step.step === "egress" && last !== undefined) last.below.push(words(step, paint));
    else found.push({ step, below: step.step === "pick" ? candidateLines(step, paint) : [] });
    return found;
  }, []);
  const width = Math.max(...branches.map(({ step }) => step.step.length));
  const lines = branches.flatMap(({ step, below }, index) => {
    const isLast = index === branches.length - 1;
    const stem = isLast ? "   " : "│  ";
    const twigs = below.map((each, place) => stem + (place === below.length - 1 ? "└─ " : "├─ ") + each);
    return [`${isLast ? "└─ " : "├─ "}${paint("dim", step.step.padEnd(width))}  ${words(step, paint)}`, ...twigs];
  });
  const end =
    verdict === "dropped" ? paint("red", `dropped: ${reason}${told(outputs)}`) : paint("green", `${verdict}: ${leaving(outputs)}`);
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

/** What is sent on account of a frame that is dropped. */
function told(outputs: ExplanationJson["outputs"]): string {
  return outputs.length === 0 ? "" : `; what the engine says to that ${leaving(outputs)}`;
}

function candidateLines({ candidates, backend: chosen }: PickStep, paint: Paint): string[] {
  const shown = candidates.length <= MAX_CANDIDATES ? candidates : withChosen(candidates, chosen);
  const [name, weight, active] = [widthOf(shown, nameOf), widthOf(shown, weightOf), widthOf(shown, activeOf)];
  const lines = shown.map((each) => {
    const score = each.score === null ? "" : `, score ${scoreText(each.score)}`;
    const line = `${nameOf(each).padEnd(name)}  weight ${weightOf(each).padStart(weight)}, ${activeOf(each).padStart(active)} active${score}`;
    if (each.state !== "usable") return `${line}, ${paint("dim", STATES[each.state])}`;
    return each.backend === chosen ? paint("green", `${line}, chosen`) : line;
  });
  return shown === candidates ? lines : [...lines, paint("dim", `and ${count(candidates.length - shown.length)} others`)];
}

const STATES = {
  drained: "drained: its weight is 0",
  full: "has as many flows as it may have",
  unusable: "left out: by its health, or ejected",
  usable: "",
};

const nameOf = ({ backend }: Candidate): string => backend;
const weightOf = ({ weight }: Candidate): string => String(Math.round(weight * 100) / 100);
const activeOf = ({ active }: Candidate): string => count(active);
const widthOf = (all: readonly Candidate[], text: (each: Candidate) => string): number =>
  Math.max(0, ...all.map((each) => text(each).length));

/** Three digits that count. */
const scoreText = (score: number): string => (score >= 1000 ? count(Math.round(score)) : String(Number(score.toPrecision(3))));

/** The first of them, and the one that was chosen. */
function withChosen(candidates: readonly Candidate[], chosen: string | null): Candidate[] {
  const first = candidates.slice(0, MAX_CANDIDATES);
  const found = candidates.slice(MAX_CANDIDATES).filter(({ backend }) => backend === chosen);
  return [...first.slice(0, MAX_CANDIDATES - found.length), ...found];
}

/** "by a, b and 3 frames by c". */
function leaving(outputs: ExplanationJson["outputs"]): string {
  if (outputs.length === 0) return "it was for the engine itself";
  const counts = new Map<string, number>();
  for (const { port } of outputs) counts.set(port, (counts.get(port) ?? 0) + 1);
  return `leaves by ${[...counts].map(([port, frames]) => (frames === 1 ? port : `${port} (${count(frames)} frames)`)).join(", ")}`;
}
