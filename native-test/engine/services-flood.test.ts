/** One port begins connections to a service that nobody will go on with, as fast as it can, until the flow table is full; streams of others go on, and
 *  others begin new ones.
 *
 *      c1 (streams) ───── TAP p1 ──┐
 *      c2 (router) ────── TAP p2 ──┤ 20,000 SYNs a second from behind it, of clients in 198.18.0.0/15 (source check off)
 *      c3 (b1) ────────── TAP p3 ──┼─ network blue ── web 10.77.0.100: TCP 90 -> 9090, which sends back what it gets
 *      c4 (newcomers) ─── TAP p4 ──┤ with two workers: that of p2
 *      c5 (b2) ────────── TAP p5 ──┤ backends answer the invented clients by way of c2, which lets these answers be
 *      c6 (b3) ────────── TAP p6 ──┘                                                                                      */
import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { virtualMac } from "../../bindings/config/mac-address.ts";
import type { EngineConfig } from "../../bindings/config/types.ts";
import type { Engine } from "../../bindings/engine.ts";
import type { FlowCounts, FlowStateCounts } from "../../bindings/engine/types.ts";
import { scale } from "../../test/scale.ts";
import { ip } from "../support/ip.ts";
import { needing } from "../support/need.ts";
import { Container } from "./container.ts";
import { withEngine } from "./predecessor.ts";
import { backendOf, VIRTUAL } from "./services.ts";
import type { Connected, TcpCounts } from "./station-connections.ts";
import type { Flooded } from "./station-floods.ts";
import { configure, lawHolds, tapPort, until } from "./topology.ts";

const test = suite("SYN flood");
const PORT = 90;
const TARGET_PORT = 9090;
const INVENTED = "198.18.0.0/15";
/** Of each stream. */
const EVERY_MS = 500;
/** Until a new connection has its answer. */
const PATIENCE_MS = 3000;
/** Of the rate that is wanted. */
const REACHED = 0.95;

interface Scene {
  engine: Engine;
  client: Container;
  router: Container;
  newcomer: Container;
  backends: Container[];
}

async function withScene(workers: number, body: (scene: Scene) => Promise<void>): Promise<void> {
  const containers = [1, 2, 3, 4, 5, 6].map((number) => new Container(number));
  const [client, router, first, newcomer, ...others] = containers as [Container, Container, Container, Container, ...Container[]];
  const backends = [first, ...others];
  const ports = containers.map((container, index) =>
    tapPort(container, `p${index + 1}`, container === router ? { sourceCheck: false } : {}),
  );
  try {
    await withEngine(serving(configure(ports, { workers }), backends), async (engine) => {
      for (const { namespace, station } of backends) {
        ip(`-n ${namespace.name} route add ${INVENTED} via ${router.ipv4}`);
        await station.ask("echo", { port: TARGET_PORT, address: "0.0.0.0", precedes: true });
      }
      assert.is(engine.ports()[1]?.worker, engine.ports()[3]?.worker);
      await body({ engine, client, router, newcomer, backends });
    });
  } finally {
    for (const container of containers) await container.remove();
  }
}

/** With all that a service has by default. */
function serving(config: EngineConfig, backends: Container[]): EngineConfig {
  const service = {
    name: "web",
    network: "blue",
    addresses: [VIRTUAL],
    ports: [{ protocol: "tcp" as const, port: PORT, lastPort: PORT, targetPort: TARGET_PORT }],
    algorithm: "round-robin" as const,
    backends: backends.map((container, index) => backendOf(container, `b${index + 1}`)),
    slowStartSeconds: 0,
    ejection: { failures: 5, seconds: 30, maxSeconds: 300, share: 0.1 },
    panicShare: 0.5,
    affinitySeconds: 0,
  };
  return { ...config, tables: { ...config.tables, flows: scale.floodedFlows }, services: [service] };
}

/** Resolves when something has come back on each stream from now on. */
async function streamsGoOn({ station }: Container): Promise<void> {
  const state = () => station.ask<{ echoed: number[]; faults: string[] }>("streamState", { port: PORT });
  const before = await state();
  for (const end = Date.now() + scale.nativePatienceMilliseconds; ; await delay(100)) {
    const { echoed, faults } = await state();
    assert.equal(faults, []);
    if (echoed.every((bytes, index) => bytes > (before.echoed[index] as number))) return;
    assert.ok(Date.now() < end, "a stream stands still");
  }
}

const tcpCounts = ({ station }: Container): Promise<TcpCounts> => station.ask("tcpCounts", {});

/** Of all workers. */
function counted(engine: Engine): Pick<FlowCounts, "inserted" | "refused" | "evicted" | "expired"> {
  const all = engine.workers().map(({ flows }) => flows);
  const sum = (key: "inserted" | "refused") => all.reduce((total, flows) => total + flows[key], 0);
  const sums = (key: "evicted" | "expired") => {
    const states = Object.keys(all[0]![key]) as (keyof FlowStateCounts)[];
    return Object.fromEntries(states.map((state) => [state, all.reduce((total, flows) => total + flows[key][state], 0)]));
  };
  return { inserted: sum("inserted"), refused: sum("refused"), evicted: sums("evicted"), expired: sums("expired") } as never;
}

