/** What an engine tells of the connections of its services, and how it ends them. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { ServiceConfig } from "../../../../bindings/config/types.ts";
import type { FlowFilter, FlowInfo } from "../../../../bindings/engine/types.ts";
import type { PortyardError } from "../../../../bindings/error.ts";
import { addressOf, DUAL, type Name, SERVICE, type Served, story as storyOf, VIRTUAL, VIRTUAL6 } from "../../../support/served.ts";
import { ACK, FIN, RST, SYN } from "../../../support/packet/transport.ts";

const story = (name: string, body: (served: Served) => void | Promise<void>, service?: ServiceConfig | null): void =>
  storyOf(test, name, body, service);

const syn = (sourcePort: number) => ({ sourcePort, targetPort: 80, flags: SYN, sequence: 100 });

/** Both ends have said that it is over. */
function end(served: Served, client: Name, port: number, backend: Name): void {
  served.tcp(client, VIRTUAL, { ...syn(port), flags: FIN | ACK, sequence: 101, acknowledged: 901 });
  served.tcp(backend, addressOf(client), { sourcePort: 8080, targetPort: port, flags: FIN | ACK, sequence: 901, acknowledged: 102 });
  served.tcp(client, VIRTUAL, { ...syn(port), flags: ACK, sequence: 102, acknowledged: 902 });
  served.takeAll();
}

const active = (served: Served): number[] => served.engine.services()[0]!.backends.map((backend) => backend.active);
const clients = (flows: readonly FlowInfo[]): string[] => flows.map(({ client }) => client);

story("a connection is told of by the names of its ends", (served) => {
  served.engine.tick(5000);
  served.open("c1", 40_000);
  served.engine.tick(12_000);
  assert.equal(served.engine.flows(), {
    flows: [
      {
        network: "blue",
        protocol: "tcp",
        client: "10.77.0.11:40000",
        service: "my-service",
        virtual: "10.77.0.100:80",
        backend: "b1",
        target: "10.77.0.21:8080",
        state: "established",
        idleSeconds: 7,
        frames: 3,
        bytes: served.engine.flows().flows[0]?.bytes,
      },
    ],
    next: null,
  });
});

story(
  "so are datagrams, connections of IPv6, and such as do not go through a virtual address",
  (served) => {
    served.udp("c2", VIRTUAL, 5000, 80, "one");
    served.udp("c2", VIRTUAL6, 5000, 80, "one");
    served.tcp("c3", addressOf("b2"), { ...syn(6000), targetPort: 8080 });
    const told = served.engine
      .flows()
      .flows.map(({ protocol, client, virtual, backend, target, state, service }) =>
        [protocol, client, virtual, service, backend, target, state].join(" "),
      );
    assert.equal(told, [
      "udp 10.77.0.12:5000 10.77.0.100:80 my-service b1 10.77.0.21:8080 udp-unanswered",
      "udp [fd77::12]:5000 [fd77::100]:80 my-service b1-6 [fd77::21]:8080 udp-unanswered",
      "tcp 10.77.0.13:6000 10.77.0.22:8080 my-service b2 10.77.0.22:8080 half-open",
    ]);
  },
  DUAL,
);

story(
  "a client that comes back to its backend is no connection",
  (served) => {
    served.open("c1", 40_000);
    assert.is(served.engine.flows().flows.length, 1);
  },
  { ...SERVICE, affinitySeconds: 60 },
);

story("flows are filtered by all that is named", (served) => {
  for (let port = 0; port < 6; port++) served.open(port < 4 ? "c1" : "c2", 40_000 + port);
  served.tcp("c3", VIRTUAL, syn(7000));
  const found = (filter: FlowFilter) => served.engine.flows(filter).flows.length;
  assert.equal(
    [
      found({}),
      found({ network: "blue" }),
      found({ network: "green" }),
      found({ service: "my-service" }),
      found({ service: "other" }),
      found({ backend: "b1" }),
      found({ client: addressOf("c1") }),
      found({ state: "half-open" }),
      found({ client: addressOf("c2"), backend: "b1" }),
      found({ client: addressOf("c2"), backend: "b3", state: "established" }),
    ],
    [7, 7, 0, 7, 0, 3, 4, 1, 0, 1],
  );
});

story("what became of flows is counted, by their states", (served) => {
  const counted = () => {
    const { flows, flowLimit, workers } = served.engine.counters();
    assert.is(flowLimit, 1024);
    return { flows, ...workers[0]!.flows };
  };
  const none = { halfOpen: 0, established: 0, closing: 0, timeWait: 0, udpUnanswered: 0, udp: 0, icmp: 0 };
  const began = { flows: 0, inserted: 0, refused: 0, rivals: 0, ended: 0, expired: none, evicted: none };
  assert.equal(counted(), began);
  end(served, "c1", 40_000, served.open("c1", 40_000) as Name);
  for (let port = 1; port <= 3; port++) served.open("c1", 40_000 + port);
  served.tcp("c2", VIRTUAL, syn(7000));
  served.udp("c2", VIRTUAL, 5000, 80, "x");
  assert.equal(counted(), { ...began, flows: 6, inserted: 6 });
  for (let port = 0; port < 1024; port++) served.tcp("c3", VIRTUAL, syn(10_000 + port));
  const evicted = { ...none, timeWait: 1, halfOpen: 5 };
  assert.equal(counted(), { ...began, flows: 1024, inserted: 1030, evicted });
  served.tcp("c1", VIRTUAL, { ...syn(40_001), flags: RST | ACK, sequence: 101, acknowledged: 901 });
  assert.equal(counted(), { ...began, flows: 1023, inserted: 1030, ended: 1, evicted });
  for (let seconds = 2; seconds < 50; seconds++) served.engine.tick(seconds * 1000);
  const expired = { ...none, halfOpen: 1020, udpUnanswered: 1 };
  assert.equal(counted(), { ...began, flows: 2, inserted: 1030, ended: 1, expired, evicted });
  served.takeAll();
});

