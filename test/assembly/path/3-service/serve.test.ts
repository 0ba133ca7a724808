/** Connections through a virtual address, frame by frame: who gets which addresses, in both directions. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { addressOf, DUAL, macOf, SERVICE, type Served, story as storyOf, VIRTUAL, VIRTUAL6 } from "../../../support/served.ts";
import { ACK, FIN, PSH, RST, SYN } from "../../../support/packet/transport.ts";
import type { ServiceConfig } from "../../../../bindings/config/types.ts";

const story = (name: string, body: (served: Served) => void | Promise<void>, service?: ServiceConfig | null): void =>
  storyOf(test, name, body, service);

const at = (sourcePort: number, targetPort: number, flags: number, sequence = 100, acknowledged = 0) => ({
  sourcePort,
  targetPort,
  flags,
  sequence,
  acknowledged,
});

story("a connection comes to a backend, with the client's address, and its answers come from the virtual one", (served) => {
  served.tcp("c1", VIRTUAL, at(40000, 80, SYN));
  const [syn] = served.takeAll();
  assert.equal([syn?.port, syn?.source, syn?.destination, syn?.targetPort], ["b1", addressOf("c1"), addressOf("b1"), 8080]);
  assert.is(syn?.destinationMac, macOf("b1"));
  const { virtualMac } = { virtualMac: syn?.sourceMac };
  served.tcp("b1", addressOf("c1"), at(8080, 40000, SYN | ACK, 900, 101));
  const [answer] = served.takeAll();
  assert.equal([answer?.port, answer?.source, answer?.sourcePort, answer?.flags], ["c1", VIRTUAL, 80, "SA"]);
  assert.equal([answer?.destinationMac, answer?.sourceMac], [macOf("c1"), virtualMac]);
  served.tcp("c1", VIRTUAL, at(40000, 80, ACK | PSH, 101, 901), "GET /");
  assert.equal(served.take(), ["b1: 10.77.0.11:40000 > 10.77.0.21:8080 AP"]);
});

story("connections take turns, and each stays where it began", (served) => {
  const backends = Array.from({ length: 6 }, (_, index) => served.open("c1", 40000 + index));
  assert.equal(backends, ["b1", "b2", "b3", "b1", "b2", "b3"]);
  for (const [index, backend] of backends.entries()) {
    served.tcp("c1", VIRTUAL, at(40000 + index, 80, ACK | PSH, 101, 901), "more");
    assert.is(served.takeAll()[0]?.port, backend);
  }
});

story("datagrams of one client port go to one backend; replies come from the virtual address", (served) => {
  served.udp("c2", VIRTUAL, 5000, 80, "one");
  assert.equal(served.take(), ["b1: 10.77.0.12:5000 > 10.77.0.21:8080 udp"]);
  served.udp("b1", addressOf("c2"), 8080, 5000, "reply");
  assert.equal(served.take(), ["c2: 10.77.0.100:80 > 10.77.0.12:5000 udp"]);
  served.udp("c2", VIRTUAL, 5000, 80, "two");
  served.udp("c2", VIRTUAL, 5001, 80, "three");
  assert.equal(served.take(), ["b1: 10.77.0.12:5000 > 10.77.0.21:8080 udp", "b2: 10.77.0.12:5001 > 10.77.0.22:8080 udp"]);
});

story("echo to the virtual address is answered by the engine", (served) => {
  served.ping("c1", VIRTUAL);
  const [reply] = served.takeAll();
  assert.equal([reply?.port, reply?.source, reply?.destination, reply?.type], ["c1", VIRTUAL, addressOf("c1"), 0]);
});

story("a port without a service is refused at once", (served) => {
  served.tcp("c1", VIRTUAL, at(40000, 81, SYN));
  assert.equal(served.take(), ["c1: 10.77.0.100:81 > 10.77.0.11:40000 RA"]);
  served.udp("c1", VIRTUAL, 40000, 81, "hello");
  const [error] = served.takeAll();
  assert.equal([error?.port, error?.source, error?.type, error?.code], ["c1", VIRTUAL, 3, 3]);
  assert.equal(served.drops(), ["2 no-service at c1"]);
});

story("a service without a backend refuses", async (served) => {
  await served.engine.setService({ ...SERVICE, backends: [] });
  served.tcp("c1", VIRTUAL, at(40000, 80, SYN));
  assert.equal(served.take(), ["c1: 10.77.0.100:80 > 10.77.0.11:40000 RA"]);
  assert.equal(served.drops(), ["1 no-backend at c1"]);
});

story("a segment in the middle of a connection that is not known gets a reset", (served) => {
  served.tcp("c1", VIRTUAL, at(40000, 80, ACK | PSH, 500, 700), "data");
  const [reset] = served.takeAll();
  assert.equal([reset?.port, reset?.flags, reset?.sequence], ["c1", "R", 700]);
  assert.equal(served.drops(), ["1 no-flow at c1"]);
});

story("a backend that calls its own service and comes to itself is seen by itself as the virtual address", (served) => {
  served.tcp("b1", VIRTUAL, at(40000, 80, SYN));
  assert.equal(served.take(), ["b1: 10.77.0.100:40000 > 10.77.0.21:8080 S"]);
  served.tcp("b1", VIRTUAL, at(8080, 40000, SYN | ACK, 900, 101));
  assert.equal(served.take(), ["b1: 10.77.0.100:80 > 10.77.0.21:40000 SA"]);
  served.tcp("b1", VIRTUAL, at(40000, 80, ACK, 101, 901));
  assert.equal(served.take(), ["b1: 10.77.0.100:40000 > 10.77.0.21:8080 A"]);
});

story("a connection through the virtual address and one to its backend from the same port are two", (served) => {
  assert.is(served.open("c1", 40000), "b1");
  served.tcp("c1", addressOf("b1"), at(40000, 8080, SYN, 300));
  const [syn] = served.takeAll();
  assert.equal([syn?.port, syn?.source, syn?.destination, syn?.targetPort], ["b1", VIRTUAL, addressOf("b1"), 8080]);
  assert.is.not(syn?.sourcePort, 0);
  served.tcp("b1", VIRTUAL, at(8080, syn!.sourcePort, SYN | ACK, 50, 301));
  assert.equal(served.take(), ["c1: 10.77.0.21:8080 > 10.77.0.11:40000 SA"]);
  served.tcp("b1", addressOf("c1"), at(8080, 40000, ACK | PSH, 901, 101), "of the first");
  assert.equal(served.take(), ["c1: 10.77.0.100:80 > 10.77.0.11:40000 AP"]);
});

story("the same the other way round: the direct one was there before", (served) => {
  served.tcp("c1", addressOf("b1"), at(40000, 8080, SYN, 300));
  assert.equal(served.take(), ["b1: 10.77.0.11:40000 > 10.77.0.21:8080 S"]);
  served.tcp("b1", addressOf("c1"), at(8080, 40000, SYN | ACK, 50, 301));
  assert.equal(served.take(), ["c1: 10.77.0.21:8080 > 10.77.0.11:40000 SA"]);
  served.tcp("c1", VIRTUAL, at(40000, 80, SYN));
  const [syn] = served.takeAll();
  assert.equal([syn?.port, syn?.source], ["b1", VIRTUAL]);
  served.tcp("b1", VIRTUAL, at(8080, syn!.sourcePort, SYN | ACK, 900, 101));
  assert.equal(served.take(), ["c1: 10.77.0.100:80 > 10.77.0.11:40000 SA"]);
});

story("a refused connection ends its flow, and the client may try again at once", (served) => {
  served.tcp("c1", VIRTUAL, at(40000, 80, SYN));
  served.tcp("b1", addressOf("c1"), at(8080, 40000, RST | ACK, 0, 101));
  assert.equal(served.take(), ["b1: 10.77.0.11:40000 > 10.77.0.21:8080 S", "c1: 10.77.0.100:80 > 10.77.0.11:40000 RA"]);
  assert.equal(served.engine.flows().flows, []);
  served.tcp("c1", VIRTUAL, at(40000, 80, SYN, 7));
  assert.equal(served.take(), ["b2: 10.77.0.11:40000 > 10.77.0.22:8080 S"]);
});

story("a reset that its receiver would not accept ends nothing", (served) => {
  const backend = served.open("c1", 40000);
  served.tcp(backend, addressOf("c1"), at(8080, 40000, RST, 0x70000000));
  served.take();
  assert.is(served.engine.flows().flows.length, 1);
  served.tcp(backend, addressOf("c1"), at(8080, 40000, RST, 901));
  served.take();
  assert.is(served.engine.flows().flows.length, 0);
});

story("both sides end it: it waits, and a new SYN beyond takes its place", (served) => {
  const backend = served.open("c1", 40000);
  served.tcp("c1", VIRTUAL, at(40000, 80, FIN | ACK, 101, 901));
  assert.is(served.engine.flows().flows[0]?.state, "closing");
  served.tcp(backend, addressOf("c1"), at(8080, 40000, FIN | ACK, 901, 102));
  served.tcp("c1", VIRTUAL, at(40000, 80, ACK, 102, 902));
  assert.is(served.engine.flows().flows[0]?.state, "time-wait");
  assert.is(
    served.engine.services()[0]?.backends.reduce((all, { active }) => all + active, 0),
    0,
  );
  served.take();
  served.tcp("c1", VIRTUAL, at(40000, 80, SYN, 5));
  assert.is(served.takeAll()[0]?.port, backend, "an old SYN goes where the connection was");
  served.tcp("c1", VIRTUAL, at(40000, 80, SYN, 5000));
  assert.is.not(served.takeAll()[0]?.port, backend);
  assert.equal(
    served.engine.flows().flows.map(({ state }) => state),
    ["half-open"],
  );
});

story(
  "IPv6 has backends of its own",
  (served) => {
    served.tcp("c1", VIRTUAL6, at(40000, 80, SYN));
    assert.equal(served.take(), ["b1: [fd77::11]:40000 > [fd77::21]:8080 S"]);
    served.tcp("b1", addressOf("c1", 6), at(8080, 40000, SYN | ACK, 900, 101));
    assert.equal(served.take(), ["c1: [fd77::100]:80 > [fd77::11]:40000 SA"]);
    served.udp("c1", VIRTUAL6, 5000, 80, "hello");
    assert.equal(served.take(), ["b2: [fd77::11]:5000 > [fd77::22]:8080 udp"]);
    served.ping("c1", VIRTUAL6);
    assert.is(served.takeAll()[0]?.type, 129);
    served.udp("c1", VIRTUAL6, 5000, 81, "hello");
    assert.equal(
      served.takeAll().map(({ type, code }) => [type, code]),
      [[1, 4]],
    );
  },
  DUAL,
);

story(
  "a client has the same backend again, until it was silent for long enough",
  (served) => {
    assert.equal([served.open("c1", 40000), served.open("c1", 40001), served.open("c2", 40000)], ["b1", "b1", "b2"]);
    served.engine.tick(1000 + 40_000);
    assert.is(served.open("c1", 40002), "b1");
    served.engine.tick(1000 + 40_000 + 61_000);
    assert.is(served.open("c1", 40003), "b3");
  },
  { ...SERVICE, affinitySeconds: 60 },
);

story("a connection that was silent for too long ends with a reset to both sides", (served) => {
  const backend = served.open("c1", 40000);
  for (let seconds = 1; seconds <= 7450; seconds += 5) served.engine.tick(1000 + seconds * 1000);
  const told = served.takeAll().map(({ port, flags, sequence }) => [port, flags, sequence]);
  assert.equal(told.sort(), [
    [backend, "RA", 101],
    ["c1", "RA", 901],
  ]);
  assert.equal(served.engine.flows().flows, []);
});

test.run();
