/** What does a container cost on a network of Portyard, next to one of Docker's own bridge driver, under the same dockerd?
 *
 *    world ──── host ──── network ──── c1, c2
 *
 *  The time of `docker run -d`; the throughput of one TCP stream between two containers, from a container to the host, and from the world
 *  by a published port; the connections a second of 32 clients by that port. Both drivers in turn, with networks and containers of
 *  their own; the median of the runs counts, and ratios against the bridge are printed first. All of it shares the machine's
 *  processors. Needs dockerd (package docker.io) and a static busybox (package busybox-static).
 *
 *  Privileges: root */
import { PortyardError } from "../bindings/error.ts";
import { IMAGE } from "../cli/docker/plan.ts";
import { DockerHost } from "./docker/host.ts";
import { withCleanup } from "./support/cleanup.ts";
import { median } from "./support/median.ts";
import { removeLeftovers } from "./support/namespace.ts";
import { type CommonOptions, readOptions } from "./support/options.ts";
import { HOST } from "./support/outside.ts";
import { nextPort, runPair } from "./support/peer.ts";
import { backgroundShare, noiseWarning } from "./support/processor.ts";
import { machineLine, writeResults } from "./support/results.ts";
import { isInstalled } from "./support/shell.ts";
import { formatNumber, formatTable } from "./support/table.ts";

const ABOUT = "bench/docker: containers on networks of Portyard and of Docker's bridge driver, under one dockerd, in one run, alternating.";
const CLIENTS = 32;
/** Of each driver in all. */
const STARTS = 20;
/** Ports that one run's measurements take, one after the other. */
const PORTS = 8;
const SUBNET = "10.201.0.0/24";
const GATEWAY = "10.201.0.1";
const background: number[] = [];

interface Driver {
  name: string;
  about: string;
  options: string[];
}

const DRIVERS: readonly Driver[] = [
  { name: "bridge", about: "Docker's bridge driver and addresses, without userland proxy", options: [] },
  {
    name: "portyard",
    about: "Portyard as network and IPAM driver, TAPs, io_uring",
    options: ["-d", "portyard", "--ipam-driver", "portyard"],
  },
];

const KEYS = ["start", "between", "toHost", "published", "connections"] as const;
const TITLES = ["start, ms", "TCP between containers", "container to host", "published port", "connections"];
type Key = (typeof KEYS)[number];
type Figures = Record<Key, number>;

await withCleanup(async () => {
  const options = readOptions(
    ABOUT,
    { runs: 5, seconds: 2 },
    DRIVERS.map(({ name }) => name),
  );
  for (const [program, name] of [
    ["dockerd", "docker.io"],
    ["busybox", "busybox-static"],
  ] as const) {
    if (!isInstalled(program))
      throw new PortyardError("program-missing", `${program} is not installed.`, { path: program, remedy: `apt-get install ${name}` });
  }
  for (const left of removeLeftovers()) console.error(`removed ${left}, left by a run that was killed`);
  const host = await DockerHost.make();
  const drivers = DRIVERS.filter(({ name }) => options.only.includes(name));
  const figures = new Map<string, Figures[]>(drivers.map(({ name }) => [name, []]));
  for (let run = 1; run <= options.runs; run++) {
    for (const driver of drivers) {
      process.stderr.write(`run ${run}/${options.runs} ${driver.name} … `);
      background.push(await backgroundShare());
      const measured = await measure(host, driver, options);
      figures.get(driver.name)?.push(measured);
      process.stderr.write(`${KEYS.map((key) => `${key} ${formatNumber(measured[key])}`).join(", ")}\n`);
    }
  }
  const rows = summarize(drivers, figures);
  const file = writeResults("docker", options.save, { options, background, rows });
  if (options.json) console.log(JSON.stringify({ background, rows }));
  else print(rows, options, file);
});

async function measure(host: DockerHost, { name, options }: Driver, { runs, seconds }: CommonOptions): Promise<Figures> {
  host.docker("network", "create", ...options, "--subnet", SUBNET, "--gateway", GATEWAY, "bench");
  const start = median(Array.from({ length: Math.ceil(STARTS / runs) }, (_, index) => timeOfStart(host, `${name}-${index}`)));
  const first = nextPort();
  const published = `${HOST}:${first}-${first + PORTS - 1}:${first}-${first + PORTS - 1}`;
  const [one, two] = [host.container("c1", "bench", "-p", published), host.container("c2", "bench")];
  const stream = async (client: string, server: string, serverAddress: string, dialledAddress = serverAddress) =>
    (await runPair({ client, server, serverAddress, dialledAddress }, "stream", ["receive", "send"], 1, seconds)).server.gbps as number;
  const between = await stream(two.namespace, one.namespace, one.address);
  const toHost = await stream(one.namespace, host.host.name, GATEWAY);
  const fromWorld = await stream(host.world.name, one.namespace, one.address, HOST);
  const way = { client: host.world.name, server: one.namespace, serverAddress: one.address, dialledAddress: HOST };
  const connections = await runPair(way, "connections", ["answer", "open"], CLIENTS, seconds);
  for (const container of [two, one]) await container.remove();
  host.docker("network", "rm", "bench");
  return { start, between, toHost, published: fromWorld, connections: connections.client.perSecond as number };
}

/** Milliseconds from the command to its end, when the container runs. */
function timeOfStart(host: DockerHost, name: string): number {
  const began = performance.now();
  host.docker("run", "-d", "--network", "bench", "--name", name, IMAGE, "sleep", "infinity");
  const milliseconds = performance.now() - began;
  host.docker("rm", "-f", name);
  return milliseconds;
}

interface Row extends Driver {
  runs: Figures[];
  median: Figures;
  ratio: Figures | null;
}

function summarize(drivers: readonly Driver[], figures: Map<string, Figures[]>): Row[] {
  const middle = (name: string) => eachKey((key) => median((figures.get(name) ?? []).map((run) => run[key])));
  const base = figures.has("bridge") ? middle("bridge") : null;
  return drivers.map((driver) => {
    const own = middle(driver.name);
    const ratio = base === null ? null : eachKey((key) => own[key] / base[key]);
    return { ...driver, runs: figures.get(driver.name) ?? [], median: own, ratio };
  });
}

function eachKey(of: (key: Key) => number): Figures {
  return Object.fromEntries(KEYS.map((key) => [key, of(key)])) as Figures;
}

function print(rows: readonly Row[], { runs, seconds }: CommonOptions, file: string): void {
  const cells = (figures: Figures | null) => KEYS.map((key) => (figures === null ? null : formatNumber(figures[key])));
  console.log(`${machineLine()}; median of ${runs}, ${seconds} s each, ${STARTS} starts\n`);
  console.log("Ratio to Docker's bridge driver (of the start less is better, of all else more)");
  console.log(
    formatTable(
      ["driver", ...TITLES],
      rows.map((row) => [row.name, ...cells(row.ratio)]),
    ),
  );
  console.log("\nFigures, milliseconds, Gb/s and connections a second");
  console.log(
    formatTable(
      ["driver", ...TITLES],
      rows.map((row) => [row.name, ...cells(row.median)]),
    ),
  );
  console.log("");
  for (const { name, about } of rows) console.log(`  ${name}: ${about}`);
  const warning = noiseWarning(background);
  if (warning !== null) console.log(`  ${warning}`);
  console.log(`\n${file}`);
}
