/** Both ends of a connection whose time is out get a reset that they accept: from whom, with which numbers, by which port; and who gets none.
 *
 *      port 1  the client, 10.0.0.1        port 2  the backend, 10.0.0.2        the virtual address 10.0.0.100 is nowhere           */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as flow from "../../../../assembly/abi/flow.ts";
import type { FlowEnd, FlowEnds } from "../../../../bindings/tables/flow-table.ts";
import { scale } from "../../../scale.ts";
import { TYPE_IPV4, TYPE_IPV6, ethernet, station } from "../../../support/packet/ethernet.ts";
import { TCP, ipv4, ipv6 } from "../../../support/packet/ip.ts";
import { random } from "../../../support/packet/random.ts";
import { ACK, RST, tcp } from "../../../support/packet/transport.ts";
import { type FlowDetails, type Sent, ServiceYard } from "../../../support/service-yard.ts";
import { hexOf } from "../../../support/story.ts";
import { BUILDS } from "../../../support/wasm.ts";

const [CLIENT, BACKEND, VIRTUAL] = [station(1), station(2), "02:50:00:00:00:64"];
const [CLIENT_PORT, BACKEND_PORT] = [1, 2];
const SERVICE = 3;

const ends4: FlowEnds = {
  network: 1,
  protocol: TCP,
  client: { address: "10.0.0.1", port: 40_000 },
  virtual: { address: "10.0.0.100", port: 80 },
  backend: { address: "10.0.0.2", port: 8080 },
  source: { address: "10.0.0.1", port: 40_000 },
};
const ends6: FlowEnds = {
  ...ends4,
  client: { address: "fd00::1", port: 40_000 },
  virtual: { address: "fd00::100", port: 80 },
  backend: { address: "fd00::2", port: 8080 },
  source: { address: "fd00::1", port: 40_000 },
};
/** Where the client is hidden behind the virtual address. */
const hidden = (ends: FlowEnds): FlowEnds => ({ ...ends, source: { address: ends.virtual.address, port: 61_000 } });
const direct = (ends: FlowEnds): FlowEnds => ({ ...ends, virtual: ends.backend, source: ends.client });

const NUMBERS = { clientSequence: 1001, clientAcknowledgment: 5005, backendSequence: 5006, backendAcknowledgment: 1002 };
const KNOWN: FlowDetails = { clientMac: CLIENT, backendMac: BACKEND, service: SERVICE, ...NUMBERS };

interface Link {
  to: string;
  from: string;
}
function reset({ to, from }: Link, sender: FlowEnd, receiver: FlowEnd, sequence: number, acknowledged: number): string {
  const ends = { source: sender.address, destination: receiver.address };
  const ports = { sourcePort: sender.port, targetPort: receiver.port };
  const segment = tcp(ends, { ...ports, sequence, acknowledged, flags: RST | ACK, window: 0 });
  if (sender.address.includes(":")) return hexOf(ethernet(to, from, TYPE_IPV6, ipv6({ ...ends, next: TCP }, segment)));
  return hexOf(ethernet(to, from, TYPE_IPV4, ipv4({ ...ends, protocol: TCP }, segment)));
}
const toClient = (
  ends: FlowEnds,
  from: string,
  { clientAcknowledgment = 0, clientSequence = 0 }: FlowDetails = NUMBERS,
): [number, string] => [CLIENT_PORT, reset({ to: CLIENT, from }, ends.virtual, ends.client, clientAcknowledgment, clientSequence)];
const toBackend = (
  ends: FlowEnds,
  from: string,
  { backendAcknowledgment = 0, backendSequence = 0 }: FlowDetails = NUMBERS,
): [number, string] => [BACKEND_PORT, reset({ to: BACKEND, from }, ends.source, ends.backend, backendAcknowledgment, backendSequence)];

const yards = await Promise.all(BUILDS.map((build) => ServiceYard.make(build)));

/** What a flow's end makes. */
function end(yard: ServiceYard, ends: FlowEnds, details: FlowDetails, flags = 0): [number, string][] {
  const entry = yard.insert(ends, details);
  yard.wasm.resetEnds(yard.worker, entry, flags);
  const sent = yard.takeSent();
  yard.remove(entry);
  yard.checkBooks();
  return sent.map(({ port, frame }: Sent) => [port, hexOf(frame)]);
}

function tell(sentence: string, story: (yard: ServiceYard) => void): void {
  for (const yard of yards) {
    test(`${sentence} (${yard.build})`, () => {
      for (const port of [CLIENT_PORT, BACKEND_PORT]) yard.setPort(port, 1);
      yard.setVirtualMac(SERVICE, VIRTUAL);
      yard.learn(CLIENT, CLIENT_PORT);
      yard.learn(BACKEND, BACKEND_PORT);
      story(yard);
    });
  }
}

