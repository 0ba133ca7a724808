/** An engine's process is killed with -9 while streams go through a virtual address, and another engine takes over what it left: tables as they are, or
 *  tables of other sizes that everything is carried over to.
 *
 *      c1 (client) ── TAP p1 ──┐
 *      c2 (b1) ────── TAP p2 ──┼─ network blue ── web 10.77.0.100: TCP 90 and 91 -> 9090
 *      c3 (b2) ────── TAP p3 ──┘                                                                                          */
import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { EngineConfig, ServiceConfig } from "../../bindings/config/types.ts";
import type { Engine } from "../../bindings/engine.ts";
import { scale } from "../../test/scale.ts";
import { type Child, startChild } from "../support/child.ts";
import { needing } from "../support/need.ts";
import { Container } from "./container.ts";
import { withEngine } from "./predecessor.ts";
import { backendOf, VIRTUAL } from "./services.ts";
import type { Answers } from "./station-requests.ts";
import { configure, lawHolds, tapPort } from "./topology.ts";

const test = suite("succession of services");
const NEEDS = ["root", "iproute2", "tun"] as const;
const PORTS = [90, 91];
const COUNT = scale.servedStreams;

/** Creates the engine that it hears of, and says the forwarder's pid. */
const PREDECESSOR = `
const { Engine } = await bindings("engine.js");
const engine = await Engine.create(JSON.parse(await heard()));
console.log(engine.forwarderPid());
await heard();
`;

interface State {
  echoed: number[];
  faults: string[];
}

const serviceOf = ([first, second]: Container[]): ServiceConfig => ({
  name: "web",
  network: "blue",
  addresses: [VIRTUAL],
  ports: PORTS.map((port) => ({ protocol: "tcp", port, lastPort: port, targetPort: 9090 })),
  algorithm: "round-robin",
  backends: [backendOf(first as Container, "b1"), backendOf(second as Container, "b2")],
  slowStartSeconds: 0,
  ejection: null,
  panicShare: 0,
  affinitySeconds: 0,
});

async function streamsGoOn({ station }: Container, port: number): Promise<void> {
  const state = () => station.ask<State>("streamState", { port });
  const before = await state();
  for (const end = Date.now() + scale.nativePatienceMilliseconds; ; await delay(10)) {
    const { echoed, faults } = await state();
    assert.equal(faults, []);
    if (echoed.every((bytes, index) => bytes > (before.echoed[index] ?? 0))) return;
    if (Date.now() > end) throw new Error("a stream stands still");
  }
}

const active = (engine: Engine): number[] => engine.services()[0]!.backends.map((backend) => backend.active);

interface Scene {
  client: Container;
  backends: Container[];
  config: EngineConfig;
  predecessor: Child;
}

/** An engine in a process of its own, between the three; all of it goes afterwards. */
async function withScene(body: (scene: Scene) => Promise<void>): Promise<void> {
  const containers = [1, 2, 3].map((number) => new Container(number));
  const [client, ...backends] = containers as [Container, ...Container[]];
  const networked = configure(containers.map((container, index) => tapPort(container, `p${index + 1}`)));
  const config: EngineConfig = { ...networked, services: [serviceOf(backends)] };
  const predecessor = startChild(PREDECESSOR);
  try {
    predecessor.say(JSON.stringify(config));
    await predecessor.line();
    await body({ client, backends, config, predecessor });
  } finally {
    await predecessor.finish();
    for (const container of containers) await container.remove();
  }
}

const others: [string, (config: EngineConfig) => EngineConfig][] = [
  ["the tables as they are", (config) => config],
  ["tables of other sizes, with another service before it", (config) => ({ ...config, workers: 2, tables: { macs: 1024, flows: 2048 } })],
];

for (const [what, change] of others)
  test(
    ...needing([...NEEDS], `streams through a virtual address go on over ${what}, and new ones begin`, () =>
      withScene(async ({ client, backends, config, predecessor }) => {
        for (const { station } of backends) await station.ask("echo", { port: 9090, address: "0.0.0.0" });
        await client.station.ask("openStreams", { port: PORTS[0], address: VIRTUAL, count: COUNT });
        await streamsGoOn(client, PORTS[0] as number);
        await predecessor.kill("SIGKILL");
        await withEngine(change(config), async (engine) => {
          assert.equal(active(engine), [COUNT / 2, COUNT / 2]);
          assert.is(engine.flows({ service: "web", state: "established" }).flows.length, COUNT);
          await streamsGoOn(client, PORTS[0] as number);
          await client.station.ask("openStreams", { port: PORTS[1], address: VIRTUAL, count: COUNT });
          await streamsGoOn(client, PORTS[1] as number);
          assert.equal(active(engine), [COUNT, COUNT]);
          await lawHolds(engine);
          for (const port of PORTS) await client.station.ask("closeStreams", { port });
        });
      }),
    ),
  );

test(
  ...needing(
    [...NEEDS],
    `requests go on while tables of other sizes are taken over, ${scale.servedSuccessions} times: none fails`,
    async () => {
      for (let round = 0; round < scale.servedSuccessions; round++)
        await withScene(async ({ client, backends, config, predecessor }) => {
          for (const [index, { station }] of backends.entries()) await station.ask("serveHttp", { port: 9090, name: `b${index + 1}` });
          const asking = client.station.ask<Answers>("ask", { address: VIRTUAL, port: 90, parallel: 8, count: scale.succeededRequests });
          await predecessor.kill("SIGKILL");
          await withEngine({ ...config, workers: 2, tables: { macs: 1024, flows: 131_072 } }, async (engine) => {
            const taken = engine.flows({ service: "web" }).flows.length;
            const { answers, faults } = await asking;
            assert.equal(faults, [], `round ${round}, with ${taken} flows taken over`);
            assert.ok(Math.abs((answers["b1"] ?? 0) - (answers["b2"] ?? 0)) <= 16, JSON.stringify(answers));
            const picked = engine.services()[0]!.backends.reduce((sum, backend) => sum + backend.picked, 0);
            assert.ok(picked > 0 && taken > 0, `${taken} connections before the takeover, ${picked} after it`);
            await lawHolds(engine);
          });
        });
    },
  ),
);

test.run();
