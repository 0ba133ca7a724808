/** What would become of a frame now, asked of engines that forward: their tables are seen as they are at the moment, and are not changed.
 *
 *      c1 (TAP, bound) ---- engine ---- c2 (veth, learned)                                                                  */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Engine } from "../../bindings/engine.ts";
import type { Explanation, LookUpStep } from "../../bindings/explain/types.ts";
import { scale } from "../../test/scale.ts";
import { ramp } from "../../test/support/packet/bytes.ts";
import { BROADCAST, ethernet, station, TYPE_EXPERIMENT, TYPE_IPV4 } from "../../test/support/packet/ethernet.ts";
import { ICMP, ipv4 } from "../../test/support/packet/ip.ts";
import { echo } from "../../test/support/packet/transport.ts";
import { ipJson } from "../support/ip.ts";
import { needing } from "../support/need.ts";
import { Container } from "./container.ts";
import { createEngine } from "./own-engine.ts";
import { configure, packetPort, tapPort } from "./topology.ts";
import { Datagrams } from "./traffic.ts";

const test = suite("explain");
const STRANGER = station(77);

const macOf = (container: Container): string => ipJson(`-n ${container.namespace.name} link show dev eth0`)[0].address;
const lookUp = ({ steps }: Explanation): LookUpStep | undefined => steps.find((step) => step.step === "look-up");
const outputs = ({ outputs: all }: Explanation): string[] => all.map(({ port }) => port);
/** What an explanation could have changed, apart from what kernels say by themselves all the time. */
const known = (engine: Engine) => ({
  macs: engine.macs().map(({ ageSeconds: _, ...entry }) => entry),
  spoofed: engine.drops().filter(({ reason }) => reason === "spoofed-source"),
  learned: engine.workers().map(({ learned }) => learned),
});

for (const isolation of ["process", "thread"] as const) {
  test(
    ...needing(["root", "iproute2", "tun"], `${isolation}: it knows what forwarding has learned, and leaves it as it is`, async () => {
      const [bound, wired] = [new Container(1), new Container(2)] as [Container, Container];
      const ports = [tapPort(bound, "p1"), packetPort(wired, "p2")];
      const engine = await createEngine(configure(ports, { workers: 2 }), { isolation });
      try {
        const [from, to] = [macOf(bound), macOf(wired)];
        const ping = (source: string) =>
          ethernet(to, source, TYPE_IPV4, ipv4({ source: bound.ipv4, destination: wired.ipv4, protocol: ICMP }, echo(8, 1, 1, ramp(56))));
        const flow = await Datagrams.send(bound, wired, wired.ipv4, scale.countedDatagrams);
        assert.is(flow.received, flow.sent);
        const before = known(engine);

        const there = engine.explain("p1", ping(from));
        assert.equal([there.verdict, outputs(there)], ["forwarded", ["p2"]]);
        assert.equal([lookUp(there)?.outcome, lookUp(there)?.port, lookUp(there)?.kind], ["found", "p2", "learned"]);
        const age = lookUp(there)?.ageSeconds ?? -1;
        assert.ok(age >= 0 && age < 60, `seen ${age} s ago`);
        assert.equal(Buffer.from(there.outputs[0]?.frame ?? []), Buffer.from(ping(from)));

        const spoofed = engine.explain("p1", ping(STRANGER));
        assert.equal([spoofed.verdict, spoofed.reason], ["dropped", "spoofed-source"]);
        for (const time of ["first", "second"]) {
          const flooded = engine.explain("p2", ethernet(BROADCAST, STRANGER, TYPE_EXPERIMENT, ramp(46)));
          assert.equal(outputs(flooded), ["p1"]);
          assert.ok(
            flooded.steps.some((step) => step.step === "learn" && step.outcome === "new"),
            `the ${time} time nobody has learned the stranger`,
          );
        }
        assert.equal(known(engine), before);
      } finally {
        await engine.close();
        for (const container of [bound, wired]) await container.remove();
      }
    }),
  );
}

test(
  ...needing(["root", "iproute2", "tun"], "it is asked again and again under traffic, and costs no datagram", async () => {
    const [bound, wired] = [new Container(1), new Container(2)] as [Container, Container];
    const engine = await createEngine(configure([tapPort(bound, "p1"), packetPort(wired, "p2")]), { isolation: "process" });
    try {
      const frame = ethernet(BROADCAST, macOf(bound), TYPE_EXPERIMENT, ramp(46));
      const sending = Datagrams.send(bound, wired, wired.ipv4, scale.countedDatagrams);
      let isOver = false;
      const done = sending.finally(() => {
        isOver = true;
      });
      let asked = 0;
      do {
        assert.equal(outputs(engine.explain("p1", frame)), ["p2"]);
        asked++;
        await new Promise((resolve) => setImmediate(resolve));
      } while (!isOver);
      const { sent, received } = await done;
      assert.is(received, sent, `asked ${asked} times`);
      assert.throws(() => engine.explain("p3", frame), /no port p3/);
    } finally {
      await engine.close();
      for (const container of [bound, wired]) await container.remove();
    }
  }),
);

test.run();
