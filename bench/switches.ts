/** How fast is Portyard between two namespaces, next to other switches on the same machine?
 *
 *    pyb-PID-a (10.200.0.1) eth0 ──── switch ──── eth0 (10.200.0.2) pyb-PID-b
 *
 *  Every run builds each switch in turn, measures and removes it, so that slow changes of the machine meet all of them
 *  alike; the median of the runs counts, and ratios against the Linux bridge are printed first. All of it shares the
 *  machine's processors: both ends, the kernel and the switch.
 *
 *  Privileges: root */
import { withCleanup } from "./support/cleanup.ts";
import { attempt, compare, printComparison } from "./support/comparison.ts";
import { removeLeftovers } from "./support/namespace.ts";
import { type CommonOptions, readOptions } from "./support/options.ts";
import { writeResults } from "./support/results.ts";
import { bridge } from "./switches/bridge.ts";
import { COLUMNS, type Figures, measureAll } from "./switches/measure.ts";
import { openVswitchTap, openVswitchVeth } from "./switches/open-vswitch.ts";
import { PORTYARD } from "./switches/portyard.ts";
import type { SwitchUnderTest } from "./switches/types.ts";
import { vde } from "./switches/vde.ts";
import { wire, wireSpin } from "./switches/wire.ts";

const SWITCHES: readonly SwitchUnderTest[] = [bridge, ...PORTYARD, wire, wireSpin, openVswitchVeth, openVswitchTap, vde];
const ABOUT = "bench/switches: namespace - switch - namespace for Portyard and other switches, in one run, alternating.";

await withCleanup(async () => {
  const options = readOptions(
    ABOUT,
    { runs: 5, seconds: 2 },
    SWITCHES.map(({ name }) => name),
  );
  const { present, absent } = choose(options);
  for (const left of removeLeftovers()) console.error(`removed ${left}, left by a run that was killed`);
  const compared = await compare(present, COLUMNS, options.runs, (one) => attempt(one.name, () => measure(one, options.seconds)));
  const file = writeResults("switches", options.save, { options, absent, ...compared });
  const words = {
    options,
    candidate: "switch",
    ratios: "Ratio to the Linux bridge (TCP and UDP: more is better; p50, p99 and CPU: less is better)",
    figures: "Figures",
    notes: absent.map(({ name, reason }) => `left out: ${name}, ${reason}`),
  };
  if (options.json) console.log(JSON.stringify({ absent, ...compared }));
  else printComparison(compared, COLUMNS, words, file);
});

function choose({ only }: CommonOptions) {
  const chosen = SWITCHES.filter(({ name }) => only.includes(name));
  const present = chosen.filter((one) => one.missing() === null);
  return { present, absent: chosen.filter((one) => !present.includes(one)).map((one) => ({ name: one.name, reason: one.missing() })) };
}

async function measure(one: SwitchUnderTest, seconds: number): Promise<Figures> {
  const running = await one.start();
  const figures = await measureAll(running.pair, seconds);
  await running.stop();
  return figures;
}
