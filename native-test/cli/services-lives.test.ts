/** The agent is killed while connections go through virtual addresses: who holds them, and which backend a new one gets, is in the tables and in the
 *  forwarder, so that nothing happens. The next agent knows all of it, and what is changed by it reaches what goes on.
 *
 *      left ── open streams, new connections ──> web     10.77.0.100 (file) ┐     ┌ b1: right
 *                                                shop    10.77.0.101 (API)  ┴─────┴ b2: third
 *                                                closed  10.77.0.102 (file): its only backend is drained                    */
import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { BackendView, FlowView, ServiceView } from "../../agent/api/service-schema.ts";
import { scale } from "../../test/scale.ts";
import type { Answers } from "../engine/station-requests.ts";
import { Station } from "../engine/station.ts";
import { blue, left, right, story, type Yard } from "./support/instance.ts";

const test = suite("three lives of services");
const NAME = ["--name", "lab"];
const third = { name: "third", network: "blue", tap: { namespace: "third", interface: "eth0", address: ["10.77.0.4", "fd77::4"] } };
const BACKENDS = [
  { name: "b1", address: "10.77.0.3" },
  { name: "b2", address: "10.77.0.4" },
];
const HTTP = 8080;
const ECHO = 9090;
const ports = [80, 90, 91].map((port) => ({ protocol: "tcp", port, targetPort: port === 80 ? HTTP : ECHO }));
const web = { name: "web", network: "blue", address: "10.77.0.100", ports, algorithm: "round-robin", backends: BACKENDS };
const shop = { ...web, name: "shop", address: "10.77.0.101" };
const closed = { ...web, name: "closed", address: "10.77.0.102", backends: [{ ...BACKENDS[0], weight: 0 }] };
const lab = { name: "lab", networks: [blue], ports: [left, right, third], services: [web, closed] };

/** A service, and the port by which its streams go. */
const SERVED = [
  { name: "web", address: web.address, port: 90 },
  { name: "shop", address: shop.address, port: 91 },
] as const;
type One = (typeof SERVED)[number];
const STREAMS = scale.servedStreams;
const CALLS = scale.agentlessCalls;
/** Source port of the first connection: each has one that no other had before, as a turn is had by a new one alone. */
const FIRST_PORT = 2000;

interface StreamState {
  echoed: number[];
  faults: string[];
}

/** What is behind the virtual addresses, and who speaks to them. */
class Stage {
  readonly #yard: Yard;
  readonly client: Station;
  readonly #backends: Station[];
  #nextPort = FIRST_PORT;

  constructor(yard: Yard) {
    this.#yard = yard;
    const [client, ...backends] = ["left", "right", "third"].map((name) => new Station(name, (command) => yard.machine.enter(command)));
    this.client = client as Station;
    this.#backends = backends;
  }

  async open(): Promise<void> {
    for (const [index, station] of this.#backends.entries()) {
      await station.ask("serveHttp", { port: HTTP, name: `b${index + 1}` });
      await station.ask("echo", { port: ECHO, address: "0.0.0.0" });
    }
    for (const { address, port } of SERVED) await this.client.ask("openStreams", { port, address, count: STREAMS });
  }

  streams({ port }: One): Promise<StreamState> {
    return this.client.ask("streamState", { port });
  }

  /** Resolves when something more has come back on each stream; none has broken. */
  async goOn(): Promise<void> {
    for (const one of SERVED) {
      const { echoed: before } = await this.streams(one);
      await until(`streams to ${one.name} go on`, async () => {
        const { echoed, faults } = await this.streams(one);
        assert.equal(faults, []);
        return echoed.every((bytes, index) => bytes > (before[index] ?? 0));
      });
    }
  }

  /** @param again from the same ports as the last ones. */
  calls(address: string, count = CALLS, again = false): Promise<Answers> {
    const firstLocalPort = again ? this.#nextPort - count : this.#nextPort;
    if (!again) this.#nextPort += count;
    return this.client.ask("ask", { address, port: 80, count, parallel: 4, firstLocalPort });
  }

  /** New connections to both services, each to its turn, and to the one that refuses. */
  async isServed(): Promise<void> {
    for (const { address } of SERVED) assert.equal(await this.calls(address), { answers: { b1: CALLS / 2, b2: CALLS / 2 }, faults: [] });
    const { answers, faults } = await this.calls(closed.address, 1);
    assert.equal(answers, {});
    assert.match(String(faults), /^connect ECONNREFUSED/);
  }

  /** Segments that the client's kernel has sent more than once. */
  resent(): number {
    const text = this.#yard.machine.tool("ip", "netns", "exec", "left", "cat", "/proc/net/snmp");
    const [names, values] = text.split("\n").flatMap((line) => (line.startsWith("Tcp:") ? [line.split(" ")] : [])) as [string[], string[]];
    return Number(values[names.indexOf("RetransSegs")]);
  }

