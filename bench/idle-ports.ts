/** Does a thousand idle ports slow the two busy ones down?
 *
 *    pyb-PID-a ──── engine with 2 ports ──── pyb-PID-b
 *    pyb-PID-c ──── engine with 1,002 ports ──── pyb-PID-d      the other 1,000 TAPs are up in pyb-PID-i, in the same
 *                                                               network, and silent
 *  TCP round trips, alternating between the two, the median of the runs; the ratio is printed first. Once more with both
 *  spinning before they sleep.
 *
 *  Privileges: root */
import { withCleanup } from "./support/cleanup.ts";
import { median } from "./support/median.ts";
import { makeNamespace, removeLeftovers } from "./support/namespace.ts";
import { type CommonOptions, readOptions } from "./support/options.ts";
import { backgroundShare, noiseWarning } from "./support/processor.ts";
import { machineLine, writeResults } from "./support/results.ts";
import { formatNumber, formatTable } from "./support/table.ts";
import { makeEnds } from "./switches/ends.ts";
import { measurePingPong } from "./switches/measure.ts";
import { NETWORK, SPIN_MICROSECONDS, startEngine, tapPort } from "./switches/portyard.ts";
import type { RunningSwitch } from "./switches/types.ts";

const ABOUT = "bench/idle-ports: TCP round trips of one busy pair among 1,000 idle ports, against those of a pair alone.";
const IDLE_PORTS = 1000;
const MODES = { sleeping: {}, spinning: { spinMicroseconds: SPIN_MICROSECONDS } };
const background: number[] = [];

type Sample = Record<"alone" | "among", { p50: number; p99: number }>;
interface Row {
  mode: string;
  setUpSeconds: number;
  runs: Sample[];
  alone: number;
  among: number;
  ratio: number;
  ratioP99: number;
}

await withCleanup(async () => {
  const options = readOptions(ABOUT, { runs: 5, seconds: 2 }, Object.keys(MODES));
  removeLeftovers();
  const rows: Row[] = [];
  for (const [mode, spin] of Object.entries(MODES)) {
    if (options.only.includes(mode)) rows.push(await measure(mode, spin, options));
  }
  const file = writeResults("idle-ports", options.save, { options, idlePorts: IDLE_PORTS, background, rows });
  if (options.json) console.log(JSON.stringify({ background, rows }));
  else print(rows, options, file);
});

async function measure(mode: string, spin: { spinMicroseconds?: number }, { runs, seconds }: CommonOptions): Promise<Row> {
  const few = makeEnds(["a", "b"]);
  const alone = await startEngine(few, "alone", [few.a, few.b].map(tapPort), spin);
  const many = makeEnds(["c", "d"]);
  const idle = makeNamespace("i");
  const begin = performance.now();
  const among = await startEngine(many, "among", [...[many.a, many.b].map(tapPort), ...idlePorts(idle.name)], spin);
  const setUpSeconds = (performance.now() - begin) / 1000;
  const samples: Sample[] = [];
  for (let run = 0; run < runs; run++) samples.push(await sample(alone, among, seconds));
  await Promise.all([alone.stop(), among.stop()]);
  await idle.remove();
  const middle = (key: keyof Sample, figure: "p50" | "p99") => median(samples.map((one) => one[key][figure]));
  const ratio = middle("among", "p50") / middle("alone", "p50");
  const ratioP99 = middle("among", "p99") / middle("alone", "p99");
  return { mode, setUpSeconds, runs: samples, alone: middle("alone", "p50"), among: middle("among", "p50"), ratio, ratioP99 };
}

/** Each with an address of its own, far from those of the busy ones. */
function idlePorts(namespace: string): object[] {
  return Array.from({ length: IDLE_PORTS }, (_, index) => {
    const address = `10.200.${16 + (index >> 7)}.${1 + (index & 127)}/16`;
    return { name: `idle-${index}`, network: NETWORK, tap: { namespace, interface: `eth${index}`, address } };
  });
}

async function sample(alone: RunningSwitch, among: RunningSwitch, seconds: number): Promise<Sample> {
  background.push(await backgroundShare());
  return { alone: await measurePingPong(alone.pair, seconds), among: await measurePingPong(among.pair, seconds) };
}

function print(rows: readonly Row[], { runs, seconds }: CommonOptions, file: string): void {
  console.log(`${machineLine()}; median of ${runs}, ${seconds} s each\n`);
  const header = ["worker", "p50 ratio", "p99 ratio", "p50 alone us", `p50 among ${IDLE_PORTS} us`, "set up s"];
  const cells = rows.map((row) => [row.mode, ...[row.ratio, row.ratioP99, row.alone, row.among, row.setUpSeconds].map(formatNumber)]);
  console.log(formatTable(header, cells));
  const warning = noiseWarning(background);
  if (warning !== null) console.log(`\n  ${warning}`);
  console.log(`\n${file}`);
}
