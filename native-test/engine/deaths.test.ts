/** Deaths under load: a container's namespace goes, the forwarder is killed. Three containers on one network, each with a
 *  TAP; numbered datagrams go from the first to the second all the while.
 *
 *      c1 ==== 1,000 a second ====> c2          c3: the one that dies                                                   */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { scale } from "../../test/scale.ts";
import { needing } from "../support/need.ts";
import type { Container } from "./container.ts";
import { lawHolds, makeTopology, nextEvent, type Topology } from "./topology.ts";
import { Datagrams, type Outcome } from "./traffic.ts";

const test = suite("deaths under load");
const PER_SECOND = 1000;

async function withLoad(workers: number, body: (topology: Topology) => Promise<void>): Promise<Outcome> {
  const topology = await makeTopology({ containers: 3, workers });
  try {
    const [from, to] = topology.containers as [Container, Container];
    const load = await Datagrams.start(from, to, to.ipv4, { perSecond: PER_SECOND });
    await body(topology);
    const outcome = await load.stop();
    await lawHolds(topology.engine);
    return outcome;
  } finally {
    await topology.close();
  }
}

for (const workers of [1, 2])
  test(
    ...needing(
      ["root", "iproute2", "tun"],
      `${workers} workers: a deleted namespace's port is gone within a second, the others lose nothing`,
      async () => {
        const outcome = await withLoad(workers, async ({ engine, containers }) => {
          const gone = nextEvent(engine, "portDown", (port) => port === "p3");
          const begin = performance.now();
          containers[2]?.namespace.remove();
          const [, error] = await gone;
          assert.is(error, "EBADFD");
          assert.ok(performance.now() - begin < 1000, `it took ${performance.now() - begin} ms`);
          assert.is(engine.ports().find(({ name }) => name === "p3")?.state, "gone");
          await engine.removePort("p3");
          assert.not.ok(engine.macs().some(({ port }) => port === "p3"));
        });
        assert.is(outcome.received, outcome.sent);
      },
    ),
  );

for (const workers of [1, 2])
  test(
    ...needing(
      ["root", "iproute2", "tun"],
      `${workers} workers: a killed forwarder is started again, with MACs, bindings and traffic`,
      async () => {
        let gapMs = 0;
        const outcome = await withLoad(workers, async ({ engine, containers }) => {
          for (let kill = 0; kill < scale.forwarderKills; kill++) {
            const before = engine.macs().map(({ mac, port }) => `${mac} ${port}`);
            const up = nextEvent(engine, "forwarderUp", () => true);
            const ports = ["p1", "p2", "p3"].map((name) => nextEvent(engine, "portUp", (port) => port === name));
            const begin = performance.now();
            process.kill(engine.forwarderPid() as number, "SIGKILL");
            await up;
            await Promise.all(ports);
            gapMs = Math.max(gapMs, performance.now() - begin);
            assert.equal(
              engine.macs().map(({ mac, port }) => `${mac} ${port}`),
              before,
            );
            assert.equal(
              engine.ports().map(({ state }) => state),
              ["up", "up", "up"],
            );
          }
          const [from, to] = containers as [Container, Container];
          const back = await Datagrams.send(from, to, to.ipv6, scale.countedDatagrams);
          assert.is(back.received, back.sent, "traffic is back");
        });
        console.log(
          `forwarder killed ${scale.forwarderKills} times: ports back after ${gapMs.toFixed(0)} ms at worst, ${outcome.sent - outcome.received} of ${outcome.sent} datagrams lost`,
        );
      },
    ),
  );

test.run();