for (const ends of [ends4, ends6]) {
  const family = ends === ends4 ? "IPv4" : "IPv6";

  tell(`${family}: the client hears it from the virtual address, the backend from the client`, (yard) => {
    assert.equal(end(yard, ends, KNOWN), [toClient(ends, VIRTUAL), toBackend(ends, CLIENT)]);
  });

  tell(`${family}: a backend that does not know the client hears it from the virtual address too`, (yard) => {
    const flows = hidden(ends);
    assert.equal(end(yard, flows, KNOWN, flow.FLAG_SOURCE | flow.FLAG_ANSWERED), [toClient(flows, VIRTUAL), toBackend(flows, VIRTUAL)]);
  });

  tell(`${family}: where nothing is translated each hears it from the other`, (yard) => {
    const flows = direct(ends);
    assert.equal(end(yard, flows, { ...KNOWN, service: 0 }, flow.FLAG_DIRECT), [toClient(flows, BACKEND), toBackend(flows, CLIENT)]);
    assert.equal(end(yard, flows, KNOWN, flow.FLAG_DIRECT), [toClient(flows, BACKEND), toBackend(flows, CLIENT)], "of a service's backend");
  });
}

tell("the number is the last acknowledgment itself, not the highest that was sent", (yard) => {
  const numbers = { clientSequence: 0, clientAcknowledgment: 0xffffffff, backendSequence: 0x80000000, backendAcknowledgment: 1 };
  assert.equal(end(yard, ends4, { ...KNOWN, ...numbers }), [toClient(ends4, VIRTUAL, numbers), toBackend(ends4, CLIENT, numbers)]);
});

tell("whose acknowledgment was never seen gets none; the other one does", (yard) => {
  assert.equal(end(yard, ends4, { ...KNOWN, clientAcknowledgment: 0 }), [toBackend(ends4, CLIENT)]);
  assert.equal(end(yard, ends4, { ...KNOWN, backendAcknowledgment: 0 }), [toClient(ends4, VIRTUAL)]);
  assert.equal(end(yard, ends4, { ...KNOWN, clientAcknowledgment: 0, backendAcknowledgment: 0 }), []);
});

tell("whose station is not known gets none", (yard) => {
  assert.equal(end(yard, ends4, { ...KNOWN, clientMac: station(77) }), [toBackend(ends4, station(77))]);
  assert.equal(end(yard, ends4, { ...KNOWN, backendMac: station(77) }), [toClient(ends4, VIRTUAL)]);
  assert.equal(end(yard, ends4, NUMBERS), []);
});

tell("a station that was learned on another port in the place of this one is not known", (yard) => {
  yard.setPort(CLIENT_PORT, 2);
  assert.equal(end(yard, ends4, KNOWN), [toBackend(ends4, CLIENT)]);
  yard.learn(CLIENT, CLIENT_PORT, 2);
  assert.equal(end(yard, ends4, KNOWN), [toClient(ends4, VIRTUAL), toBackend(ends4, CLIENT)]);
});

tell("a station that has moved hears it where it is now", (yard) => {
  yard.learn(CLIENT, 3);
  assert.equal(end(yard, ends4, KNOWN), [[3, toClient(ends4, VIRTUAL)[1]], toBackend(ends4, CLIENT)]);
});

tell("a flow of another network finds no station of this one", (yard) => {
  assert.equal(end(yard, { ...ends4, network: 2 }, KNOWN), []);
});

tell("of a service that has gone the ends hear it from each other", (yard) => {
  yard.setVirtualMac(SERVICE, null);
  assert.equal(end(yard, ends4, KNOWN), [toClient(ends4, BACKEND), toBackend(ends4, CLIENT)]);
  const flows = hidden(ends4);
  assert.equal(end(yard, flows, KNOWN, flow.FLAG_SOURCE), [toClient(flows, BACKEND), toBackend(flows, CLIENT)]);
});

tell("any flow", (yard) => {
  const from = random(11);
  const address = (is4: boolean, last: number): string =>
    is4 ? `10.1.${from.below(256)}.${last}` : `fd00::${from.below(65_535).toString(16)}:${last}`;
  for (let count = 0; count < scale.resetFlows; count++) {
    const is4 = from.below(2) === 0;
    const some = (last: number): FlowEnd => ({ address: address(is4, last), port: 1 + from.below(65_535) });
    const [client, virtual, backend] = [some(1), some(2), some(3)];
    const isHidden = from.below(2) === 0;
    const flows = {
      network: 1,
      protocol: TCP,
      client,
      virtual,
      backend,
      source: isHidden ? { ...virtual, port: 1 + from.below(65_535) } : client,
    };
    const number = (): number => 1 + from.below(0xffffffff);
    const numbers = {
      clientSequence: number(),
      clientAcknowledgment: number(),
      backendSequence: number(),
      backendAcknowledgment: number(),
    };
    const wanted = [toClient(flows, VIRTUAL, numbers), toBackend(flows, isHidden ? VIRTUAL : CLIENT, numbers)];
    assert.equal(end(yard, flows, { ...KNOWN, ...numbers }, isHidden ? flow.FLAG_SOURCE : 0), wanted);
  }
});

tell("where no slot is free nothing is sent, and nothing is lost", (yard) => {
  assert.is(end(yard, ends4, KNOWN).length, 2);
  assert.ok(yard.wasm.takeAllSlots(yard.worker) > 0);
  const [before, entry] = [yard.books(), yard.insert(ends4, KNOWN)];
  yard.wasm.resetEnds(yard.worker, entry, 0);
  assert.equal(yard.takeSent(), []);
  assert.equal(yard.books(), before);
});

test.run();
