/** Workers die of frames, under load: a trap, a trap behind the egress, an endless loop. Four containers on one network;
 *  ports are read by two workers in turns, and c3 is the one that sends poison.
 *
 *      worker 0:  p1 (c1) ==== 1,000 a second ====> p2 (c2)          p3 (c3): poison
 *      worker 1:  p2 (c2) ==== 1,000 a second ====> p4 (c4)                                                              */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as fault from "../../assembly/abi/fault.ts";
import { POISON_FILES, WORKER_RESTARTS } from "../../assembly/abi/limits.ts";
import { readCapture } from "../../bindings/capture/read-capture.ts";
import type { PortConfig } from "../../bindings/config/types.ts";
import type { Engine } from "../../bindings/engine.ts";
import type { EngineOptions, WorkerDeath } from "../../bindings/engine/types.ts";
import { PortyardError } from "../../bindings/error.ts";
import { scale } from "../../test/scale.ts";
import { needing } from "../support/need.ts";
import type { Container } from "./container.ts";
import { createEngine } from "./own-engine.ts";
import { Poison } from "./poison.ts";
import { configure, lawHolds, makeTopology, nextEvent, tapPort, type Topology, until } from "./topology.ts";
import { printOutcomes } from "./outcomes.ts";
import { Datagrams, type Outcome } from "./traffic.ts";

const test = suite("deaths of workers");
const FAULTY: EngineOptions = { build: "debug", faultFrames: true };
/** Datagrams before and after a death. */
const AROUND = 200;

interface Scene extends Topology {
  poison: Poison;
}

async function withScene(options: EngineOptions, body: (scene: Scene) => Promise<void>): Promise<void> {
  const topology = await makeTopology({ containers: 4, workers: 2, engine: { ...FAULTY, ...options } });
  const poison = new Poison(topology.containers[2] as Container);
  try {
    await body({ ...topology, poison });
  } finally {
    poison.close();
    await topology.close();
  }
}

/** So many frames more have left by a port. */
async function passed(engine: Engine, port: string, frames: number): Promise<void> {
  const sent = () => engine.ports().find(({ name }) => name === port)!.sentFrames;
  const before = sent();
  await until(() => sent() >= before + frames);
}

/** One death: what became of the datagrams of the worker that died, and of the other one's. */
async function die({ engine, containers, poison }: Scene, kind: number, reason: WorkerDeath): Promise<{ own: Outcome; other: Outcome }> {
  const [first, second, , fourth] = containers as [Container, Container, Container, Container];
  const loads = [await Datagrams.start(first, second, second.ipv4), await Datagrams.start(second, fourth, fourth.ipv4)] as const;
  await passed(engine, "p2", AROUND);
  const down = nextEvent(engine, "workerDown", () => true);
  const up = nextEvent(engine, "workerUp", (worker) => worker === 0);
  const frame = poison.send(kind);
  const [worker, why, port, file] = await down;
  assert.equal([worker, why, port], [0, reason, "p3"]);
  await up;
  holdsFrame(file as string, frame);
  await passed(engine, "p2", AROUND);
  const [own, other] = await Promise.all(loads.map((load) => load.stop()));
  return { own: own as Outcome, other: other as Outcome };
}

/** The file has this very frame, and nobody else may read it. */
function holdsFrame(file: string, frame: Uint8Array): void {
  const { frames, interfaces, damage } = readCapture(readFileSync(file));
  assert.is(damage, null);
  assert.is(frames.length, 1);
  assert.equal([...frames[0]!.bytes], [...frame]);
  assert.is(interfaces[0]?.name, "p3");
  assert.match(frames[0]!.comment ?? "", "port p3 (2); worker 0");
  assert.is(statSync(file).mode & 0o777, 0o600);
}

/** Deaths, an engine for as many as one may die within a minute. */
async function dieOften(
  options: EngineOptions,
  times: number,
  kind: number,
  reason: WorkerDeath,
): Promise<{ own: Outcome[]; other: Outcome[] }> {
  const outcomes: { own: Outcome; other: Outcome }[] = [];
  while (outcomes.length < times) {
    await withScene(options, async (scene) => {
      const { engine } = scene;
      const held = () => readdirSync(`/proc/${engine.forwarderPid() ?? "self"}/fd`).length;
      for (const container of scene.containers) await Datagrams.send(container, container, container.ipv4, 1); // all stations run
      const before = held();
      for (let death = 0; death < WORKER_RESTARTS && outcomes.length < times; death++) {
        outcomes.push(await die(scene, kind, reason));
        await lawHolds(engine);
      }
      await until(() => held() === before); // the next spare thread has its own soon
      const drops = engine.drops().filter((drop) => drop.reason === "poison");
      assert.equal(drops, [{ reason: "poison", port: "p3", count: (engine.workers()[0]?.incarnation as number) - 1 }]);
      assert.is(engine.workers()[1]?.incarnation, 1, "the other worker goes on");
    });
  }
  return { own: outcomes.map(({ own }) => own), other: outcomes.map(({ other }) => other) };
}

