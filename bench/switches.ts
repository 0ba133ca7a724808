/** How fast is Portyard between two namespaces, next to other switches on the same machine?
 *
 *    pyb-PID-a (10.200.0.1) eth0 ──── switch ──── eth0 (10.200.0.2) pyb-PID-b
 *
 *  Every run builds each switch in turn, measures and removes it, so that slow changes of the machine meet all of them
 *  alike; the median of the runs counts, and ratios against the Linux bridge are printed first. All of it shares the
 *  machine's processors: both ends, the kernel and the switch.
 *
 *  Privileges: root */
import { isEnding, removeAll, withCleanup } from "./support/cleanup.ts";
import { median } from "./support/median.ts";
import { removeLeftovers } from "./support/namespace.ts";
import { type CommonOptions, readOptions } from "./support/options.ts";
import { backgroundShare, noiseWarning } from "./support/processor.ts";
import { machineLine, writeResults } from "./support/results.ts";
import { formatNumber, formatTable } from "./support/table.ts";
import { bridge } from "./switches/bridge.ts";
import { FIGURES, type Figures, measureAll } from "./switches/measure.ts";
import { openVswitchTap, openVswitchVeth } from "./switches/open-vswitch.ts";
import { PORTYARD } from "./switches/portyard.ts";
import type { SwitchUnderTest } from "./switches/types.ts";
import { vde } from "./switches/vde.ts";
import { wire, wireSpin } from "./switches/wire.ts";

const SWITCHES: readonly SwitchUnderTest[] = [bridge, ...PORTYARD, wire, wireSpin, openVswitchVeth, openVswitchTap, vde];
const background: number[] = [];
const ABOUT = "bench/switches: namespace - switch - namespace for Portyard and other switches, in one run, alternating.";

interface Row {
  name: string;
  about: string;
  runs: Figures[];
  median: Figures;
  ratio: Figures | null;
}

await withCleanup(async () => {
  const options = readOptions(
    ABOUT,
    { runs: 5, seconds: 2 },
    SWITCHES.map(({ name }) => name),
  );
  const { present, absent } = choose(options);
  for (const left of removeLeftovers()) console.error(`removed ${left}, left by a run that was killed`);
  const rows = summarize(present, await measureAlternating(present, options));
  const file = writeResults("switches", options.save, { options, absent, background, rows });
  if (options.json) console.log(JSON.stringify({ absent, background, rows }));
  else print(rows, absent, options, file);
});

function choose({ only }: CommonOptions) {
  const chosen = SWITCHES.filter(({ name }) => only.includes(name));
  const present = chosen.filter((one) => one.missing() === null);
  return { present, absent: chosen.filter((one) => !present.includes(one)).map((one) => ({ name: one.name, reason: one.missing() })) };
}

async function measureAlternating(switches: readonly SwitchUnderTest[], { runs, seconds }: CommonOptions): Promise<Map<string, Figures[]>> {
  const figures = new Map<string, Figures[]>(switches.map(({ name }) => [name, []]));
  for (let run = 1; run <= runs; run++) {
    for (const one of switches) {
      process.stderr.write(`run ${run}/${runs} ${one.name} … `);
      background.push(await backgroundShare());
      const measured = await measureOnce(one, seconds);
      if (measured !== null) figures.get(one.name)?.push(measured);
      process.stderr.write(
        measured === null ? "failed\n" : `${FIGURES.map(({ key, title }) => `${title} ${formatNumber(measured[key])}`).join(", ")}\n`,
      );
    }
  }
  return figures;
}

/** A switch that fails is left out of this run and told, and does not end the others. */
async function measureOnce(one: SwitchUnderTest, seconds: number): Promise<Figures | null> {
  try {
    const running = await one.start();
    const figures = await measureAll(running.pair, seconds);
    await running.stop();
    return figures;
  } catch (error) {
    if (isEnding()) throw error;
    console.error(`\n${one.name}: ${(error as Error).message}`);
    process.exitCode = 1;
    return null;
  } finally {
    await removeAll();
  }
}

function summarize(switches: readonly SwitchUnderTest[], figures: Map<string, Figures[]>): Row[] {
  const medians = new Map(
    switches.map(({ name }) => [name, mapFigures((key) => median((figures.get(name) ?? []).map((run) => run[key])))]),
  );
  const base = medians.get(bridge.name);
  return switches.map(({ name, about }) => {
    const middle = medians.get(name) as Figures;
    const ratio = base === undefined ? null : mapFigures((key) => middle[key] / base[key]);
    return { name, about, runs: figures.get(name) ?? [], median: middle, ratio };
  });
}

function mapFigures(of: (key: keyof Figures) => number): Figures {
  return Object.fromEntries(FIGURES.map(({ key }) => [key, of(key)])) as unknown as Figures;
}

function print(
  rows: readonly Row[],
  absent: readonly { name: string; reason: string | null }[],
  { runs, seconds }: CommonOptions,
  file: string,
): void {
  const cells = (figures: Figures | null) => FIGURES.map(({ key }) => (figures === null ? null : formatNumber(figures[key])));
  console.log(`${machineLine()}; median of ${runs}, ${seconds} s each\n`);
  console.log("Ratio to the Linux bridge (TCP and UDP: more is better; p50, p99 and CPU: less is better)");
  console.log(
    formatTable(
      ["switch", ...FIGURES.map(({ title }) => title)],
      rows.map((row) => [row.name, ...cells(row.ratio)]),
    ),
  );
  console.log("\nFigures");
  console.log(
    formatTable(
      ["switch", ...FIGURES.map(({ title, unit }) => `${title} ${unit}`)],
      rows.map((row) => [row.name, ...cells(row.median)]),
    ),
  );
  console.log("");
  for (const { name, about } of rows) console.log(`  ${name}: ${about}`);
  for (const { name, reason } of absent) console.log(`  left out: ${name}, ${reason}`);
  const warning = noiseWarning(background);
  if (warning !== null) console.log(`  ${warning}`);
  console.log(`\n${file}`);
}
