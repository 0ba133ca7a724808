/** What a service stage learns from the packets that go by, and what it does with it: who is alive, who fails, how long a backend takes, and where a flow
 *  goes when its backend is not to be had any more. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { ServiceConfig } from "../../../../bindings/config/types.ts";
import type { ServiceBackendInfo } from "../../../../bindings/engine/types.ts";
import { addressOf, SERVICE, type Served, story as storyOf, VIRTUAL } from "../../../support/served.ts";
import { ACK, FIN, PSH, RST, SYN } from "../../../support/packet/transport.ts";

const story = (name: string, body: (served: Served) => void | Promise<void>, service?: ServiceConfig): void =>
  storyOf(test, name, body, service);
const one: ServiceConfig = { ...SERVICE, backends: SERVICE.backends.slice(0, 1) };
const weights = (...all: number[]): ServiceConfig => ({
  ...SERVICE,
  backends: SERVICE.backends.map((backend, index) => ({ ...backend, weight: all[index] ?? 1 })),
});
const rule = (port: number, lastPort: number, targetPort: number): ServiceConfig => ({
  ...one,
  ports: [{ protocol: "tcp", port, lastPort, targetPort }],
});

const syn = (port: number, targetPort = 80) => ({ sourcePort: port, targetPort, flags: SYN, sequence: 100 });
const fromClient = (port: number, flags: number, sequence = 101, acknowledged = 901) => ({
  sourcePort: port,
  targetPort: 80,
  flags,
  sequence,
  acknowledged,
});
const fromBackend = (port: number, flags: number, sequence = 901, acknowledged = 101) => ({
  sourcePort: 8080,
  targetPort: port,
  flags,
  sequence,
  acknowledged,
});
const backendOf = (served: Served, name: string): ServiceBackendInfo => {
  const found = served.engine.services()[0]?.backends.find((backend) => backend.name === name);
  assert.ok(found, `no backend ${name}`);
  return found;
};
const states = (served: Served): string[] => served.engine.flows().flows.map(({ state }) => state);
const ticks = (served: Served, fromSeconds: number, toSeconds: number, step = 5): void => {
  for (let at = fromSeconds; at <= toSeconds; at += step) served.engine.tick(at * 1000);
};

story("a flow lives as long as packets of either side go by", (served) => {
  served.udp("c1", VIRTUAL, 5000, 80, "ask");
  served.udp("b1", addressOf("c1"), 8080, 5000, "answer");
  for (let at = 1; at <= 401; at += 100) {
    ticks(served, at, at + 100);
    if (at % 200 === 1) served.udp("c1", VIRTUAL, 5000, 80, "ask");
    else served.udp("b1", addressOf("c1"), 8080, 5000, "answer");
    assert.is(served.engine.flows().flows[0]?.idleSeconds, 0);
  }
  ticks(served, 501, 700);
  assert.equal(states(served), []);
  served.takeAll();
});

story("a datagram finds another backend when its own is drained, a connection that stands keeps it", async (served) => {
  served.udp("c1", VIRTUAL, 5000, 80, "ask");
  served.udp("c1", VIRTUAL, 5001, 80, "ask");
  served.takeAll();
  assert.is(served.open("c1", 40_000), "b3");
  await served.engine.setService(weights(0, 1, 0));
  for (const port of [5000, 5001]) served.udp("c1", VIRTUAL, port, 80, "again");
  served.tcp("c1", VIRTUAL, fromClient(40_000, ACK | PSH), "more");
  assert.equal(
    served.takeAll().map(({ port }) => port),
    ["b2", "b2", "b3"],
  );
});

story("a SYN that comes again finds another backend when its own is drained before it has answered", async (served) => {
  served.tcp("c1", VIRTUAL, syn(40_000));
  served.tcp("c1", VIRTUAL, syn(40_000));
  assert.equal(
    served.takeAll().map(({ port }) => port),
    ["b1", "b1"],
  );
  await served.engine.setService(weights(0));
  served.tcp("c1", VIRTUAL, syn(40_000));
  assert.is(served.takeAll()[0]?.port, "b2");
  assert.equal([backendOf(served, "b1").active, backendOf(served, "b2").active], [0, 1]);
});

story(
  "who refuses, has to be asked again, or never answers has failed; who answers has not",
  (served) => {
    const failed = () => backendOf(served, "b1").failed;
    served.tcp("c1", VIRTUAL, syn(40_000));
    served.tcp("b1", addressOf("c1"), fromBackend(40_000, RST | ACK, 0));
    assert.is(failed(), 1, "a refusal");
    served.tcp("c1", VIRTUAL, syn(40_001));
    served.tcp("c1", VIRTUAL, syn(40_001));
    assert.is(failed(), 2, "a SYN that came again");
    ticks(served, 1, 41);
    assert.equal([failed(), states(served)], [3, []], "no answer in time");
    served.takeAll();
    assert.is(served.open("c1", 40_002), "b1");
    served.tcp("b1", addressOf("c1"), fromBackend(40_002, RST));
    assert.equal([failed(), states(served)], [3, []], "a connection that stood and was reset is no failure to answer");
  },
  one,
);

story(
  "the response time is that from the first request to the first answer, whatever the handshake took",
  (served) => {
    served.tcp("c1", VIRTUAL, syn(40_000));
    served.engine.tick(1002);
    served.tcp("b1", addressOf("c1"), fromBackend(40_000, SYN | ACK, 900));
    served.tcp("c1", VIRTUAL, fromClient(40_000, ACK));
    assert.is(backendOf(served, "b1").responseTimeMs, null, "nothing was asked yet");
    served.engine.tick(1010);
    served.tcp("c1", VIRTUAL, fromClient(40_000, ACK | PSH), "GET");
    served.engine.tick(1017);
    served.tcp("b1", addressOf("c1"), fromBackend(40_000, ACK | PSH, 901, 104), "HTTP");
    assert.is(Math.round(backendOf(served, "b1").responseTimeMs ?? 0), 7);
    served.engine.tick(1100);
    served.tcp("b1", addressOf("c1"), fromBackend(40_000, ACK | PSH, 905, 104), "more");
    assert.ok((backendOf(served, "b1").responseTimeMs ?? 100) < 7.1, "only the first answer counts");
  },
  one,
);

story(
  "of a backend that speaks first it is the handshake; of UDP the first reply's",
  (served) => {
    served.tcp("c1", VIRTUAL, syn(40_000));
    served.engine.tick(1003);
    served.tcp("b1", addressOf("c1"), fromBackend(40_000, SYN | ACK, 900));
    served.engine.tick(1050);
    served.tcp("b1", addressOf("c1"), fromBackend(40_000, ACK | PSH), "220 ready");
    assert.is(Math.round(backendOf(served, "b1").responseTimeMs ?? 0), 3);
    served.udp("c1", VIRTUAL, 5000, 80, "ask");
    served.engine.tick(1061);
    served.udp("b1", addressOf("c1"), 8080, 5000, "answer");
    assert.is(Math.round(backendOf(served, "b1").responseTimeMs ?? 0), 11);
  },
  one,
);

story(
  "a connection is a load until it is in TIME_WAIT, once",
  (served) => {
    const active = () => backendOf(served, "b1").active;
    for (const port of [40_000, 40_001]) assert.is(served.open("c1", port), "b1");
    assert.is(active(), 2);
    served.tcp("c1", VIRTUAL, fromClient(40_000, FIN | ACK));
    served.tcp("b1", addressOf("c1"), fromBackend(40_000, FIN | ACK, 901, 102));
    served.tcp("c1", VIRTUAL, fromClient(40_000, ACK, 102, 902));
    assert.equal([active(), states(served)], [1, ["time-wait", "established"]]);
    ticks(served, 1, 81);
    assert.equal([active(), states(served)], [1, ["established"]]);
  },
  one,
);

story(
  "that a client has had a backend is no load of it, and is forgotten in its own time",
  (served) => {
    assert.is(served.open("c1", 40_000), "b1");
    ticks(served, 1, 121);
    assert.equal([backendOf(served, "b1").active, states(served)], [1, ["established"]]);
    assert.is(served.open("c1", 40_001), "b2", "it was silent for longer than a minute");
    ticks(served, 121, 171);
    assert.is(served.open("c1", 40_002), "b2");
    ticks(served, 171, 221);
    assert.is(served.open("c1", 40_003), "b2", "it has had it again in between");
  },
  { ...SERVICE, affinitySeconds: 60 },
);

story(
  "a client's backend that is drained is not its backend any more",
  async (served) => {
    assert.is(served.open("c1", 40_000), "b1");
    await served.engine.setService({ ...weights(0, 0, 1), affinitySeconds: 60 });
    assert.equal([served.open("c1", 40_001), served.open("c1", 40_002)], ["b3", "b3"]);
  },
  { ...SERVICE, affinitySeconds: 60 },
);

story(
  "source-hash goes by the client alone, maglev by its ports too",
  async (served) => {
    const homes = (first: number) => new Set(Array.from({ length: 40 }, (_, index) => served.open("c1", first + index)));
    assert.is(homes(40_000).size, 1);
    await served.engine.setService({ ...SERVICE, algorithm: "maglev" });
    assert.ok(homes(41_000).size > 1);
  },
  { ...SERVICE, algorithm: "source-hash" },
);

story(
  "a row of ports leads to as many in a row, the first and the last among them",
  (served) => {
    const reached = (port: number): number[] => {
      served.tcp("c1", VIRTUAL, syn(50_000 + port, port));
      return served.takeAll().map(({ targetPort, flags }) => (flags === "S" ? targetPort : 0));
    };
    assert.equal([7999, 8000, 8005, 8010, 8011].map(reached), [[0], [9000], [9005], [9010], [0]]);
    const followed = (port: number): number => {
      served.tcp("c2", addressOf("b1"), syn(50_000 + port, port));
      served.takeAll();
      return served.engine.flows({ client: addressOf("c2") }).flows.length;
    };
    assert.equal([8999, 9011, 9000, 9010].map(followed), [0, 0, 1, 2], "direct ones are followed where a rule leads");
  },
  rule(8000, 8010, 9000),
);

story(
  "a port of the backend's own goes before that of the rule, and is followed by the protocols that the service has",
  (served) => {
    served.tcp("c1", VIRTUAL, syn(40_000));
    assert.equal(served.take(), ["b1: 10.77.0.11:40000 > 10.77.0.21:7070 S"]);
    for (const port of [7070, 8080]) served.tcp("c2", addressOf("b1"), syn(40_000, port));
    served.udp("c2", addressOf("b1"), 40_000, 7070, "hello");
    served.takeAll();
    assert.equal(
      served.engine.flows({ client: addressOf("c2") }).flows.map(({ target, protocol }) => `${protocol} ${target}`),
      ["tcp 10.77.0.21:7070"],
    );
  },
  { ...rule(80, 80, 8080), backends: one.backends.map((backend) => ({ ...backend, port: 7070 })) },
);

story(
  "all that were silent for too long at once are told, also those that find no place among them at first",
  (served) => {
    const count = 150;
    for (let index = 0; index < count; index++) assert.is(served.open("c1", 40_000 + index), "b1");
    served.engine.tick(8_000_000);
    for (let second = 1; second < 60; second++) served.engine.tick(8_000_000 + second * 1000);
    const told = served.takeAll().map(({ port, targetPort, sourcePort }) => `${port} ${port === "c1" ? targetPort : sourcePort}`);
    assert.equal([told.length, new Set(told).size, states(served)], [2 * count, 2 * count, []]);
  },
  one,
);

test.run();
