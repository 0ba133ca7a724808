/** A forwarder that dies is started again, also when it dies while it starts, and what is asked of the engine meanwhile is
 *  done when it is back. The same for the worker threads of an embedding program.
 *
 *      c1 ==== datagrams ====> c2          c3: its port comes and goes while nobody forwards                             */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { WORKER_RESTARTS } from "../../assembly/abi/limits.ts";
import type { PortConfig } from "../../bindings/config/types.ts";
import type { Engine } from "../../bindings/engine.ts";
import { createEventfd } from "../../bindings/native/epoll.ts";
import { check } from "../../bindings/native/errno.ts";
import { closeDescriptor } from "../../bindings/native/io.ts";
import { lazily } from "../../bindings/native/koffi.ts";
import { scale } from "../../test/scale.ts";
import { needing } from "../support/need.ts";
import type { Container } from "./container.ts";
import { configure, lawHolds, makeTopology, nextEvent, tapPort, type Topology, until } from "./topology.ts";
import { Datagrams } from "./traffic.ts";

const test = suite("restarts");
const TUN = "/dev/net/tun";
const RING = "anon_inode:[io_uring]";
const libc = lazily((define) => ({ dup2: define<(from: number, to: number) => number>("int dup2(int, int)") }));

/** Descriptors of a process that are `what`. */
function descriptorsOf(pid: number | "self", what: string): number[] {
  return readdirSync(`/proc/${pid}/fd`)
    .map(Number)
    .filter((descriptor) => targetOf(pid, descriptor) === what);
}

/** Puts something else in its place. */
function breakDescriptor(descriptor: number): void {
  const other = createEventfd();
  check(libc().dup2(other, descriptor), "dup2");
  closeDescriptor(other);
}

function targetOf(pid: number | "self", descriptor: number): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
  } catch {
    return ""; // the one by which the folder was read
  }
}

function forwardersOf(engine: Engine): number {
  const name = `pyt-${process.pid}`;
  const lines = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => readOrEmpty(`/proc/${pid}/cmdline`).replaceAll("\0", " "));
  assert.ok(engine.forwarderPid() !== null);
  return lines.filter((line) => line.includes("portyard-forwarder") && line.includes(` ${name} `)).length;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // it has ended meanwhile
  }
}

const kill = (engine: Engine) => process.kill(engine.forwarderPid() as number, "SIGKILL");

/** Every port forwards, every frame of c1 arrives at c2, and the forwarder holds each device once. */
async function isWhole({ engine, containers }: Topology): Promise<void> {
  await until(() => engine.ports().every(({ state }) => state === "up"));
  const [from, to] = containers as [Container, Container];
  const outcome = await Datagrams.send(from, to, to.ipv4, scale.countedDatagrams);
  assert.is(outcome.received, outcome.sent);
  await lawHolds(engine);
}

test(
  ...needing(["root", "iproute2", "tun"], "ports are added and removed while the forwarder is dead or starting", async () => {
    const topology = await makeTopology({ containers: 3 });
    try {
      const { engine, containers } = topology;
      const third = configure([tapPort(containers[2] as Container, "p3")]).ports[0] as PortConfig;
      for (let round = 0; round < scale.forwarderKills * 2; round++) {
        const up = nextEvent(engine, "forwarderUp", () => true);
        kill(engine);
        await delay(round * 20); // each time at another moment of its start
        if (round % 2 === 0) await engine.removePort("p3");
        else assert.is((await engine.addPort(third)).state, "up");
        await up;
        await isWhole(topology);
        assert.is(descriptorsOf(engine.forwarderPid() as number, TUN).length, engine.ports().length);
      }
      assert.is(descriptorsOf("self", TUN).length, engine.ports().length);
    } finally {
      await topology.close();
    }
  }),
);

test(
  ...needing(["root", "iproute2", "tun"], "a forwarder that is killed while it starts is started again, one at a time", async () => {
    const topology = await makeTopology({ containers: 2 });
    try {
      const { engine } = topology;
      const pauses: number[] = [];
      engine.on("forwarderDown", (_reason, delayMs) => pauses.push(delayMs));
      kill(engine);
      for (let round = 0; round < scale.forwarderKills; round++) {
        await until(() => pauses.length === round + 1 && engine.forwarderPid() !== null);
        kill(engine);
      }
      await until(() => pauses.length === scale.forwarderKills + 1);
      await isWhole(topology);
      assert.is(forwardersOf(engine), 1);
      assert.equal(
        pauses,
        [...pauses].sort((a, b) => a - b),
        "pauses grow",
      );
      assert.is(pauses.length, scale.forwarderKills + 1, "one end, one report");
    } finally {
      await topology.close();
    }
  }),
);

/** The kernel takes nothing by this ring any more; the worker notices at its next turn. */
function breakRing({ containers }: Topology): void {
  breakDescriptor(descriptorsOf("self", RING)[0] as number);
  const [from, to] = containers as [Container, Container];
  void Datagrams.send(from, to, to.ipv4, 1);
}

test(
  ...needing(
    ["root", "iproute2", "tun", "uring"],
    "a worker whose ring fails gets a new one; when that fails too often all begin anew",
    async () => {
      const topology = await makeTopology({ containers: 2, engine: { isolation: "thread", io: "uring" } });
      try {
        const { engine } = topology;
        await isWhole(topology);
        const before = readdirSync("/proc/self/fd").length;
        for (let round = 0; round < WORKER_RESTARTS; round++) {
          const down = nextEvent(engine, "workerDown", () => true);
          const up = nextEvent(engine, "workerUp", () => true);
          breakRing(topology);
          assert.equal(await down, [0, "error", null, null]);
          await up;
          await isWhole(topology);
        }
        assert.is(engine.workers()[0]?.incarnation, WORKER_RESTARTS + 1);
        const down = nextEvent(engine, "forwarderDown", () => true);
        const up = nextEvent(engine, "forwarderUp", () => true);
        breakRing(topology);
        const [reason] = await down;
        assert.match(reason, `Worker 0 died ${WORKER_RESTARTS + 1} times`);
        assert.match(reason, "io_uring_enter failed");
        await up;
        await isWhole(topology);
        await descriptorsAre(before); // the thread that waits for the next death comes last
      } finally {
        await topology.close();
      }
    },
  ),
);

/** Waits until this process has as many descriptors as before. */
async function descriptorsAre(count: number): Promise<void> {
  const actual = () => readdirSync("/proc/self/fd").length;
  for (const end = performance.now() + scale.nativePatienceMilliseconds; actual() !== count && performance.now() < end; ) await delay(10);
  assert.is(actual(), count);
}

test.run();
