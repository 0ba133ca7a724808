/** What does a service cost?
 *
 *  The engine alone (`--only engine`, without privileges): a frame of a known flow and the first frame of a new one, with a thousand, a
 *  hundred thousand and a million flows in the table, next to the same in C; and what a frame pays that no service has to do with
 *  (services/alone.ts).
 *
 *  Real traffic:      client ──── way ──── three backends         each in a namespace of its own
 *
 *  Ways are a virtual address of Portyard and Portyard as a plain switch, nftables DNAT and HAProxy on a Linux bridge, and that bridge alone. Of
 *  each the short connections a second, how long they take, what each of them costs all processors, and TCP streams. Every run builds
 *  each way in turn, measures and removes it; the median of the runs counts, and ratios are printed first. All of it shares the machine's
 *  processors: client, backends, kernel and what balances.
 *
 *  Privileges: root */
import { type Alone, formatAlone, measureAlone } from "./services/alone.ts";
import { HAPROXY, NFTABLES, plainBridge } from "./services/bridge.ts";
import {
  CONNECTION_COLUMNS,
  type ConnectionFigures,
  measureConnections,
  measureStreams,
  STREAM_COLUMNS,
  type StreamFigures,
} from "./services/load.ts";
import { PORTYARD } from "./services/portyard.ts";
import type { Connected, Way } from "./services/types.ts";
import { conntrackLimit } from "./services/world.ts";
import { withCleanup } from "./support/cleanup.ts";
import { attempt, type Column, compare, type Comparison, type Figures, printComparison } from "./support/comparison.ts";
import { removeLeftovers } from "./support/namespace.ts";
import { compilerLine } from "./support/native.ts";
import { type CommonOptions, readOptions } from "./support/options.ts";
import { noiseWarning } from "./support/processor.ts";
import { machineLine, writeResults } from "./support/results.ts";
import { isInstalled } from "./support/shell.ts";

const ABOUT = "bench/services: the engine alone against C, and real traffic through a virtual address, HAProxy, nftables and none.";
const ENGINE = "engine";
const BALANCER = "nftables";
const SWITCH = "direct";
const WAYS: readonly Way[] = [...PORTYARD, ...NFTABLES, ...HAPROXY, plainBridge];

interface Results {
  absent: { name: string; reason: string | null }[];
  /** Entries that conntrack has room for; null where there is none. */
  conntrackLimit: number | null;
  alone: Alone | null;
  connections: Comparison<keyof ConnectionFigures>;
  streams: Comparison<keyof StreamFigures>;
}

await withCleanup(async () => {
  const names = [ENGINE, ...WAYS.map(({ name }) => name)];
  const options = readOptions(ABOUT, { runs: 3, seconds: 5 }, names);
  const absent = names.filter((name) => options.only.includes(name)).flatMap((name) => reasonAgainst(name) ?? []);
  const present = names.filter((name) => options.only.includes(name) && absent.every((one) => one.name !== name));
  const ways = WAYS.filter(({ name }) => present.includes(name));
  for (const left of ways.length > 0 ? removeLeftovers() : []) console.error(`removed ${left}, left by a run that was killed`);
  const results: Results = {
    absent,
    conntrackLimit: conntrackLimit(),
    alone: present.includes(ENGINE) ? await measureAlone(options.runs, options.seconds) : null,
    connections: await compareWays(ways, CONNECTION_COLUMNS, BALANCER, options, measureConnections),
    streams: await compareWays(ways, STREAM_COLUMNS, SWITCH, options, measureStreams),
  };
  const file = writeResults("services", options.save, { options, compiler: compilerLine, ...results });
  if (options.json) console.log(JSON.stringify(results));
  else print(results, options, file);
});

function reasonAgainst(name: string): { name: string; reason: string } | null {
  const way = WAYS.find((one) => one.name === name);
  const isRoot = way === undefined || process.getuid?.() === 0;
  const reason = !isInstalled("cc") ? "there is no C compiler (cc)" : !isRoot ? "it needs root" : (way?.missing() ?? null);
  return reason === null ? null : { name, reason };
}

function compareWays<Key extends string>(
  ways: readonly Way[],
  columns: readonly Column<Key>[],
  base: string,
  { runs, seconds }: CommonOptions,
  measure: (connected: Connected, seconds: number) => Promise<Figures<Key>>,
): Promise<Comparison<Key>> {
  const once = (way: Way) => attempt(way.name, async () => measure(await way.connect(), seconds));
  return compare(ways, columns, runs, once, base);
}

function print({ absent, alone, connections, streams, conntrackLimit: limit }: Results, options: CommonOptions, file: string): void {
  if (alone !== null) printAlone(alone, options);
  if (connections.rows.length > 0) {
    const room = limit === null ? [] : [`conntrack has room for ${limit.toLocaleString("en-US")} connections`];
    const ratios = "Ratio to nftables DNAT (connections: more is better; all others: less is better)";
    const figures = "Short connections, 64 at once: connect, 64 bytes there, 64 bytes back, close";
    printComparison(connections, CONNECTION_COLUMNS, { options, candidate: "way", ratios, figures, notes: room }, file);
    console.log("");
    const streamRatios = "Ratio to Portyard as a plain switch (TCP: more is better; CPU: less is better)";
    printComparison(streams, STREAM_COLUMNS, { options, candidate: "way", ratios: streamRatios, figures: "Streams to the backends" }, file);
  }
  for (const { name, reason } of absent) console.log(`left out: ${name}, ${reason}`);
  if (connections.rows.length === 0) console.log(`\n${file}`);
}

function printAlone(alone: Alone, { runs }: CommonOptions): void {
  console.log(`${machineLine()}; median of ${runs}; ${compilerLine}\n\n${formatAlone(alone)}`);
  const warning = noiseWarning(alone.background);
  console.log(warning === null ? "" : `\n  ${warning}\n`);
}
