/** What is wrong with a configuration: every fault found, each with its place, what stands there and the remedy. */
import { PortyardError } from "../error.ts";

/** Of an object, or index into a list. */
export type Key = string | number;

/** Something that is wrong. */
export interface Problem {
  /** Keys from the top of the input: ["ports", 2, "tap", "namespace"]. */
  keys: Key[];
  value?: unknown;
  /** A sentence without place in front, beginning with a verb: `is 12; it must be …`. */
  fault: string;
  /** Without capital and stop: `leave it out`. */
  remedy: string;
}

const MAX_SHOWN = 80;

/** `ports[2].tap.namespace`; the whole input is `configuration`. */
export function formatPath(keys: readonly Key[]): string {
  const path = keys.map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`)).join("");
  return path === "" ? "configuration" : path.replace(/^\./, "");
}

/** A value as it is shown in a sentence: JSON of at most 80 characters. */
export function formatValue(value: unknown): string {
  const shown = JSON.stringify(value) ?? String(value);
  return shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN - 1)}…` : shown;
}

/** Where the input came from: its name, and the line of a place in it where that is known. */
export interface Source {
  /** A file's name, as a rule. */
  name: string;
  /** Line of a place in it, from 1; null where it is not known. */
  line?: (keys: readonly Key[]) => number | null;
}

function place(problem: Problem, source: Source | undefined): string {
  if (!source) return "";
  const line = source.line?.(problem.keys);
  return line ? `${source.name}:${line}: ` : `${source.name}: `;
}

const sentence = (problem: Problem, source: Source | undefined): string =>
  `${place(problem, source)}${formatPath(problem.keys)} ${problem.fault}.`;

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** Code `bad-configuration`. The fields are those of the first problem; `problems` has all of them in the input's order. */
export class BadConfiguration extends PortyardError {
  /** Everything that is wrong: where, what stands there, a sentence, and what to do. */
  readonly problems: { path: string; value: unknown; message: string; remedy: string }[];

  constructor(problems: readonly Problem[], source?: Source) {
    const told = problems.map((problem) => ({
      path: formatPath(problem.keys),
      value: problem.value ?? null,
      message: sentence(problem, source),
      remedy: capital(problem.remedy),
    }));
    const [first] = told;
    if (!first) throw new Error("a bad configuration has at least one problem");
    super("bad-configuration", first.message, { path: first.path, value: first.value, remedy: first.remedy });
    this.problems = told;
  }

  override toJSON(): { error: Record<string, unknown> } {
    return { error: { ...super.toJSON().error, problems: this.problems } };
  }
}
