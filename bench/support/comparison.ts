/** What benchmarks that compare have in common: every run measures each candidate in turn, so that slow changes of the machine meet
 *  all of them alike; the median of the runs counts, and ratios to the base are printed first. */
import { isEnding, removeAll } from "./cleanup.ts";
import { median } from "./median.ts";
import type { CommonOptions } from "./options.ts";
import { backgroundShare, noiseWarning } from "./processor.ts";
import { machineLine } from "./results.ts";
import { formatNumber, formatTable } from "./table.ts";

/** Name of the candidate to which the others are compared, where no other is named. */
const BRIDGE = "bridge";

/** Something to be measured beside others. */
export interface Candidate {
  /** As --only names it. */
  name: string;
  /** One line: what it is. */
  about: string;
}

/** What is measured of a candidate: a number for each key. */
export type Figures<Key extends string> = Record<Key, number>;

/** A column of the tables, for the figures of one key. */
export interface Column<Key extends string> {
  key: Key;
  title: string;
  /** Follows the title above figures, but not above ratios. */
  unit?: string;
  /** What the progress calls it; the key if absent. */
  short?: string;
}

/** What came out for one candidate, as files of results have it. */
export interface Row<Key extends string> extends Candidate {
  /** Of the runs that went well. */
  runs: Figures<Key>[];
  /** NaN where no run went well. */
  median: Figures<Key>;
  /** Of the medians; null where the base was not chosen. */
  ratio: Figures<Key> | null;
}

/** What came out for all candidates. */
export interface Comparison<Key extends string> {
  /** Use of the machine by others before each measurement, 0-1. */
  background: number[];
  rows: Row<Key>[];
}

/** What is printed around the tables. */
export interface Words {
  options: Pick<CommonOptions, "runs"> & Partial<Pick<CommonOptions, "seconds">>;
  /** What else is to be known of the measurements. */
  also?: string;
  /** One word: what the candidates are. */
  candidate: string;
  /** The line above the ratios. */
  ratios: string;
  /** The line above the figures. */
  figures: string;
  /** Lines that follow those which say what the candidates are. */
  notes?: readonly string[];
}

/** Measures all candidates in turn, `runs` times, and tells the progress on stderr.
 *  @param measure returns null where it failed: that run has no figures of this candidate.
 *  @param base name of the candidate to which the others are compared. */
export async function compare<One extends Candidate, Key extends string>(
  ones: readonly One[],
  columns: readonly Column<Key>[],
  runs: number,
  measure: (one: One) => Promise<Figures<Key> | null>,
  base = BRIDGE,
): Promise<Comparison<Key>> {
  const background: number[] = [];
  const measured = ones.map((one) => ({ one, own: [] as Figures<Key>[] }));
  for (let run = 1; run <= runs; run++) {
    for (const { one, own } of measured) {
      process.stderr.write(`run ${run}/${runs} ${one.name} … `);
      background.push(await backgroundShare());
      const figures = await measure(one);
      if (figures !== null) own.push(figures);
      process.stderr.write(`${figures === null ? "failed" : progress(columns, figures)}\n`);
    }
  }
  const rows = measured.map(({ one: { name, about }, own }) => ({ name, about, runs: own, median: medians(columns, own) }));
  const compared = rows.find(({ name }) => name === base)?.median;
  return {
    background,
    rows: rows.map((row) => ({ ...row, ratio: compared === undefined ? null : ratios(columns, row.median, compared) })),
  };
}

/** Does `work` for the candidate `name`. When it fails, that is told and the exit status is 1, but the other candidates are still
 *  measured. Then everything that is registered for removal is removed: this is not for candidates that share something.
 *  @returns null when it failed. */
export async function attempt<Result>(name: string, work: () => Promise<Result>): Promise<Result | null> {
  try {
    return await work();
  } catch (error) {
    if (isEnding()) throw error;
    console.error(`\n${name}: ${(error as Error).message}`);
    process.exitCode = 1;
    return null;
  } finally {
    await removeAll();
  }
}

/** Prints the machine, both tables, what the candidates are, a warning when the machine was not quiet, and where the results are. */
export function printComparison<Key extends string>(
  { background, rows }: Comparison<Key>,
  columns: readonly Column<Key>[],
  words: Words,
  file: string,
): void {
  const { runs, seconds } = words.options;
  const titles = columns.map(({ title }) => title);
  const titlesWithUnit = columns.map(({ title, unit }) => (unit === undefined ? title : `${title} ${unit}`));
  const lines = (of: "ratio" | "median") => rows.map((row) => [row.name, ...cells(columns, row[of])]);
  const table = (header: string[], of: "ratio" | "median") => formatTable([words.candidate, ...header], lines(of));
  const each = seconds === undefined ? "" : `, ${seconds} s each`;
  console.log(`${machineLine()}; median of ${runs}${each}${words.also === undefined ? "" : `, ${words.also}`}\n`);
  console.log(`${words.ratios}\n${table(titles, "ratio")}\n`);
  console.log(`${words.figures}\n${table(titlesWithUnit, "median")}\n`);
  for (const { name, about } of rows) console.log(`  ${name}: ${about}`);
  for (const note of words.notes ?? []) console.log(`  ${note}`);
  const warning = noiseWarning(background);
  if (warning !== null) console.log(`  ${warning}`);
  console.log(`\n${file}`);
}

function progress<Key extends string>(columns: readonly Column<Key>[], figures: Figures<Key>): string {
  return columns.map(({ key, short = key }) => `${short} ${formatNumber(figures[key])}`).join(", ");
}

function cells<Key extends string>(columns: readonly Column<Key>[], figures: Figures<Key> | null): (string | null)[] {
  return columns.map(({ key }) => (figures === null ? null : formatNumber(figures[key])));
}

function medians<Key extends string>(columns: readonly Column<Key>[], runs: readonly Figures<Key>[]): Figures<Key> {
  return eachKey(columns, (key) => median(runs.map((figures) => figures[key])));
}

function ratios<Key extends string>(columns: readonly Column<Key>[], own: Figures<Key>, base: Figures<Key>): Figures<Key> {
  return eachKey(columns, (key) => own[key] / base[key]);
}

function eachKey<Key extends string>(columns: readonly Column<Key>[], of: (key: Key) => number): Figures<Key> {
  return Object.fromEntries(columns.map(({ key }) => [key, of(key)])) as Figures<Key>;
}
