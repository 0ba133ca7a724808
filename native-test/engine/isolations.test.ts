/** The same story for each way to run the workers and each way to move frames: a forwarder process or threads of this one,
 *  io_uring or system calls.
 *
 *      c1 (TAP) ---- engine, 2 workers ---- c2 (veth, packet port)          c3: a TAP that comes, goes and comes again     */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { scale } from "../../test/scale.ts";
import { needing } from "../support/need.ts";
import { Container } from "./container.ts";
import { createEngine } from "./own-engine.ts";
import { configure, lawHolds, packetPort, tapPort } from "./topology.ts";
import { copyStream, Datagrams } from "./traffic.ts";
import type { PortConfig } from "../../bindings/config/types.ts";

const test = suite("isolations and back ends");

for (const isolation of ["process", "thread"] as const) {
  for (const io of ["uring", "syscall"] as const) {
    test(
      ...needing(["root", "iproute2", "tun", "uring"], `${isolation}, ${io}: datagrams, streams, a port that comes and goes`, async () => {
        const [first, wired, third] = [1, 2, 3].map((number) => new Container(number)) as [Container, Container, Container];
        const base = [tapPort(first, "p1"), packetPort(wired, "p2")];
        const engine = await createEngine(configure(base, { workers: 2 }), { isolation, io });
        try {
          assert.is(engine.io, io);
          assert.equal(
            engine.ports().map((port) => [port.io, port.state]),
            [
              [io, "up"],
              [io, "up"],
            ],
          );
          assert.equal(
            engine.workers().map((worker) => [worker.io, worker.state]),
            [
              [io, "running"],
              [io, "running"],
            ],
          );
          assert.is(engine.forwarderPid() === null, isolation === "thread");
          const added = configure([...base, tapPort(third, "p3")]).ports[2] as PortConfig;
          for (let round = 0; round < 2; round++) {
            assert.is((await engine.addPort(added)).state, "up");
            for (const [from, to] of [
              [first, wired],
              [wired, third],
              [third, first],
            ] as const) {
              for (const address of [to.ipv4, to.ipv6]) {
                const outcome = await Datagrams.send(from, to, address, scale.countedDatagrams);
                assert.is(outcome.received, outcome.sent);
                await copyStream(from, to, address, scale.streamMegabytes * 1e6);
              }
            }
            await lawHolds(engine);
            await engine.removePort("p3");
            assert.not.ok(engine.macs().some(({ port }) => port === "p3"));
          }
          assert.ok(
            engine.workers().every(({ received }) => received > 0),
            "both workers had frames",
          );
        } finally {
          await engine.close();
          for (const container of [first, wired, third]) await container.remove();
        }
      }),
    );
  }
}

test.run();
