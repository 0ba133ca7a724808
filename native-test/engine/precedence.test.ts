/** Workers run ahead of what they serve (bindings/engine/precedence.ts), also those that take the place of the dead. */
import { readdirSync, readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as fault from "../../assembly/abi/fault.ts";
import { WORKER_NICE } from "../../bindings/engine/precedence.ts";
import type { EngineOptions } from "../../bindings/engine/types.ts";
import { needing } from "../support/need.ts";
import type { Container } from "./container.ts";
import { Poison } from "./poison.ts";
import { makeTopology, nextEvent, type Topology } from "./topology.ts";

const test = suite("precedence");
const WORKERS = ["portyard-w0", "portyard-w1"];

/** Nice value of each worker's thread in a process. */
function niceOfWorkers(pid: number): Record<string, number> {
  const threads = readdirSync(`/proc/${pid}/task`).map(Number);
  const named = threads.map((tid) => [readFileSync(`/proc/${pid}/task/${tid}/comm`, "utf8").trim(), getPriority(tid)] as const);
  return Object.fromEntries(named.filter(([name]) => WORKERS.includes(name)));
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
