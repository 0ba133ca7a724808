/** The options that every benchmark takes, and those of its own. */
import { parseArgs } from "node:util";
import { PortyardError } from "../../bindings/error.ts";

export interface CommonOptions {
  runs: number;
  seconds: number;
  only: string[];
  save: boolean;
  json: boolean;
}

/** Of a benchmark whose measurements last as long as their work takes, `seconds` is left out. */
export interface Defaults {
  runs: number;
  seconds?: number;
}

/** Reads process.argv. With --help it prints `about` and the options and ends the process.
 *  @throws PortyardError `bad-option`. */
export function readOptions(about: string, defaults: Defaults, names: readonly string[]): CommonOptions {
  const { values } = parse();
  if (values.help) {
    console.log(helpText(about, defaults, names));
    process.exit(0);
  }
  return {
    runs: positive("--runs", values.runs, defaults.runs, true),
    seconds: positive("--seconds", values.seconds, defaults.seconds ?? 0, false),
    only: chosen(values.only, names),
    save: values.save ?? false,
    json: values.json ?? false,
  };
}

function parse() {
  try {
    return parseArgs({
      options: {
        runs: { type: "string" },
        seconds: { type: "string" },
        only: { type: "string" },
        save: { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new PortyardError("bad-option", (error as Error).message, { remedy: "--help lists the options." });
  }
}

function helpText(about: string, { runs, seconds }: Defaults, names: readonly string[]): string {
  return [
    about,
    "",
    `  --runs N         measurements of each, alternating; the median counts (default ${runs})`,
    ...(seconds === undefined ? [] : [`  --seconds S      seconds of one measurement (default ${seconds})`]),
    `  --only A,B       of: ${names.join(", ")}`,
    "  --json           print the result as JSON instead of tables",
    "  --save           write bench/results/NAME.json instead of dist/bench/results/NAME.json",
  ].join("\n");
}

function positive(option: string, value: string | undefined, fallback: number, whole: boolean): number {
  if (value === undefined) return fallback;
  const number = Number(value);
  if (number > 0 && number < 1e6 && (!whole || Number.isInteger(number))) return number;
  throw new PortyardError("bad-option", `${option} takes a ${whole ? "whole " : ""}number above 0, not "${value}".`, { value });
}

function chosen(value: string | undefined, names: readonly string[]): string[] {
  if (value === undefined) return [...names];
  const wanted = value.split(",").map((name) => name.trim());
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new PortyardError("bad-option", `--only does not know "${unknown}".`, { value: unknown, remedy: `One of: ${names.join(", ")}` });
  return wanted;
}
