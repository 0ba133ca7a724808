/** What an engine with kernel ports tells of itself: samples of drops, from workers in a process or in threads; and that a listener which
 *  throws keeps no forwarder from coming back.
 *
 *      c1 ── who has 10.77.99.99? ── engine: there is no other port                                                     */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { needing } from "../support/need.ts";
import { lawHolds, makeTopology, nextEvent } from "./topology.ts";

const test = suite("events");
const NEEDS = ["root", "tun", "iproute2"] as const;
const ASK = `require("node:net").connect(9, "10.77.99.99").on("error", () => {}); setImmediate(() => process.exit())`;

for (const isolation of ["process", "thread"] as const) {
  test(
    ...needing(NEEDS, `samples of drops come from a ${isolation}`, async () => {
      const { engine, containers, close } = await makeTopology({ containers: 1, engine: { isolation } });
      const lonely = (): number => engine.drops().find(({ reason }) => reason === "no-other-port")?.count ?? 0;
      let told = 0;
      engine.on("dropSampled", (reason, port, count) => {
        assert.is(port, "p1");
        if (reason === "no-other-port") told += count;
      });
      const before = lonely(); // after the listener is there: what comes between is told, and not counted
      const sample = nextEvent(engine, "dropSampled", (reason) => reason === "no-other-port");
      execFileSync("ip", ["netns", "exec", containers[0]!.namespace.name, process.execPath, "-e", ASK]);
      await sample;
      const dropped = lonely() - before;
      await engine.removePort("p1");
      assert.ok(dropped >= 1 && told >= dropped, `${dropped} were dropped, and ${told} told`);
      await lawHolds(engine);
      await close();
    }),
  );
}

test(
  ...needing(NEEDS, "a listener of the forwarder's death that throws does not keep it dead", async () => {
    const { engine, close } = await makeTopology({ containers: 1, engine: { isolation: "process", standby: false } });
    engine.on("forwarderDown", () => {
      throw new Error("no");
    });
    const uncaught = once(process, "uncaughtException");
    const up = nextEvent(engine, "forwarderUp", () => true);
    process.kill(engine.forwarderPid()!, "SIGKILL");
    const [[error], [pid]] = await Promise.all([uncaught, up]);
    assert.is((error as Error).message, "no");
    assert.is(engine.forwarderPid(), pid);
    await close();
  }),
);

test.run();