  async end(): Promise<void> {
    for (const station of [this.client, ...this.#backends]) await station.end();
  }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + scale.nativePatienceMilliseconds; !(await holds()); await delay(10)) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
  }
}

/** Clients of open connections, with their backends. */
async function openAt(yard: Yard, service: string): Promise<string[]> {
  const flows: FlowView[] = await yard.json("show", "flows", "--service", service, "--state", "established", ...NAME);
  return flows.map(({ client, backend }) => `${client} ${backend}`).sort();
}

/** What is told of both backends. */
async function counts(yard: Yard, service: string): Promise<Pick<BackendView, "name" | "state" | "active" | "picked" | "failed">[]> {
  const backends: BackendView[] = await yard.json("show", "backends", "--service", service, ...NAME);
  return backends.map(({ name, state, active, picked, failed }) => ({ name, state, active, picked, failed }));
}

/** Both had the same. */
const evenly = (picked: number) =>
  BACKENDS.map(({ name }) => ({ name, state: "usable", active: STREAMS / 2, picked: picked / 2, failed: 0 }));

async function settled(yard: Yard, picked: number): Promise<void> {
  for (const { name } of SERVED) {
    // the last segments of what was closed may be on their way
    await until("what was closed has ended", async () => (await counts(yard, name)).every(({ active }) => active === STREAMS / 2));
    assert.equal(await counts(yard, name), evenly(picked));
  }
}

/** What is changed after all of it reaches the streams that were opened before it. */
async function changes(yard: Yard, stage: Stage): Promise<void> {
  await yard.json("service", "set", "shop", "--algorithm", "weighted-round-robin", "--weight", "b1=3", ...NAME);
  assert.equal(await stage.calls(shop.address, 40), { answers: { b1: 30, b2: 10 }, faults: [] });
  const { active } = await yard.json("service", "drain", "shop", "b1", ...NAME);
  assert.ok(active >= STREAMS / 2);
  assert.equal(await stage.calls(shop.address, 10), { answers: { b2: 10 }, faults: [] });
  await stage.goOn();
  await yard.json("service", "set", "shop", "--algorithm", "round-robin", "--weight", "b1=1", ...NAME);
  assert.equal(await stage.calls(shop.address), { answers: { b1: CALLS / 2, b2: CALLS / 2 }, faults: [] });
  const { endedFlows } = await yard.json("service", "drain", "shop", "b1", "--hard", ...NAME);
  assert.is(endedFlows, STREAMS / 2);
  const resent = stage.resent();
  const again = await stage.calls(web.address, CALLS, true);
  assert.equal(
    again,
    { answers: { b1: CALLS / 2, b2: CALLS / 2 }, faults: [] },
    "b1's kernel remembers these ports, and so does the engine",
  );
  assert.is(stage.resent(), resent);
  await until("its streams are ended", async () => (await stage.streams(SERVED[1])).faults.length === STREAMS / 2);
  assert.equal((await stage.streams(SERVED[0])).faults, []);
  await yard.json("service", "set", "shop", "--weight", "b1=1", ...NAME);
  await stage.isServed();
}

test(
  ...story(
    `the agent is killed ${scale.lives} times: streams go on, new ones have their turns, and the next agent knows all`,
    async (yard) => {
      yard.machine.tool("ip", "netns", "add", "third");
      let agent = await yard.up(lab);
      await yard.json("service", "add", JSON.stringify(shop), ...NAME);
      const stage = new Stage(yard);
      let picked = STREAMS;
      const resent: number[] = [];
      try {
        await stage.open();
        await stage.goOn();
        const open = await Promise.all(SERVED.map(({ name }) => openAt(yard, name)));
        for (let round = 0; round < scale.lives; round++) {
          const before = stage.resent();
          await agent.kill();
          await stage.goOn();
          await stage.isServed();
          await stage.goOn();
          agent = await yard.up(lab);
          await stage.goOn();
          resent.push(stage.resent() - before);
          await stage.isServed();
          picked += 2 * CALLS;
          await settled(yard, picked);
          assert.equal(await Promise.all(SERVED.map(({ name }) => openAt(yard, name))), open);
        }
        const services: ServiceView[] = await yard.json("show", "services", ...NAME);
        assert.equal(
          services.map(({ name, state, owner }) => [name, state, owner]),
          [
            ["web", "up", "file"],
            ["closed", "up", "file"],
            ["shop", "up", "api"],
          ],
        );
        await changes(yard, stage);
        await yard.json("service", "remove", "shop", ...NAME);
        console.log(
          `agent killed and started again, ${scale.lives} times: of ${2 * STREAMS} streams through virtual addresses 0 broken, of ${scale.lives * 2 * CALLS} ` +
            `connections begun without an agent 0 failed, each to its turn; segments sent again at worst ${Math.max(...resent)}`,
        );
      } finally {
        await stage.end();
      }
      await agent.stop("SIGTERM");
      yard.machine.tool("ip", "netns", "del", "third");
    },
  ),
);

test.run();
