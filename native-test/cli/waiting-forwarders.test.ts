/** Forwarders that a service manager starts: the agent takes those that wait, one to forward and one to stand by, and whenever one ends
 *  the manager starts another.
 *
 *      service manager (here: the test) ── portyard-standby lab, twice, each begun anew when it ends
 *      portyard up --forwarders waiting ── takes two of them */
import { existsSync, readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { root } from "../../scripts/check/source-file.ts";
import { scale } from "../../test/scale.ts";
import type { Program } from "./demo/program.ts";
import { errorOf, lab, isWhole, story, version, type Yard } from "./support/instance.ts";
import { reaches } from "./support/talk.ts";

const test = suite("waiting forwarders");
const STANDBY = `${root}dist/bindings/forwarder/portyard-standby.js`;
const WAITING = "/run/portyard/lab/waiting";

/** Keeps `count` forwarders started until it is stopped. */
class Manager {
  readonly #yard: Yard;
  readonly #programs = new Set<Program>();
  #isStopped = false;

  constructor(yard: Yard, count: number) {
    this.#yard = yard;
    for (let index = 0; index < count; index++) this.#begin();
  }

  #begin(): void {
    const program = this.#yard.machine.start([process.execPath, STANDBY, "lab"]);
    this.#programs.add(program);
    void program.exited.then(() => {
      this.#programs.delete(program);
      if (!this.#isStopped) this.#begin();
    });
  }

  pids(): (number | undefined)[] {
    return [...this.#programs].map(({ child }) => child.pid);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#programs].map((program) => program.stop("SIGTERM")));
  }
}

const forwards = (yard: Yard) => reaches(yard.machine, "left", "right", "10.77.0.3");

async function waiting(yard: Yard, count: number): Promise<void> {
  const folder = yard.machine.path(WAITING);
  for (const end = performance.now() + scale.nativePatienceMilliseconds; ; await delay(10)) {
    if ((existsSync(folder) ? readdirSync(folder).length : 0) === count) return;
    assert.ok(performance.now() < end, `not ${count} forwarders wait`);
  }
}

test(
  ...story("are taken, replaced when they are killed, left behind by --keep and taken over", async (yard) => {
    const manager = new Manager(yard, 2);
    try {
      await waiting(yard, 2);
      const first = await yard.up(lab, "--forwarders", "waiting", "--keep");
      const before = await version(yard, isWhole);
      assert.equal([before.forwarderPid, before.standbyPid].sort(), manager.pids().sort());
      await waiting(yard, 0);
      assert.ok(await forwards(yard));

      yard.machine.tool("kill", "-9", String(before.forwarderPid));
      const after = await version(yard, (now) => isWhole(now) && now.forwarderPid !== before.forwarderPid);
      assert.is(after.forwarderPid, before.standbyPid, "the one that stood by");
      assert.ok(manager.pids().includes(after.standbyPid as number), "the manager's next one");
      assert.ok(await forwards(yard));

      assert.is((await first.stop("SIGTERM")).code, 0);
      await waiting(yard, 1);
      assert.ok(await forwards(yard), "without an agent");
      const second = await yard.up(lab, "--forwarders", "waiting");
      assert.is((await version(yard, isWhole)).forwarderPid, after.forwarderPid);
      await second.stop("SIGTERM");
      await waiting(yard, 2);
    } finally {
      await manager.stop();
    }
  }),
);

test(
  ...story("are missed, and nothing is left", async (yard) => {
    const { code, stderr, ...rest } = await yard.run("up", "--config", yard.file(lab), "--forwarders", "waiting", "--json");
    assert.is(code, 1);
    assert.is(errorOf({ code, stderr, ...rest }).code, "forwarder-missing");
  }),
);

test.run();
