/** Ports come and go under load, and nothing stays behind: descriptors, devices and memory of both processes.
 *
 *      c1 ==== numbered datagrams ====> c2          c3: gets and loses ports e0, e1, e2 ... all the while              */
import { readdirSync, readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PortConfig } from "../../bindings/config/types.ts";
import { scale } from "../../test/scale.ts";
import { ipJson } from "../support/ip.ts";
import { needing } from "../support/need.ts";
import type { Container } from "./container.ts";
import { configure, lawHolds, makeTopology, type Topology } from "./topology.ts";
import { Datagrams } from "./traffic.ts";

const test = suite("churn");
/** Ports that are there at the same time. */
const BATCH = 20;

interface Use {
  agentDescriptors: number;
  forwarderDescriptors: number;
  forwarderThreads: number;
}

function use(forwarder: number): Use {
  const count = (path: string) => readdirSync(path).length;
  return {
    agentDescriptors: count("/proc/self/fd"),
    forwarderDescriptors: count(`/proc/${forwarder}/fd`),
    forwarderThreads: count(`/proc/${forwarder}/task`),
  };
}

function residentMegabytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) / 1024;
}

function extraPort({ containers }: Topology, number: number): PortConfig {
  const namespace = containers[2]?.namespace.name;
  const address = `10.77.${100 + Math.floor(number / 250)}.${(number % 250) + 1}/16`;
  const { ports } = configure([{ name: `e${number}`, network: "blue", tap: { namespace, interface: `e${number}`, address } }]);
  return ports[0] as PortConfig;
}

async function churn(topology: Topology, from: number, to: number): Promise<void> {
  for (let first = from; first < to; first += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, to - first) }, (_, index) => first + index);
    for (const number of numbers) await topology.engine.addPort(extraPort(topology, number));
    for (const number of numbers) await topology.engine.removePort(`e${number}`);
  }
}

test(
  ...needing(["root", "iproute2", "tun"], `${scale.churnedPorts} ports added and removed under load leave nothing`, async () => {
    const topology = await makeTopology({ containers: 3, engine: { standby: false } });
    try {
      const { engine, containers } = topology;
      const [from, to] = containers as [Container, Container];
      const forwarder = engine.forwarderPid() as number;
      await churn(topology, 0, BATCH);
      const load = await Datagrams.start(from, to, to.ipv4, { perSecond: 500 });
      const before = use(forwarder);
      const memory = residentMegabytes(forwarder);
      await churn(topology, BATCH, BATCH + scale.churnedPorts);
      const outcome = await load.stop();
      assert.is(outcome.received, outcome.sent);
      assert.equal(use(forwarder), before);
      assert.is(engine.ports().length, 3);
      assert.is(engine.counters().macs, 3);
      await lawHolds(engine);
      const left = ipJson(`-n ${containers[2]?.namespace.name} link show`).map(({ ifname }) => ifname);
      assert.equal(left.sort(), ["eth0", "lo"]);
      const growth = residentMegabytes(forwarder) - memory;
      console.log(
        `${scale.churnedPorts} ports: the forwarder's memory grew by ${growth.toFixed(1)} MB, ${outcome.sent} datagrams, none lost`,
      );
      assert.ok(growth < 40, `memory grew by ${growth} MB`);
    } finally {
      await topology.close();
    }
  }),
);

test.run();