story("pages follow one another, and have every flow once", (served) => {
  for (let port = 0; port < 500; port++) served.udp("c1", VIRTUAL, 10_000 + port, 80, "x");
  const all = clients(served.engine.flows().flows);
  assert.is(all.length, 500);
  const paged: string[] = [];
  let pages = 0;
  for (let from: number | null = 0; from !== null; pages++) {
    const page = served.engine.flows({}, { from, limit: 64 });
    assert.ok(page.flows.length <= 64);
    paged.push(...clients(page.flows));
    from = page.next;
  }
  assert.equal(paged, all);
  assert.is(pages, 8);
  assert.equal(served.engine.flows({}, { from: 1_000_000 }), { flows: [], next: null });
});

story("a page that cannot be is refused", (served) => {
  for (const page of [{ from: -1 }, { from: 0.5 }, { limit: 0 }, { limit: Number.NaN }, { limit: 1e9 }]) {
    try {
      served.engine.flows({}, page);
      assert.unreachable();
    } catch (error) {
      assert.is((error as PortyardError).code, "bad-argument");
      assert.is((error as PortyardError).path, Object.keys(page)[0]);
    }
  }
});

story("the flows of one backend end, and no others", async (served) => {
  for (let port = 0; port < 9; port++) served.open("c1", 40_000 + port);
  assert.equal(active(served), [3, 3, 3]);
  assert.is(await served.engine.endFlows("my-service", "b2"), 3);
  assert.equal(active(served), [3, 0, 3]);
  assert.is(await served.engine.endFlows("my-service", "b2"), 0);
  assert.equal(new Set(served.engine.flows().flows.map(({ backend }) => backend)), new Set(["b1", "b3"]));
  served.tcp("c1", VIRTUAL, { ...syn(40_001), flags: ACK, sequence: 101, acknowledged: 901 });
  assert.is(served.takeAll()[0]?.flags, "R", "the next packet is told so");
});

story(
  "a connection that is over is not among those that a backend has, and its ports stay known until its time is over",
  async (served) => {
    for (let port = 0; port < 6; port++) served.open("c1", 40_000 + port);
    end(served, "c1", 40_001, "b2");
    assert.is(await served.engine.endFlows("my-service", "b2"), 1);
    const left = served.engine.flows({ backend: "b2" }).flows;
    assert.equal(
      left.map(({ client, state }) => [client, state]),
      [[`${addressOf("c1")}:40001`, "time-wait"]],
    );
  },
);

story("a backend that is left out keeps its flows until they have ended, and then its record goes", async (served) => {
  const backends = [40_000, 40_001, 40_002].map((port) => served.open("c1", port));
  assert.equal(backends, ["b1", "b2", "b3"]);
  await served.engine.setService({ ...SERVICE, backends: SERVICE.backends.slice(1) });
  served.tcp("c1", VIRTUAL, { ...syn(40_000), flags: ACK, sequence: 101, acknowledged: 901 }, "more");
  assert.is(served.takeAll()[0]?.port, "b1", "its connection goes on");
  served.tcp("b1", addressOf("c1"), { sourcePort: 8080, targetPort: 40_000, flags: ACK, sequence: 901, acknowledged: 105 }, "answer");
  assert.is(served.takeAll()[0]?.source, VIRTUAL, "both ways");
  assert.is(served.engine.flows({ client: addressOf("c1") }).flows.find(({ target }) => target === "10.77.0.21:8080")?.backend, null);
  end(served, "c1", 40_000, "b1");
  served.engine.tick(2000);
  await served.engine.settle();
  assert.equal(
    served.engine.flows().flows.map(({ backend, state }) => `${backend} ${state}`),
    ["b2 established", "b3 established"],
    "a connection in TIME_WAIT does not hold it",
  );
  served.tcp("b1", addressOf("c1"), { sourcePort: 8080, targetPort: 40_000, flags: ACK, sequence: 901, acknowledged: 105 }, "late");
  assert.is(served.takeAll()[0]?.source, addressOf("b1"), "it is a station like any other");
});

story("with a service its flows end, and its backends are stations like any others", async (served) => {
  for (let port = 0; port < 6; port++) served.open("c1", 40_000 + port);
  served.tcp("c3", addressOf("b2"), { ...syn(6000), targetPort: 8080 });
  served.takeAll();
  await served.engine.removeService("my-service");
  assert.equal(served.engine.flows(), { flows: [], next: null });
  served.tcp("b1", addressOf("c1"), { sourcePort: 8080, targetPort: 40_000, flags: ACK, sequence: 901, acknowledged: 105 }, "late");
  assert.is(served.takeAll()[0]?.source, addressOf("b1"));
  await served.engine.addService(SERVICE);
  assert.equal(active(served), [0, 0, 0]);
  assert.is(served.open("c1", 40_000), "b1");
});

story(
  "a backend that does not answer is left out, by what workers count",
  (served) => {
    for (let port = 0; port < 9; port++) served.tcp("c1", VIRTUAL, syn(40_000 + port));
    served.takeAll();
    for (let seconds = 2; seconds < 40; seconds++) served.engine.tick(seconds * 1000);
    assert.equal(
      served.engine.services()[0]?.backends.map(({ failed, state }) => [failed, state]),
      [
        [3, "ejected"],
        [3, "usable"],
        [3, "usable"],
      ],
      "one may be, of three",
    );
  },
  { ...SERVICE, ejection: { failures: 3, seconds: 300, maxSeconds: 300, share: 0.4 } },
);

test.run();
