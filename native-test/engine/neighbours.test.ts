/** Neighbours are answered from the bindings: ARP and neighbour discovery never reach the one who is asked, duplicate
 *  address detection finds true conflicts and no false ones.
 *
 *      c1 (10.77.0.2, fd77::1)      c2 (10.77.0.3, fd77::2)      c3: not source checked, takes other people's addresses     */
import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { scale } from "../../test/scale.ts";
import { ip, ipJson } from "../support/ip.ts";
import { needing } from "../support/need.ts";
import type { Container } from "./container.ts";
import { makeTopology, type Topology } from "./topology.ts";
import { Datagrams } from "./traffic.ts";

const test = suite("neighbours");

interface AddressState {
  local: string;
  tentative?: boolean;
  dadfailed?: boolean;
}

function addresses(namespace: string): AddressState[] {
  return ipJson(`-n ${namespace} -6 address show dev eth0`).flatMap(({ addr_info }) => addr_info);
}

/** Duplicate address detection takes about a second and tells nobody when it is over: look until no address is tentative. */
async function detected(namespace: string): Promise<AddressState[]> {
  for (const end = Date.now() + scale.nativePatienceMilliseconds; Date.now() < end; await delay(50)) {
    const states = addresses(namespace);
    if (states.length > 0 && states.every(({ tentative, dadfailed }) => dadfailed || !tentative)) return states;
  }
  throw new Error("duplicate address detection did not end");
}

async function withThree(body: (topology: Topology) => Promise<void>): Promise<void> {
  const topology = await makeTopology({
    containers: 3,
    port: (index) => (index === 2 ? { sourceCheck: false } : {}),
    detectsDuplicates: true,
  });
  try {
    await body(topology);
  } finally {
    await topology.close();
  }
}

test(
  ...needing(["root", "iproute2", "tun"], "every container keeps its own addresses: no false duplicate", () =>
    withThree(async ({ containers, engine }) => {
      for (const { namespace, ipv6 } of containers) {
        const states = await detected(namespace.name);
        assert.ok(states.some(({ local }) => local === ipv6));
        assert.equal(
          states.filter(({ dadfailed }) => dadfailed),
          [],
        );
      }
      assert.equal(
        engine.drops().filter(({ reason }) => reason === "spoofed-source"),
        [],
      );
    }),
  ),
);

test(
  ...needing(["root", "iproute2", "tun"], "an address that is bound elsewhere fails duplicate address detection", () =>
    withThree(async ({ containers }) => {
      const [first, , third] = containers as [Container, unknown, Container];
      await detected(third.namespace.name);
      ip(`-n ${third.namespace.name} address add ${first.ipv6}/64 dev eth0`);
      const states = await detected(third.namespace.name);
      assert.ok(states.find(({ local }) => local === first.ipv6)?.dadfailed, "the second owner gives way");
      assert.not.ok(
        addresses(first.namespace.name).some(({ dadfailed }) => dadfailed),
        "the first keeps it",
      );
    }),
  ),
);

test(
  ...needing(["root", "iproute2", "tun"], "ARP and neighbour discovery are answered by the engine, with the owner's MAC", () =>
    withThree(async ({ containers, engine }) => {
      const [from, to] = containers as [Container, Container];
      await detected(from.namespace.name);
      await detected(to.namespace.name);
      const before = engine.workers()[0]?.answered ?? 0;
      for (const address of [to.ipv4, to.ipv6]) {
        const outcome = await Datagrams.send(from, to, address, scale.countedDatagrams);
        assert.is(outcome.received, outcome.sent);
      }
      const mac = engine.ports()[1]?.mac;
      const known = ipJson(`-n ${from.namespace.name} neigh show`).filter(({ dst }) => dst === to.ipv4 || dst === to.ipv6);
      assert.equal(
        known.map(({ lladdr }) => lladdr),
        [mac, mac],
      );
      assert.ok((engine.workers()[0]?.answered ?? 0) >= before + 2);
    }),
  ),
);

test(
  ...needing(["root", "iproute2", "tun"], "a container that takes another's address or MAC is not heard", () =>
    withThree(async ({ containers, engine }) => {
      const [first, second] = containers as [Container, Container];
      ip(`-n ${second.namespace.name} address add 10.77.9.9/16 dev eth0`);
      ip(`-n ${second.namespace.name} route add ${first.ipv4}/32 dev eth0 src 10.77.9.9`);
      const outcome = await Datagrams.send(second, first, first.ipv4, scale.countedDatagrams);
      assert.is(outcome.received, 0);
      const drops = engine.drops().filter(({ reason, port }) => reason === "spoofed-source" && port === "p2");
      assert.ok((drops[0]?.count ?? 0) > 0);
    }),
  ),
);

test.run();
