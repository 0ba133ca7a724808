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
import { type Candidate, type Column, compare, type Figures, printComparison } from "./support/comparison.ts";
import { median } from "./support/median.ts";
import { removeLeftovers } from "./support/namespace.ts";
import { readOptions } from "./support/options.ts";
import { HOST } from "./support/outside.ts";
import { nextPort, runPair } from "./support/peer.ts";
import { writeResults } from "./support/results.ts";
import { isInstalled } from "./support/shell.ts";

const ABOUT = "bench/docker: containers on networks of Portyard and of Docker's bridge driver, under one dockerd, in one run, alternating.";
const CLIENTS = 32;
/** Of each driver in all, or a few more: every run has as many as the others. */
const STARTS = 20;
/** Ports that one run's measurements take, one after the other. */
const PORTS = 4;
const SUBNET = "10.201.0.0/24";
const GATEWAY = "10.201.0.1";

interface Driver extends Candidate {
  /** Of `docker network create`. */
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

type Key = "start" | "between" | "toHost" | "published" | "connections";

const COLUMNS: readonly Column<Key>[] = [
  { key: "start", title: "start, ms" },
  { key: "between", title: "TCP between containers" },
  { key: "toHost", title: "container to host" },
  { key: "published", title: "published port" },
  { key: "connections", title: "connections" },
];

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
  const starts = Math.ceil(STARTS / options.runs);
  const compared = await compare(drivers, COLUMNS, options.runs, (driver) => measure(host, driver, starts, options.seconds));
  const file = writeResults("docker", options.save, { options, ...compared });
  const words = {
    options,
    also: `${starts * options.runs} starts`,
    candidate: "driver",
    ratios: "Ratio to Docker's bridge driver (of the start less is better, of all else more)",
    figures: "Figures, milliseconds, Gb/s and connections a second",
  };
  if (options.json) console.log(JSON.stringify(compared));
  else printComparison(compared, COLUMNS, words, file);
});

async function measure(host: DockerHost, { name, options }: Driver, starts: number, seconds: number): Promise<Figures<Key>> {
  host.docker("network", "create", ...options, "--subnet", SUBNET, "--gateway", GATEWAY, "bench");
  const start = median(Array.from({ length: starts }, (_, index) => timeOfStart(host, `${name}-${index}`)));
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
