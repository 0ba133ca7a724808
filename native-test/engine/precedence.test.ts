/** Workers run ahead of what they serve (bindings/engine/precedence.ts), also those that take the place of the dead. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as fault from "../../assembly/abi/fault.ts";
import { WORKER_NICE } from "../../bindings/engine/precedence.ts";
import { WORKER_THREAD } from "../../bindings/forwarder/worker-name.ts";
import type { EngineOptions } from "../../bindings/engine/types.ts";
import { needing } from "../support/need.ts";
import type { Container } from "./container.ts";
import { Poison } from "./poison.ts";
import { makeTopology, nextEvent, type Topology } from "./topology.ts";

const test = suite("precedence");
const WORKERS = ["portyard-w0", "portyard-w1"];

/** Name and nice value of each thread of a process. */
function threadsOf(pid: number): [name: string, nice: number][] {
  const threads = readdirSync(`/proc/${pid}/task`).map(Number);
  return threads.map((tid) => [readFileSync(`/proc/${pid}/task/${tid}/comm`, "utf8").trim(), getPriority(tid)]);
}

/** Nice value of each worker's thread in a process. */
function niceOfWorkers(pid: number): Record<string, number> {
  return Object.fromEntries(threadsOf(pid).filter(([name]) => WORKERS.includes(name)));
}

const preferred = Object.fromEntries(WORKERS.map((name) => [name, WORKER_NICE]));

async function withTopology(options: EngineOptions, body: (topology: Topology) => Promise<void>): Promise<void> {
  const topology = await makeTopology({ containers: 1, workers: 2, engine: { build: "debug", faultFrames: true, ...options } });
  try {
    await body(topology);
  } finally {
    await topology.close();
  }
}

/** A worker's thread is ended because it hears nothing, and another takes its place. */
async function hang({ engine, containers }: Topology): Promise<void> {
  const poison = new Poison(containers[0] as Container);
  const up = nextEvent(engine, "workerUp", () => true);
  poison.send(fault.FAULT_SPIN);
  await up;
  poison.close();
}

test(
  ...needing(["root", "iproute2", "tun", "nice"], "the workers of a forwarder have it, and they alone, from the first to the last", () =>
    withTopology({ standby: false }, async (topology) => {
      const { engine } = topology;
      const pid = engine.forwarderPid() as number;
      assert.equal(niceOfWorkers(pid), preferred);
      assert.is(getPriority(pid), WORKER_NICE, "its main thread hands out their work");
      await hang(topology);
      assert.equal(niceOfWorkers(pid), preferred, "a new thread");
      const again = nextEvent(engine, "forwarderUp", () => true);
      process.kill(pid, "SIGKILL");
      await again;
      assert.equal(niceOfWorkers(engine.forwarderPid() as number), preferred, "a new forwarder");
    }),
  ),
);

test(
  ...needing(["root", "iproute2", "tun", "nice"], "the workers of a forwarder that stands by have it while they wait", () =>
    withTopology({}, async ({ engine }) => {
      if (engine.standbyPid() === null) await nextEvent(engine, "standbyUp", () => true);
      const pid = engine.standbyPid() as number;
      const waiting = threadsOf(pid).filter(([name]) => name === WORKER_THREAD);
      assert.equal(
        waiting.map(([, nice]) => nice),
        WORKERS.map(() => WORKER_NICE),
      );
      assert.is(getPriority(pid), WORKER_NICE);
      const group = `/proc/${pid}/autogroup`; // not every kernel has them
      if (existsSync(group)) assert.match(readFileSync(group, "utf8"), `nice ${WORKER_NICE}`);
      assert.ok(
        threadsOf(pid).some(([name, nice]) => name !== WORKER_THREAD && nice === getPriority()),
        "what compiles has not",
      );
    }),
  ),
);

test(
  ...needing(["root", "iproute2", "tun", "nice"], "workers in threads of this process have it, and this process has not", () =>
    withTopology({ isolation: "thread" }, async (topology) => {
      const before = getPriority();
      assert.equal(niceOfWorkers(process.pid), preferred);
      await hang(topology);
      assert.equal(niceOfWorkers(process.pid), preferred);
      assert.is(getPriority(), before);
    }),
  ),
);

test.run();
