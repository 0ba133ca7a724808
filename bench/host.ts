/** What does the way between a container and the world cost through Portyard, next to a Linux bridge with the same rules?
 *
 *    container ──── switch ──── host (routes, translates) ──── world
 *
 *  Three ways: container to host, container to world (masqueraded), world to container by a published port. Of each the
 *  throughput of one TCP stream and the connections a second of 32 clients. Every run builds each switch in turn with
 *  namespaces of its own; the median of the runs counts, and ratios against the bridge are printed first. All of it shares
 *  the machine's processors.
 *
 *  Privileges: root */
import { bridge, type HostSwitch, PORTYARD, rulesOf } from "./host/switches.ts";
import { makeWorld, removeWorld, WAYS, type Way } from "./host/world.ts";
import { isEnding, removeAll, withCleanup } from "./support/cleanup.ts";
import { median } from "./support/median.ts";
import { removeLeftovers } from "./support/namespace.ts";
import { type CommonOptions, readOptions } from "./support/options.ts";
import { runPair } from "./support/peer.ts";
import { backgroundShare, noiseWarning } from "./support/processor.ts";
import { machineLine, writeResults } from "./support/results.ts";
import { formatNumber, formatTable } from "./support/table.ts";

const CLIENTS = 32;
const ABOUT = "bench/host: container - switch - host - world for Portyard and a Linux bridge with the same rules, in one run, alternating.";
const background: number[] = [];

/** Of one way: Gb/s of one TCP stream, connections a second. */
type Measure = "tcp" | "connections";
type Figures = Record<`${Way["key"]}.${Measure}`, number>;

const KEYS = WAYS.flatMap(({ key }) => [`${key}.tcp`, `${key}.connections`] as const);

interface Row {
  name: string;
  about: string;
  runs: Figures[];
  median: Figures;
  ratio: Figures | null;
}

await withCleanup(async () => {
  let rules = "";
  const all = [bridge(() => rules), ...PORTYARD];
  const options = readOptions(
    ABOUT,
    { runs: 5, seconds: 2 },
    all.map(({ name }) => name),
  );
  for (const left of removeLeftovers()) console.error(`removed ${left}, left by a run that was killed`);
  rules = await readRules();
  const switches = all.filter(({ name }) => options.only.includes(name));
  const rows = summarize(switches, await measureAlternating(switches, options));
  const file = writeResults("host", options.save, { options, background, rules, rows });
  if (options.json) console.log(JSON.stringify({ background, rows }));
  else print(rows, options, file);
});

async function readRules(): Promise<string> {
  const world = makeWorld();
  const rules = await rulesOf(world);
  await removeWorld(world);
  return rules;
}

async function measureAlternating(switches: readonly HostSwitch[], { runs, seconds }: CommonOptions): Promise<Map<string, Figures[]>> {
  const figures = new Map<string, Figures[]>(switches.map(({ name }) => [name, []]));
  for (let run = 1; run <= runs; run++) {
    for (const one of switches) {
      process.stderr.write(`run ${run}/${runs} ${one.name} … `);
      background.push(await backgroundShare());
      const measured = await measureOnce(one, seconds);
      if (measured !== null) figures.get(one.name)?.push(measured);
      process.stderr.write(measured === null ? "failed\n" : `${KEYS.map((key) => `${key} ${formatNumber(measured[key])}`).join(", ")}\n`);
    }
  }
  return figures;
}

/** A switch that fails is left out of this run and told, and does not end the others. */
async function measureOnce(one: HostSwitch, seconds: number): Promise<Figures | null> {
  try {
    const world = makeWorld();
    const disconnect = await one.connect(world);
    const figures: Partial<Figures> = {};
    for (const { key, pair } of WAYS) {
      const stream = await runPair(pair(world), "stream", ["receive", "send"], 1, seconds);
      figures[`${key}.tcp`] = stream.server.gbps as number;
      const connections = await runPair(pair(world), "connections", ["answer", "open"], CLIENTS, seconds);
      figures[`${key}.connections`] = connections.client.perSecond as number;
    }
    await disconnect();
    await removeWorld(world);
    return figures as Figures;
  } catch (error) {
    if (isEnding()) throw error;
    console.error(`\n${one.name}: ${(error as Error).message}`);
    process.exitCode = 1;
    return null;
  } finally {
    await removeAll();
  }
}

function summarize(switches: readonly HostSwitch[], figures: Map<string, Figures[]>): Row[] {
  const middle = (name: string) => mapFigures((key) => median((figures.get(name) ?? []).map((run) => run[key])));
  const base = figures.has("bridge") ? middle("bridge") : null;
  return switches.map(({ name, about }) => {
    const own = middle(name);
    const ratio = base === null ? null : mapFigures((key) => own[key] / base[key]);
    return { name, about, runs: figures.get(name) ?? [], median: own, ratio };
  });
}

function mapFigures(of: (key: keyof Figures) => number): Figures {
  return Object.fromEntries(KEYS.map((key) => [key, of(key)])) as Figures;
}

function print(rows: readonly Row[], { runs, seconds }: CommonOptions, file: string): void {
  const cells = (figures: Figures | null) => KEYS.map((key) => (figures === null ? null : formatNumber(figures[key])));
  const titles = WAYS.flatMap(({ title }) => [`${title}, TCP`, "connections"]);
  console.log(`${machineLine()}; median of ${runs}, ${seconds} s each\n`);
  console.log("Ratio to the Linux bridge with the same rules (more is better)");
  console.log(
    formatTable(
      ["switch", ...titles],
      rows.map((row) => [row.name, ...cells(row.ratio)]),
    ),
  );
  console.log("\nFigures, Gb/s and connections a second");
  console.log(
    formatTable(
      ["switch", ...titles],
      rows.map((row) => [row.name, ...cells(row.median)]),
    ),
  );
  console.log("");
  for (const { name, about } of rows) console.log(`  ${name}: ${about}`);
  const warning = noiseWarning(background);
  if (warning !== null) console.log(`  ${warning}`);
  console.log(`\n${file}`);
}
