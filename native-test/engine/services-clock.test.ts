/** The wall clock of an engine and its forwarder jumps by an hour, forward and then back, to an hour behind the host's. All times of flows, clients and
 *  stations are a sixth of that at most, and nothing of them has ended; what really is silent for too long has.
 *
 *      c1 (client) ── TAP p1 ──────┐ (source check off)
 *      c2 (b1) ────── TAP p2 ──────┼─ network blue ── web 10.77.0.100: TCP 90, 91 and 92 -> 9090-9092, UDP 80 -> 8080, 95 -> 9500
 *      c3 (b2) ────── TAP p3 ──────┤    c1 comes back to the backend that it has had (session affinity)
 *      c4 ─────────── veth, p4 ────┘    is learned, nothing of it is bound                                                 */
import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { virtualMac } from "../../bindings/config/mac-address.ts";
import type { EngineConfig, ServicePort } from "../../bindings/config/types.ts";
import type { EngineCounters, FlowInfo, MacInfo, ServiceInfo } from "../../bindings/engine/types.ts";
import { scale } from "../../test/scale.ts";
import { type Child, startChild } from "../support/child.ts";
import { needing } from "../support/need.ts";
import { WallClock } from "../support/wall-clock.ts";
import { Container } from "./container.ts";
import { backendOf, VIRTUAL } from "./services.ts";
import type { Connected } from "./station-connections.ts";
import type { Answers } from "./station-requests.ts";
import { configure, packetPort, tapPort } from "./topology.ts";
import { Datagrams } from "./traffic.ts";

const test = suite("wall clock");
const COUNT = scale.clockedFlows;
const HOUR = 3600;
const TIMEOUT = 600;
/** Streams that something is said by all the time, such as are silent, and connections that have ended. */
const [BUSY, SILENT, ENDED] = [90, 91, 92];
const ANSWERED = 80;
const UNANSWERED = 95;
/** All that the test lasts is less than this; one jump is far more. */
const YOUNG_SECONDS = 120;

/** Has an engine, and says what there is whenever it hears something. */
const ENGINE = `
const { Engine } = await bindings("engine.js");
const engine = await Engine.create(JSON.parse(await heard()));
console.log(engine.forwarderPid());
while ((await heard()) !== undefined) {
  const [flows, macs, counters, services] = [engine.flows().flows, engine.macs(), engine.counters(), engine.services()];
  console.log(JSON.stringify({ wallMs: Date.now(), flows, macs, counters, services }));
}
await engine.close();
`;

interface Seen {
  wallMs: number;
  flows: FlowInfo[];
  macs: MacInfo[];
  counters: EngineCounters;
  services: ServiceInfo[];
}

const rule = (protocol: "tcp" | "udp", port: number, targetPort: number): ServicePort => ({ protocol, port, lastPort: port, targetPort });

function serving(config: EngineConfig, backends: Container[]): EngineConfig {
  const service = {
    name: "web",
    network: "blue",
    addresses: [VIRTUAL],
    ports: [
      ...[BUSY, SILENT, ENDED].map((port) => rule("tcp", port, 9000 + port)),
      rule("udp", ANSWERED, 8080),
      rule("udp", UNANSWERED, 9500),
    ],
    algorithm: "round-robin" as const,
    backends: backends.map((container, index) => backendOf(container, `b${index + 1}`)),
    slowStartSeconds: 0,
    ejection: null,
    panicShare: 0,
    affinitySeconds: TIMEOUT,
  };
  const all = { halfOpen: TIMEOUT, established: TIMEOUT, closing: TIMEOUT, timeWait: TIMEOUT, udp: TIMEOUT, icmp: TIMEOUT };
  return { ...config, flowTimeouts: { ...all, udpUnanswered: 1 }, services: [service] };
}

class Scene {
  readonly containers = [1, 2, 3, 4].map((number) => new Container(number)) as [Container, Container, Container, Container];
  readonly clock = new WallClock();
  private readonly engine: Child = startChild(ENGINE, { through: this.clock.before });

  async begin(): Promise<void> {
    const [client, first, second, learned] = this.containers;
    const extra = (container: Container) => (container === client ? { sourceCheck: false } : {});
    const taps = [client, first, second].map((container, index) => tapPort(container, `p${index + 1}`, extra(container)));
    const config = configure([...taps, packetPort(learned, "p4")]);
    this.engine.say(JSON.stringify(serving(config, [first, second])));
    const forwarder = Number(await this.engine.line());
    assert.ok(this.clock.isOf(forwarder), "the forwarder has the clock as well");
    for (const { station } of [first, second]) {
      for (const port of [BUSY, SILENT, ENDED]) await station.ask("echo", { port: 9000 + port, address: "0.0.0.0" });
      await station.ask("serveDatagrams", { port: 8080, name: "somebody" });
      await station.ask("receive", { port: 9500, address: "0.0.0.0", segmentBytes: null });
    }
  }

  async look(): Promise<Seen> {
    this.engine.say("look");
    return JSON.parse(await this.engine.line()) as Seen;
  }

  /** Looks until `condition` holds. */
  async until(what: string, condition: (seen: Seen) => boolean): Promise<Seen> {
    for (const end = performance.now() + scale.nativePatienceMilliseconds; ; await delay(50)) {
      const seen = await this.look();
      if (condition(seen)) return seen;
      assert.ok(performance.now() < end, what);
    }
  }

