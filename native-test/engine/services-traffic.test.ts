/** What goes through a virtual address besides requests: bulk both ways in super-frames with partial checksums, datagrams in pieces, and a path behind the
 *  backend that takes less than the network (services.ts draws the rest):
 *
 *      c1 ── engine, MTU 1500 ── c2, routes ── MTU 1280 ── behind, 10.77.0.99, which announces segments for 1500            */
import { writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { withNamespace } from "../../bindings/native/namespace.ts";
import { scale } from "../../test/scale.ts";
import { ip } from "../support/ip.ts";
import { needing } from "../support/need.ts";
import { deviceName, makeNamespace } from "../support/namespace.ts";
import type { Container } from "./container.ts";
import { backendOf, type Served, VIRTUAL, VIRTUAL6, withServed } from "./services.ts";
import { Station } from "./station.ts";
import type { Answers } from "./station-requests.ts";
import { lawHolds } from "./topology.ts";

const test = suite("traffic of services");
const NEEDS = ["root", "iproute2", "tun"] as const;
const BULK = 7000;
const BEHIND = "10.77.0.99";

/** Sends pseudo-random bytes through the virtual address and takes as many back; both must be the same at both ends. */
async function copyBothWays({ client }: Served, backend: Station, address: string): Promise<void> {
  const bytes = scale.servedMegabytes * 1_000_000;
  await backend.ask("listen", { port: BULK, address: "::" });
  const [sent, received] = await Promise.all([
    client.station.ask<string>("copy", { port: BULK, address, bytes }),
    backend.ask<string>("digest", { port: BULK }),
  ]);
  assert.is(received, sent);
  await backend.ask("offer", { port: BULK, bytes });
  const [taken, offered] = await Promise.all([
    client.station.ask<string>("take", { port: BULK, address }),
    backend.ask<string>("digest", { port: BULK }),
  ]);
  assert.is(taken, offered);
}

const bulkOnly = (name: string) => (service: Served["service"]) => ({
  ...service,
  ports: [...service.ports, { protocol: "tcp" as const, port: BULK, lastPort: BULK, targetPort: BULK }],
  backends: service.backends.filter((backend) => backend.name.startsWith(name)),
});

test(
  ...needing([...NEEDS], "bulk in both directions over IPv4 and IPv6, with super-frames and without", async () => {
    for (const offload of [true, false]) {
      await withServed(
        async (served) => {
          for (const address of [VIRTUAL, VIRTUAL6]) await copyBothWays(served, (served.backends[0] as Container).station, address);
          await lawHolds(served.engine);
        },
        bulkOnly("b1"),
        { tap: (index) => ({ offload: offload || index === 1 }) },
      );
    }
  }),
);

test(
  ...needing([...NEEDS], "datagrams in pieces come whole, and are answered in pieces", () =>
    withServed(async ({ engine, client }) => {
      for (const address of [VIRTUAL, VIRTUAL6]) {
        const { answers, faults } = await client.station.ask<Answers>("askByDatagrams", { address, port: 80, count: 9, bytes: 6000 });
        assert.equal(faults, []);
        assert.equal(answers, { b1: 3, b2: 3, b3: 3 });
      }
      await lawHolds(engine);
    }),
  ),
);

test(
  ...needing(
    [...NEEDS],
    "a router behind the backend says that packets are too big, and the client believes it of the virtual address",
    () =>
      withServed(
        async (served) => {
          const [router] = served.backends as [Container];
          const behind = putBehind(router);
          try {
            await served.engine.setService({
              ...served.service,
              backends: [backendOf({ ...router, ipv4: BEHIND } as Container, "behind")],
            });
            await copyBothWays(served, behind, VIRTUAL);
            const cached = ip(`-n ${served.client.namespace.name} route get ${VIRTUAL}`);
            assert.match(cached, /mtu 1280/, `what the client knows of its path: ${cached}`);
          } finally {
            await behind.end();
          }
        },
        bulkOnly("b1"),
        { port: (index) => (index === 1 ? { addresses: [BEHIND] } : {}) },
      ),
  ),
);

/** A namespace behind `router`, by a link that takes 1,280 bytes on the way there and 1,500 on the way back. */
function putBehind(router: Container): Station {
  const space = makeNamespace("behind");
  const [near, far] = [deviceName("rn"), deviceName("rf")];
  ip(`link add ${near} type veth peer name ${far}`);
  ip(`link set ${far} netns ${space.name} name eth0`);
  ip(`link set ${near} netns ${router.namespace.name} name behind mtu 1280`);
  withNamespace(router.namespace.path, () => writeFileSync("/proc/sys/net/ipv4/ip_forward", "1"));
  ip(`-n ${router.namespace.name} link set behind up`);
  ip(`-n ${router.namespace.name} route add ${BEHIND}/32 dev behind`);
  ip(`-n ${space.name} address add ${BEHIND}/16 dev eth0`);
  ip(`-n ${space.name} link set eth0 up`);
  withNamespace(router.namespace.path, () => writeFileSync("/proc/sys/net/ipv4/conf/behind/proxy_arp", "1"));
  return new Station(space.name);
}

test.run();
