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
import { withCleanup } from "./support/cleanup.ts";
import { attempt, type Column, compare, type Figures, printComparison } from "./support/comparison.ts";
import { removeLeftovers } from "./support/namespace.ts";
import { readOptions } from "./support/options.ts";
import { runPair } from "./support/peer.ts";
import { writeResults } from "./support/results.ts";

const CLIENTS = 32;
const ABOUT = "bench/host: container - switch - host - world for Portyard and a Linux bridge with the same rules, in one run, alternating.";

/** Of one way: Gb/s of one TCP stream, connections a second. */
type Measure = "tcp" | "connections";
type Key = `${Way["key"]}.${Measure}`;

const COLUMNS = WAYS.flatMap(({ key, title }): Column<Key>[] => [
  { key: `${key}.tcp`, title: `${title}, TCP` },
  { key: `${key}.connections`, title: "connections" },
]);

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
  const compared = await compare(switches, COLUMNS, options.runs, (one) => attempt(one.name, () => measure(one, options.seconds)));
  const file = writeResults("host", options.save, { options, rules, ...compared });
  const words = {
    options,
    candidate: "switch",
    ratios: "Ratio to the Linux bridge with the same rules (more is better)",
    figures: "Figures, Gb/s and connections a second",
  };
  if (options.json) console.log(JSON.stringify(compared));
  else printComparison(compared, COLUMNS, words, file);
});

async function readRules(): Promise<string> {
  const world = makeWorld();
  const rules = await rulesOf(world);
  await removeWorld(world);
  return rules;
}

async function measure(one: HostSwitch, seconds: number): Promise<Figures<Key>> {
  const world = makeWorld();
  const disconnect = await one.connect(world);
  const figures: Partial<Figures<Key>> = {};
  for (const { key, pair } of WAYS) {
    const stream = await runPair(pair(world), "stream", ["receive", "send"], 1, seconds);
    figures[`${key}.tcp`] = stream.server.gbps as number;
    const connections = await runPair(pair(world), "connections", ["answer", "open"], CLIENTS, seconds);
    figures[`${key}.connections`] = connections.client.perSecond as number;
  }
  await disconnect();
  await removeWorld(world);
  return figures as Figures<Key>;
}
