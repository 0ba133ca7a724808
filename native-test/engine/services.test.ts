/** Real traffic through a virtual address, over TAPs, with the kernel's TCP at both ends (services.ts draws the topology). */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { scale } from "../../test/scale.ts";
import { needing } from "../support/need.ts";
import { virtualMac } from "../../bindings/config/mac-address.ts";
import { ethernet, TYPE_IPV4 } from "../../test/support/packet/ethernet.ts";
import { ipv4, TCP } from "../../test/support/packet/ip.ts";
import { SYN, tcp } from "../../test/support/packet/transport.ts";
import { ipJson } from "../support/ip.ts";
import type { Container } from "./container.ts";
import { withServed, VIRTUAL, VIRTUAL6 } from "./services.ts";
import type { Answers } from "./station-requests.ts";
import { lawHolds, nextEvent } from "./topology.ts";

const test = suite("services");
const NEEDS = ["root", "iproute2", "tun"] as const;
const COUNT = scale.serviceRequests;

const spread = (count: number): Record<string, number> => ({ b1: count / 3, b2: count / 3, b3: count / 3 });

for (const workers of [1, 2]) {
  test(
    ...needing([...NEEDS], `${workers} workers: HTTP over IPv4 and IPv6, and datagrams, each to its turn`, () =>
      withServed(
        async ({ engine, client, ask }) => {
          for (const address of [VIRTUAL, VIRTUAL6]) {
            const { answers, faults } = await ask(COUNT, { address });
            assert.equal(faults, []);
            if (workers === 1) assert.equal(answers, spread(COUNT));
            const datagrams = { address, port: 80, count: COUNT, firstLocalPort: 20_000 };
            const udp = await client.station.ask<Answers>("askByDatagrams", datagrams);
            if (workers === 1) assert.equal(udp, { answers: spread(COUNT), faults: [] });
          }
          await lawHolds(engine);
        },
        undefined,
        { workers },
      ),
    ),
  );
}

for (const isolation of ["process", "thread"] as const) {
  test(
    ...needing(
      [...NEEDS],
      `${isolation}: many explanations of a new connection say who gets it, and leave flows, counts and turns as they are`,
      () =>
        withServed(
          async ({ engine, client, ask }) => {
            assert.equal((await ask(COUNT)).faults, []);
            // the last segments of what was closed may be on their way
            const known = () => ({
              picks: engine.services().map(({ backends }) => backends.map(({ picked }) => picked)),
              flows: engine.flows().flows.map(({ client: end, backend }) => [end, backend]),
            });
            const before = known();
            const frame = synOf(client);
            const said = new Set<string | null>();
            for (let number = 0; number < scale.livingExplanations; number++) {
              const { steps, outputs } = engine.explain("p1", frame);
              said.add(steps.find((step) => step.step === "pick")?.backend ?? null);
              assert.is(outputs.length, 1);
            }
            assert.is(said.size, 1, "it is the same turn every time");
            assert.equal(known(), before);
            const [backend] = [...said] as [string];
            assert.equal(await ask(1, { parallel: 1 }), { answers: { [backend]: 1 }, faults: [] });
            await lawHolds(engine);
          },
          undefined,
          { engine: { isolation }, flowTimeouts: { timeWait: 3600 } },
        ),
    ),
  );
}

/** A first segment of the client that its engine sees. */
function synOf({ ipv4: source, namespace }: Container): Uint8Array {
  const mac: string = ipJson(`-n ${namespace.name} link show dev eth0`)[0].address;
  const ends = { source, destination: VIRTUAL };
  const segment = tcp(ends, { sourcePort: 1024, targetPort: 80, sequence: 1, flags: SYN });
  return ethernet(virtualMac("blue", VIRTUAL), mac, TYPE_IPV4, ipv4({ ...ends, protocol: TCP }, segment));
}

test(
  ...needing([...NEEDS], "the same source ports, through the virtual address and to its backend at once", () =>
    withServed(async ({ engine, ask, backends: [first] }) => {
      const firstLocalPort = 20_000;
      const both = await Promise.all([
        ask(scale.sharedPorts, { firstLocalPort, parallel: 16 }),
        ask(scale.sharedPorts, { firstLocalPort, parallel: 16, address: (first as Container).ipv4, port: 8080 }),
      ]);
      assert.equal(
        both.flatMap(({ faults }) => faults),
        [],
      );
      await lawHolds(engine);
    }),
  ),
);

test(
  ...needing([...NEEDS], "a backend that calls its own service reaches all, itself among them", () =>
    withServed(async ({ backends: [first] }) => {
      const asked = { address: VIRTUAL, port: 80, count: 30, parallel: 3 };
      assert.equal(await (first as Container).station.ask<Answers>("ask", asked), { answers: spread(30), faults: [] });
    }),
  ),
);

test(
  ...needing([...NEEDS], "backends come and are drained while connections begin: none fails", () =>
    withServed(async ({ engine, service, ask }) => {
      const asking = ask(scale.drainedRequests, { parallel: 16 });
      let isOver = false;
      const done = asking.finally(() => {
        isOver = true;
      });
      for (let round = 0; !isOver; round++) {
        const drained = round % 3;
        await engine.setService({
          ...service,
          backends: service.backends.map((backend, index) => ({ ...backend, weight: index % 3 === drained ? 0 : 1 })),
        });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const { answers, faults } = await done;
      assert.equal(faults, []);
      assert.ok(Math.min(...Object.values(answers)) > 0, JSON.stringify(answers));
      await lawHolds(engine);
    }),
  ),
);

test(
  ...needing([...NEEDS], "streams through the virtual address outlive the forwarder's death", () =>
    withServed(
      async ({ engine, client, backends }) => {
        for (const { station } of backends) await station.ask("echo", { port: 9090, address: "0.0.0.0" });
        await client.station.ask("openStreams", { port: 90, address: VIRTUAL, count: scale.servedStreams });
        const up = nextEvent(engine, "forwarderUp", () => true);
        process.kill(engine.forwarderPid() as number, "SIGKILL");
        await up;
        const before = await client.station.ask<{ echoed: number[]; faults: string[] }>("streamState", { port: 90 });
        for (let isBack = false; !isBack; await new Promise((resolve) => setTimeout(resolve, 20))) {
          const { echoed, faults } = await client.station.ask<{ echoed: number[]; faults: string[] }>("streamState", { port: 90 });
          assert.equal(faults, []);
          isBack = echoed.every((bytes, index) => bytes > (before.echoed[index] ?? 0));
        }
        await client.station.ask("closeStreams", { port: 90 });
      },
      (service) => ({ ...service, ports: [{ protocol: "tcp", port: 90, lastPort: 90, targetPort: 9090 }] }),
    ),
  ),
);

test.run();
