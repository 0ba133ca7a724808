/** What a death costs: the forwarder, the agent or both are killed under an instance, with numbered datagrams and TCP streams both ways
 *  between two of its containers all the while. A third one's namespace goes after both had died.
 *
 *      left eth0 <==== 1,000 datagrams a second, TCP streams ====> eth0 right          third: its port is opened in place, then it goes */
import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ask } from "../../test/agent/support/yard.ts";
import { scale } from "../../test/scale.ts";
import { printOutcomes } from "../engine/outcomes.ts";
import { Station } from "../engine/station.ts";
import { Datagrams, type End, type Outcome, Streams } from "../engine/traffic.ts";
import type { Program } from "./demo/program.ts";
import { blue, left, right, SOCKET, story, version, type Yard } from "./support/instance.ts";

const test = suite("three lives");
const third = { name: "third", network: "blue", tap: { namespace: "third", interface: "eth0", address: ["10.77.0.4"] } };
const lab = { name: "lab", networks: [blue], ports: [left, right] };
/** Datagrams before and after a death. */
const AROUND_MS = 200;
/** A port whose namespace went is gone within this time. */
const GONE_MS = 1000;

interface Traffic {
  left: End;
  right: End;
  streams: Streams[];
}

/** Runs with streams between the containers, which must still go on at the end. */
async function withTraffic(yard: Yard, body: (traffic: Traffic) => Promise<void>): Promise<void> {
  const enter = (command: string[]) => yard.machine.enter(command);
  const stations = ["left", "right"].map((name) => new Station(name, enter)) as [Station, Station];
  const [one, other] = stations.map((station) => ({ station })) as [End, End];
  try {
    const half = scale.livingStreams / 2;
    const streams = [await Streams.open(one, other, "10.77.0.3", half), await Streams.open(other, one, "10.77.0.2", half)];
    await body({ left: one, right: other, streams });
    for (const some of streams) await some.close();
  } finally {
    for (const station of stations) await station.end();
  }
}

/** What became of numbered datagrams while `what` happened; the streams go on behind it. */
async function during(traffic: Traffic, what: () => Promise<void>): Promise<Outcome> {
  const load = await Datagrams.start(traffic.left, traffic.right, "10.77.0.3");
  await delay(AROUND_MS);
  await what();
  for (const some of traffic.streams) await some.goOn();
  await delay(AROUND_MS);
  return load.stop();
}

const stations = async (yard: Yard): Promise<string[]> =>
  (await ask(yard.machine.path(SOCKET), "GET", "/v1/macs")).body.map(({ mac, port }: { mac: string; port: string }) => `${mac} ${port}`);

const kill = (yard: Yard, pid: number | null) => yard.machine.tool("kill", "-9", String(pid));

test(
  ...story(`the forwarder is killed ${scale.lives} times: no stream breaks, no station is forgotten`, async (yard) => {
    const agent = await yard.up(lab);
    const outcomes: Outcome[] = [];
    await withTraffic(yard, async (traffic) => {
      for (let round = 0; round < scale.lives; round++) {
        const { forwarderPid } = await version(yard, ({ standbyPid }) => standbyPid !== null);
        const before = await stations(yard);
        const outcome = await during(traffic, async () => {
          kill(yard, forwarderPid);
          await version(yard, (now) => now.forwarderPid !== null && now.forwarderPid !== forwarderPid);
        });
        outcomes.push(outcome);
        assert.equal(await stations(yard), before);
      }
    });
    printOutcomes("forwarder killed", outcomes);
    const worst = Math.max(...outcomes.map(({ longestGapMs }) => longestGapMs));
    assert.ok(worst <= scale.killedForwarderGapMilliseconds, `${worst} ms without a datagram`);
    await agent.stop("SIGTERM");
  }),
);

test(
  ...story(`the agent is killed ${scale.lives} times, and started again: nothing is lost`, async (yard) => {
    let agent = await yard.up(lab);
    const outcomes: Outcome[] = [];
    await withTraffic(yard, async (traffic) => {
      for (let round = 0; round < scale.lives; round++) {
        const { pid, forwarderPid } = await version(yard, () => true);
        const outcome = await during(traffic, async () => {
          kill(yard, pid);
          await agent.exited;
          for (const some of traffic.streams) await some.goOn();
          agent = await yard.up(lab);
        });
        outcomes.push(outcome);
        assert.is((await version(yard, () => true)).forwarderPid, forwarderPid);
      }
    });
    printOutcomes("agent killed and started again", outcomes);
    for (const { sent, received } of outcomes) assert.is(received, sent);
    await agent.stop("SIGTERM");
  }),
);

/** Both are killed while traffic flows, and `up` brings it back. */
async function killBoth(yard: Yard, traffic: Traffic, agent: Program, config: unknown): Promise<{ agent: Program; outcome: Outcome }> {
  const { pid, forwarderPid } = await version(yard, () => true);
  let next = agent;
  const outcome = await during(traffic, async () => {
    kill(yard, pid);
    kill(yard, forwarderPid);
    await agent.exited;
    const addresses = JSON.parse(yard.machine.tool("ip", "-n", "left", "-json", "address", "show", "eth0"))[0].addr_info;
    assert.ok(addresses.some(({ local }: { local: string }) => local === "10.77.0.2"));
    next = await yard.up(config);
  });
  return { agent: next, outcome };
}

test(
  ...story(`both are killed ${scale.lives} times: up brings the traffic back, and a namespace that goes is noticed`, async (yard) => {
    const config = { ...lab, ports: [left, right, third] };
    yard.machine.tool("ip", "netns", "add", "third");
    let agent = await yard.up(config);
    const outcomes: Outcome[] = [];
    await withTraffic(yard, async (traffic) => {
      for (let round = 0; round < scale.lives; round++) {
        const killed = await killBoth(yard, traffic, agent, config);
        agent = killed.agent;
        outcomes.push(killed.outcome);
        await namespaceGoes(yard);
        yard.machine.tool("ip", "netns", "add", "third");
        await agent.stop("SIGTERM");
        agent = await yard.up(config);
      }
    });
    printOutcomes("agent and forwarder killed, and started again", outcomes);
    await agent.stop("SIGTERM");
    yard.machine.tool("ip", "netns", "del", "third");
  }),
);

/** The namespace of the pinned port is deleted: the port is gone within a second, the others forward. */
async function namespaceGoes(yard: Yard): Promise<void> {
  const states = async (): Promise<Record<string, string>> =>
    Object.fromEntries(
      (await ask(yard.machine.path(SOCKET), "GET", "/v1/ports")).body.map(({ name, state }: { name: string; state: string }) => [
        name,
        state,
      ]),
    );
  const begin = performance.now();
  yard.machine.tool("ip", "netns", "del", "third");
  while ((await states()).third !== "gone") {
    assert.ok(performance.now() - begin < GONE_MS, "a port whose namespace went is still there");
    await delay(10);
  }
  assert.equal(await states(), { left: "up", right: "up", third: "gone" });
}

test.run();