  /** A request that nobody answers, until its flow's time is out: the sweep was there. */
  async sweepOnce(): Promise<Seen> {
    const [{ station }] = this.containers;
    const expired = ({ counters }: Seen) => counters.workers[0]!.flows.expired.udpUnanswered;
    const before = expired(await this.look());
    await station.ask("send", { port: UNANSWERED, address: VIRTUAL, perSecond: 1000, bytes: 20, limit: 1, segments: 1 });
    await station.ask("sent", { port: UNANSWERED, now: false });
    return this.until("a request that nobody answers goes", (seen) => expired(seen) > before);
  }

  /** From the end of one pass of the sweep over the table to the end of another. */
  async sweepAll(): Promise<Seen> {
    await this.sweepOnce();
    return this.sweepOnce();
  }

  async end(): Promise<void> {
    await this.engine.finish();
    for (const container of this.containers) await container.remove();
    this.clock.remove();
  }
}

/** Connections that begin and end. */
async function connectBriefly({ station }: Container): Promise<void> {
  const { faults } = await station.ask<Connected>("connectAll", { address: VIRTUAL, port: ENDED, count: COUNT, perSecond: 100 });
  assert.equal(faults, []);
}

/** Connections in every state that they can be in for a while. */
async function beginFlows(scene: Scene): Promise<void> {
  const [client, first, , learned] = scene.containers;
  const asked = { address: VIRTUAL, count: COUNT };
  await client.station.ask("openStreams", { ...asked, port: BUSY });
  await client.station.ask("openStreams", { ...asked, port: SILENT, everyMs: HOUR * 1000 });
  await connectBriefly(client);
  assert.equal(await client.station.ask<Answers>("askByDatagrams", { ...asked, port: ANSWERED }), {
    answers: { somebody: COUNT },
    faults: [],
  });
  const flood = { address: VIRTUAL, port: BUSY, mac: virtualMac("blue", VIRTUAL), perSecond: 100, limit: COUNT };
  await client.station.ask("floodSyns", flood);
  await scene.until("SYNs begin flows", ({ flows }) => flows.filter(({ state }) => state === "half-open").length === COUNT);
  await client.station.ask("endFlood", {});
  const { sent, received } = await Datagrams.send(learned, first, first.ipv4, 1);
  assert.is(received, sent);
}

/** How many flows there are in each state, beside those that are to go. */
function states({ flows }: Seen): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of flows) if (state !== "udp-unanswered") counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

const stations = ({ macs }: Seen): string[] => macs.map(({ mac, port, kind }) => `${mac} ${port} ${kind}`).sort();

/** The answers to all streams that go on. */
async function streamsGoOn({ station }: Container): Promise<void> {
  const state = (port: number) => station.ask<{ echoed: number[]; faults: string[] }>("streamState", { port });
  const before = await state(BUSY);
  for (const end = performance.now() + scale.nativePatienceMilliseconds; ; await delay(10)) {
    const { echoed, faults } = await state(BUSY);
    assert.equal([...faults, ...(await state(SILENT)).faults], []);
    if (echoed.every((bytes, index) => bytes > (before.echoed[index] as number))) return;
    assert.ok(performance.now() < end, "a stream stands still");
  }
}

/** Backends that the client's connections went to. */
const chosen = ({ flows }: Seen, { ipv4 }: Container): Set<string | null> =>
  new Set(flows.filter(({ client }) => client.startsWith(`${ipv4}:`)).map(({ backend }) => backend));

test(
  ...needing(["root", "iproute2", "tun", "cc"], "it jumps an hour forward and two back: nothing ends, and everything goes on", async () => {
    const scene = new Scene();
    const [client] = scene.containers;
    try {
      await scene.begin();
      await beginFlows(scene);
      const begun: Record<string, number> = { established: 2 * COUNT, "time-wait": COUNT, udp: COUNT, "half-open": COUNT };
      const isBegun = (seen: Seen) => Object.entries(begun).every(([state, count]) => states(seen)[state] === count);
      const before = await scene.until("flows in every state", isBegun);
      assert.ok(before.macs.some(({ kind }) => kind === "learned"));
      for (const ahead of [HOUR, -HOUR]) {
        scene.clock.jumpTo(ahead);
        const after = await scene.sweepAll();
        assert.ok(Math.abs(after.wallMs - Date.now() - ahead * 1000) < YOUNG_SECONDS * 1000, "the clock has jumped");
        assert.equal(states(after), begun);
        assert.equal(stations(after), stations(before));
        const { udpUnanswered: _real, ...expired } = after.counters.workers[0]!.flows.expired;
        assert.equal(Object.values(expired), [0, 0, 0, 0, 0, 0]);
        const ages = [...after.flows.map(({ idleSeconds }) => idleSeconds), ...after.macs.map(({ ageSeconds }) => ageSeconds)];
        assert.ok(Math.min(...ages) >= 0 && Math.max(...ages) < YOUNG_SECONDS, `ages from ${Math.min(...ages)} to ${Math.max(...ages)} s`);
        await streamsGoOn(client);
        await connectBriefly(client);
        begun["time-wait"]! += COUNT;
        assert.is(chosen(await scene.until("new connections", isBegun), client).size, 1, "it comes back to its backend");
        console.log(`${ahead / HOUR} h: ${after.flows.length} flows, none over ${Math.max(...ages)} s old`);
      }
    } finally {
      await scene.end();
    }
  }),
);

test.run();