interface Outcome {
  connected: Connected;
  /** SYNs of newcomers that had to be sent again. */
  synsAgain: number;
  flooded?: Flooded;
}

/** New connections while streams go on. */
async function newcomersConnect({ client, newcomer }: Scene): Promise<Outcome> {
  const wanted = { port: PORT, address: VIRTUAL, count: scale.floodedConnections, perSecond: scale.floodedConnectionsPerSecond };
  const connected = await newcomer.station.ask<Connected>("connectAll", wanted);
  await streamsGoOn(client);
  return { connected, synsAgain: (await tcpCounts(newcomer)).synsAgain };
}

/** Streams are there before, and after; `during` is in between. Says what came of it, and asserts that it was well. */
async function withStreams(scene: Scene, during: () => Promise<Outcome>, print: (words: string) => void): Promise<void> {
  const { engine, client } = scene;
  await client.station.ask("openStreams", { port: PORT, address: VIRTUAL, count: scale.floodedStreams, everyMs: EVERY_MS });
  await streamsGoOn(client);
  const outcome = await during();
  print(told(outcome));
  await streamsGoOn(client);
  assert.is((await tcpCounts(client)).resets, 0, "streams that were reset");
  assert.equal(outcome.connected.faults, []);
  assert.is(outcome.connected.count, scale.floodedConnections);
  assert.ok(outcome.connected.slowestMs < PATIENCE_MS, `the slowest new connection took ${outcome.connected.slowestMs} ms`);
  const { inserted, refused, evicted, expired } = counted(engine);
  assert.equal([evicted.established, evicted.closing, expired.established, refused], [0, 0, 0, 0]);
  print(`${inserted} flows began, room for ${scale.floodedFlows}; evicted: ${words(evicted)}`);
  await client.station.ask("closeStreams", { port: PORT });
  await lawHolds(engine);
}

/** Flows of a full table: one that makes room for another is not counted for a moment, and with two workers a quarter belongs to the one that has
 *  nothing of the flood. */
function fullFrom(engine: Engine): number {
  return engine.workers().length === 1 ? scale.floodedFlows - 1 : scale.floodedFlows / 2 + scale.floodedFlows / 5;
}

/** Fills the table, and goes on until `during` is over. */
async function whileFlooded({ engine, router }: Scene, during: () => Promise<Outcome>): Promise<Outcome> {
  const flood = { perSecond: scale.floodedSyns, limit: scale.floodedSyns * scale.floodSeconds };
  await router.station.ask("floodSyns", { ...flood, address: VIRTUAL, port: PORT, mac: virtualMac("blue", VIRTUAL) });
  const isFull = () => counted(engine).evicted.halfOpen > 0 && engine.counters().flows >= fullFrom(engine);
  await until(isFull);
  const outcome = await during();
  await until(isFull);
  const flooded = await router.station.ask<Flooded>("endFlood", {});
  const rate = flooded.syns / flooded.seconds;
  assert.ok(rate > REACHED * scale.floodedSyns, `${rate} SYNs a second were sent`);
  const { inserted } = counted(engine);
  assert.ok(inserted > REACHED * flooded.syns, `${inserted} flows began`);
  return { ...outcome, flooded };
}

const words = (counts: FlowStateCounts): string =>
  Object.entries(counts)
    .map(([state, count]) => `${state} ${count}`)
    .join(", ");

function told({ connected: { count, handshakeMs, slowestMs }, synsAgain, flooded }: Outcome): string {
  const share = ((100 * synsAgain) / count).toFixed(1);
  const flood =
    flooded === undefined ? "no flood" : `${(flooded.syns / flooded.seconds).toFixed(0)} SYNs a second for ${flooded.seconds.toFixed(1)} s`;
  return `${flood}: ${count} new connections within ${handshakeMs.toFixed(0)} ms, answered within ${slowestMs.toFixed(0)}; ${synsAgain} (${share} %) by a second SYN`;
}

for (const workers of [1, 2]) {
  const print = (what: string) => console.log(`${workers} worker${workers > 1 ? "s" : ""}, ${what}`);
  test(
    ...needing(
      ["root", "iproute2", "tun"],
      `${workers} workers, ${scale.floodedSyns} SYNs a second, a full table: ${scale.floodedStreams} streams go on, and others begin`,
      async () => {
        await withScene(workers, async (scene) => {
          await withStreams(scene, () => newcomersConnect(scene), print);
          assert.is(counted(scene.engine).evicted.halfOpen, 0);
        });
        await withScene(workers, (scene) => withStreams(scene, () => whileFlooded(scene, () => newcomersConnect(scene)), print));
      },
    ),
  );
}

test.run();