for (const isolation of ["process", "thread"] as const)
  for (const io of ["uring", "syscall"] as const)
    for (const [what, kind, reason, worstMs] of [
      ["a trap", fault.FAULT_TRAP, "trap", 150],
      ["a trap behind the egress", fault.FAULT_TRAP_LATE, "trap", 150],
      ["an endless loop", fault.FAULT_SPIN, "hang", 500],
    ] as const)
      test(
        ...needing(
          ["root", "iproute2", "tun", "uring"],
          `${isolation}, ${io}: a worker dies of ${what}, the other does not notice`,
          async () => {
            const { own, other } = await dieOften({ isolation, io }, scale.workerDeaths, kind, reason);
            printOutcomes(`${isolation}, ${io}: ${what}`, own);
            for (const { sent, received } of other) assert.is(received, sent, "the other worker's ports lose nothing");
            for (const { longestGapMs } of own) assert.ok(longestGapMs <= worstMs, `a gap of ${longestGapMs} ms`);
          },
        ),
      );

for (const isolation of ["process", "thread"] as const)
  test(
    ...needing(
      ["root", "iproute2", "tun", "uring"],
      `${isolation}: a storm of poison shuts its port and names it, the worker goes on`,
      async () => {
        await withScene({ isolation, io: "uring" }, async ({ engine, containers, poison }) => {
          const [first, second] = containers as [Container, Container];
          const shut = nextEvent(engine, "portDown", () => true);
          const files = new Set<string | null>();
          engine.on("workerDown", (_worker, _reason, _port, file) => files.add(file));
          const storm = setInterval(() => poison.send(), 5);
          assert.equal(await shut, ["p3", "poison"]);
          clearInterval(storm);
          const deaths = WORKER_RESTARTS + 1;
          await until(() => engine.workers()[0]?.incarnation === deaths + 1 && files.size === deaths);
          const port = engine.ports().find(({ name }) => name === "p3");
          assert.equal([port?.state, port?.error], ["shut", "poison"]);
          const outcome = await Datagrams.send(first, second, second.ipv4, scale.countedDatagrams);
          assert.is(outcome.received, outcome.sent);
          poison.send();
          const after = await Datagrams.send(second, first, first.ipv6, scale.countedDatagrams);
          assert.is(after.received, after.sent);
          assert.is(engine.workers()[0]?.incarnation, deaths + 1, "nobody reads that port any more");
          await lawHolds(engine);
          await engine.removePort("p3");
          assert.not.ok(engine.ports().some(({ name }) => name === "p3"));
          assert.ok(files.size <= POISON_FILES && [...files].every((file) => file !== null && existsSync(file)));
        });
      },
    ),
  );

/** The engine's worker threads, which nobody but it should see. */
function threadsOf(engine: Engine): Worker[] {
  const { parts } = engine as unknown as { parts: { link: { host: { threads: Iterable<Worker> } } } };
  return [...parts.link.host.threads];
}

test(
  ...needing(["root", "iproute2", "tun", "uring"], "a thread that ends unasked is replaced, and what it held is closed", async () => {
    for (let rest = scale.workerDeaths; rest > 0; rest -= WORKER_RESTARTS) await endThreads(Math.min(rest, WORKER_RESTARTS));
  }),
);

/** As many times as an engine lets its workers die within a minute, or fewer. */
async function endThreads(times: number): Promise<void> {
  await withScene({ isolation: "thread", io: "uring" }, async ({ engine, containers }) => {
    const [first, second] = containers as [Container, Container];
    const whole = async () => {
      const { sent, received } = await Datagrams.send(first, second, second.ipv4, scale.countedDatagrams);
      assert.is(received, sent);
    };
    await whole();
    const before = readdirSync("/proc/self/fd").length;
    for (let end = 0; end < times; end++) {
      const down = nextEvent(engine, "workerDown", () => true);
      const up = nextEvent(engine, "workerUp", () => true);
      void threadsOf(engine)[0]?.terminate();
      const [, reason, port, file] = await down;
      assert.equal([reason, port, file], ["exit", null, null]);
      await up;
      await whole();
      await lawHolds(engine);
    }
    await until(() => readdirSync("/proc/self/fd").length === before);
    assert.is(threadsOf(engine).length, 2);
  });
}

test(
  ...needing(["root", "iproute2", "tun"], "a frame can make no worker of another build fail", async () => {
    const refusal = await createEngine(configure([]), { faultFrames: true }).catch((error: unknown) => error);
    assert.ok(refusal instanceof PortyardError && refusal.code === "fault-frames");
    const { engine, containers, close } = await makeTopology({ containers: 2 });
    const poison = new Poison(containers[0] as Container);
    for (const kind of [fault.FAULT_TRAP, fault.FAULT_SPIN, fault.FAULT_TRAP_LATE]) poison.send(kind);
    const [from, to] = containers as [Container, Container];
    const { sent, received } = await Datagrams.send(from, to, to.ipv4, scale.countedDatagrams);
    assert.is(received, sent);
    assert.is(engine.workers()[0]?.incarnation, 1);
    poison.close();
    await close();
  }),
);

test(
  ...needing(["root", "iproute2", "tun", "uring"], "a port that was added again after it was shut forwards", async () => {
    await withScene({ io: "uring" }, async ({ engine, containers, poison }) => {
      const [first, , third] = containers as [Container, Container, Container];
      const shut = nextEvent(engine, "portDown", () => true);
      const storm = setInterval(() => poison.send(), 5);
      await shut;
      clearInterval(storm);
      await engine.removePort("p3");
      assert.is((await engine.addPort(configure([tapPort(third, "p3")]).ports[0] as PortConfig)).state, "up");
      const outcome = await Datagrams.send(first, third, third.ipv4, scale.countedDatagrams);
      assert.is(outcome.received, outcome.sent);
    });
  }),
);

test.run();
