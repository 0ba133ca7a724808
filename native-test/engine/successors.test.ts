/** An engine's process is killed, or lets go, and another engine takes over what it left: the forwarder that went on without
 *  it, or, when both are dead, the tables and the devices that stand in the containers.
 *
 *      c1 ==== datagrams ====> c2          p1, p2, p3: ports of the predecessor in c1, c2, c3                           */
import { execFileSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { EngineConfig } from "../../bindings/config/types.ts";
import type { Engine } from "../../bindings/engine.ts";
import { scale } from "../../test/scale.ts";
import { ip, ipJson } from "../support/ip.ts";
import { type Child, startChild } from "../support/child.ts";
import { needing } from "../support/need.ts";
import { Container } from "./container.ts";
import { createEngine } from "./own-engine.ts";
import { configure, lawHolds, nextEvent, tapPort, until } from "./topology.ts";
import { Datagrams } from "./traffic.ts";

const test = suite("successors");
const NEEDS = ["root", "iproute2", "tun"] as const;

/** Creates the engine that it hears of, says the forwarder's pid, and lets go of the engine when it hears more. */
const PREDECESSOR = `
const { Engine } = await bindings("engine.js");
const engine = await Engine.create(JSON.parse(await heard()));
console.log(engine.forwarderPid());
await heard();
await engine.leave();
console.log("left");
`;

interface Scene {
  containers: [Container, Container, Container];
  config: EngineConfig;
  predecessor: Child;
  forwarder: number;
}

/** Three containers whose engine runs in a process of its own. */
async function withPredecessor(body: (scene: Scene) => Promise<void>): Promise<void> {
  const containers: Scene["containers"] = [new Container(1), new Container(2), new Container(3)];
  const config = configure(containers.map((container, index) => tapPort(container, `p${index + 1}`)));
  const predecessor = startChild(PREDECESSOR);
  try {
    predecessor.say(JSON.stringify(config));
    const forwarder = Number(await predecessor.line());
    await body({ containers, config, predecessor, forwarder });
  } finally {
    await predecessor.finish();
    for (const container of containers) await container.remove();
  }
}

const stations = (engine: Engine): string[] => engine.macs().map(({ mac, port }) => `${mac} ${port}`);
const devicesIn = ({ namespace }: Container): string[] => ipJson(`-n ${namespace.name} link show`).map(({ ifname }) => ifname);

/** A predecessor, whose end is `end`, and a successor while datagrams flow; what became of them. */
async function succeed(scene: Scene, end: () => Promise<void>, check: (engine: Engine) => Promise<void>): Promise<void> {
  const [from, to] = scene.containers;
  const load = await Datagrams.start(from, to, to.ipv4);
  await end();
  const engine = await createEngine(scene.config);
  await check(engine);
  const outcome = await load.stop();
  assert.is(outcome.received, outcome.sent, "no datagram was lost");
  assert.ok(engine.ports().find(({ name }) => name === "p2")!.sentFrames >= outcome.sent, "counters go on");
  await lawHolds(engine);
  await engine.close();
  assert.equal(scene.containers.map(devicesIn), [["lo"], ["lo"], ["lo"]]);
}

for (const [how, end] of [
  ["is killed", ({ predecessor }: Scene) => predecessor.kill("SIGKILL")],
  [
    "lets go",
    async ({ predecessor }: Scene) => {
      predecessor.say("leave");
      assert.is(await predecessor.line(), "left");
      await predecessor.finish();
    },
  ],
] as const)
  test(
    ...needing([...NEEDS], `an engine whose process ${how} is taken over without a lost frame, ${scale.successions} times`, async () => {
      for (let round = 0; round < scale.successions; round++) {
        await withPredecessor(async (scene) => {
          await succeed(
            scene,
            () => end(scene),
            async (engine) => {
              assert.is(engine.forwarderPid(), scene.forwarder, "the forwarder is the same");
              assert.equal(
                engine.ports().map(({ name, state }) => [name, state]),
                ["p1", "p2", "p3"].map((name) => [name, "up"]),
              );
              assert.is(stations(engine).length, 3);
            },
          );
        });
      }
    }),
  );

test(
  ...needing([...NEEDS], "a port that the successor configures differently is made anew, and one that it does not know goes", async () => {
    await withPredecessor(async ({ containers, predecessor, config }) => {
      const [from, to, third] = containers;
      await predecessor.kill("SIGKILL");
      const changed = configure([
        tapPort(from, "p1"),
        tapPort(to, "p2"),
        tapPort(from, "p4", {}, { interface: "eth1", address: "10.77.9.9/16" }),
      ]);
      const engine = await createEngine({
        ...changed,
        ports: changed.ports.map((port) => (port.name === "p2" ? { ...port, macLimit: 7 } : port)),
      });
      assert.equal(
        engine.ports().map(({ name, state }) => [name, state]),
        [
          ["p1", "up"],
          ["p2", "up"],
          ["p4", "up"],
        ],
      );
      assert.equal(devicesIn(third), ["lo"]);
      const { sent, received } = await Datagrams.send(from, to, to.ipv4, scale.countedDatagrams);
      assert.is(received, sent);
      await engine.addPort(config.ports[2]!);
      assert.equal(devicesIn(third).sort(), ["eth0", "lo"]);
      await engine.close();
    });
  }),
);

test(
  ...needing(
    [...NEEDS],
    "when the forwarder is dead too, devices, MACs and counters are taken over, and the end of a namespace is noticed",
    async () => {
      for (let round = 0; round < scale.successions; round++) {
        await withPredecessor(async ({ containers, config, predecessor, forwarder }) => {
          const [from, to] = containers;
          const { sent, received } = await Datagrams.send(from, to, to.ipv4, scale.countedDatagrams);
          assert.is(received, sent);
          await predecessor.kill("SIGKILL");
          process.kill(forwarder, "SIGKILL");
          const before = devicesIn(from);
          const engine = await createEngine(config);
          assert.is.not(engine.forwarderPid(), forwarder);
          assert.equal(devicesIn(from), before);
          assert.is(stations(engine).length, 3);
          assert.ok(engine.ports().find(({ name }) => name === "p2")!.sentFrames >= sent);
          assert.ok(engine.ports().every(({ pinned }) => pinned));
          const after = await Datagrams.send(from, to, to.ipv6, scale.countedDatagrams);
          assert.is(after.received, after.sent);
          const gone = nextEvent(engine, "portDown", (port) => port === "p3");
          const begin = performance.now();
          containers[2].namespace.remove();
          await gone;
          assert.ok(performance.now() - begin < 1000, `the end of a namespace was noticed after ${performance.now() - begin} ms`);
          await engine.close();
          assert.equal([from, to].map(devicesIn), [["lo"], ["lo"]]);
        });
      }
    },
  ),
);

/** Sends `times` datagrams from an address that is not its own: each is a drop `spoofed-source` of its port. */
function spoof({ namespace }: Container, to: Container, times: number): void {
  const script = `
    const socket = require("node:dgram").createSocket("udp4");
    let left = ${times};
    const next = () => (left-- === 0 ? socket.close() : socket.send("x", 9, "${to.ipv4}", next));
    socket.bind(0, "10.77.88.88", next);`;
  execFileSync("ip", ["netns", "exec", namespace.name, process.execPath, "-e", script]);
}

test(
  ...needing(
    [...NEEDS],
    "drops under a predecessor are told to nobody, those that come later to whoever has listened from the start on",
    async () => {
      await withPredecessor(async ({ containers, config, predecessor }) => {
        const [from, to] = containers;
        const { address } = ipJson(`-n ${to.namespace.name} link show dev eth0`)[0];
        ip(`-n ${from.namespace.name} address add 10.77.88.88/32 dev eth0`);
        ip(`-n ${from.namespace.name} neighbour replace ${to.ipv4} lladdr ${address} dev eth0 nud permanent`);
        spoof(from, to, scale.countedDatagrams);
        await predecessor.kill("SIGKILL");
        const engine = await createEngine({ ...config, ports: [] }, { settle: false });
        const spoofed = () => engine.drops().find(({ reason, port }) => reason === "spoofed-source" && port === "p1")?.count ?? 0;
        const told: number[] = [];
        engine.on("dropSampled", (reason, port, count) => reason === "spoofed-source" && port === "p1" && told.push(count));
        for (const port of config.ports) await engine.addPort(port);
        await until(() => spoofed() === scale.countedDatagrams);
        await engine.settle();
        spoof(from, to, scale.countedDatagrams);
        await engine.settle();
        await until(() => spoofed() === 2 * scale.countedDatagrams);
        await engine.removePort("p1");
        assert.is(
          told.reduce((sum, count) => sum + count, 0),
          scale.countedDatagrams,
        );
        await lawHolds(engine);
        await engine.close();
      });
    },
  ),
);

test.run();
