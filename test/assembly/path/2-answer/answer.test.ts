/** The engine answers for bound addresses: who asks, what exactly comes back, and who must not be answered.
 *
 *      port 0  B, 10.0.0.2, fd00::2 bound        port 1  the one that asks (A)        port 2  a bystander                 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as reason from "../../../../assembly/abi/drop-reason.ts";
import { SLOT_RESERVE, WORKER_SLOTS } from "../../../../assembly/abi/limits.ts";
import * as port from "../../../../assembly/abi/port.ts";
import type { TestEngine } from "../../../support/engine.ts";
import { ipv6Address } from "../../../support/packet/address.ts";
import { checksum, hex, u32 } from "../../../support/packet/bytes.ts";
import { BROADCAST, TYPE_ARP, TYPE_IPV6, arp, ethernet, padded, station, tagged } from "../../../support/packet/ethernet.ts";
import { FRAGMENT, ICMPV6, ipv6, pseudoHeader } from "../../../support/packet/ip.ts";
import * as nd from "../../../support/packet/neighbour.ts";
import { PLAIN } from "../../../support/packet/offload.ts";
import { icmpv6 } from "../../../support/packet/transport.ts";
import { expectDrop, expectOutputs, hexOf, portsOf, tell } from "../../../support/story.ts";

const [A, B, C] = [station(1), station(2), station(3)];
const [A4, B4, FREE4] = ["10.0.0.1", "10.0.0.2", "10.0.0.50"];
const [A6, B6, FREE6] = ["fd00::1", "fd00::2", "fd00::50"];
const SOLICITED_OVERRIDE = 0x60;
const OVERRIDE = 0x20;

function yard(engine: TestEngine): number {
  const network = engine.network();
  engine.accessPorts(network, 3);
  assert.ok(engine.bind(network, 0, B4, B));
  assert.ok(engine.bind(network, 0, B6, B));
  return network;
}

/** One frame comes back to the one that asked; it is ours, it is answered, and nobody else hears the question. */
function expectAnswer(engine: TestEngine, from: number, question: Uint8Array, answer: Uint8Array): void {
  const before = engine.totals();
  const outputs = engine.send(from, question);
  assert.equal(
    outputs.map((output) => [output.port, hexOf(output.frame)]),
    [[from, hexOf(answer)]],
  );
  assert.equal(outputs[0]?.offload, PLAIN);
  const { originated, answered, consumed } = engine.totals();
  assert.equal([originated, answered, consumed], [before.originated + 1, before.answered + 1, before.consumed + 1]);
}

function question(targetAddress: string, senderAddress = A4, to = BROADCAST): Uint8Array {
  return ethernet(to, A, TYPE_ARP, arp({ operation: 1, senderMac: A, senderAddress, targetAddress }));
}
function reply(senderAddress: string, senderMac: string, targetAddress = A4): Uint8Array {
  return ethernet(A, senderMac, TYPE_ARP, arp({ operation: 2, senderMac, senderAddress, targetMac: A, targetAddress }));
}

// ---------------------------------------------------------------- ARP
tell("ARP for a bound address is answered with its MAC, to the one that asked", (engine) => {
  yard(engine);
  expectAnswer(engine, 1, question(B4), reply(B4, B));
  expectAnswer(engine, 1, padded(question(B4)), reply(B4, B));
});

tell("ARP to a bound station itself is answered as well", (engine) => {
  yard(engine);
  expectAnswer(engine, 1, question(B4, A4, B), reply(B4, B));
});

tell("a probe for a bound address is answered: whoever tests it learns that it is taken", (engine) => {
  yard(engine);
  expectAnswer(engine, 1, question(B4, "0.0.0.0"), reply(B4, B, "0.0.0.0"));
});

tell("a question that is answered goes nowhere, so it teaches the switch nothing", (engine) => {
  yard(engine);
  engine.send(1, question(B4));
  assert.equal(engine.macs(), []);
});

tell("the owner of an address gets no answer for it: its own tests go out to the others", (engine) => {
  yard(engine);
  const announcement = ethernet(BROADCAST, B, TYPE_ARP, arp({ operation: 1, senderMac: B, senderAddress: B4, targetAddress: B4 }));
  const probe = ethernet(BROADCAST, B, TYPE_ARP, arp({ operation: 1, senderMac: B, senderAddress: "0.0.0.0", targetAddress: B4 }));
  expectOutputs(engine, 0, announcement, [1, 2]);
  expectOutputs(engine, 0, probe, [1, 2]);
});

tell("an announcement by somebody else is not a question", (engine) => {
  yard(engine);
  expectOutputs(engine, 1, question(B4, B4), [0, 2]);
});

tell("questions for other addresses, and answers, go their way", (engine) => {
  yard(engine);
  expectOutputs(engine, 1, question(FREE4), [0, 2]);
  const answer = ethernet(C, A, TYPE_ARP, arp({ operation: 2, senderMac: A, senderAddress: A4, targetMac: C, targetAddress: B4 }));
  expectOutputs(engine, 1, answer, [0, 2]);
});

tell("an address is bound in its own network only", (engine) => {
  yard(engine);
  const [first = -1, second = -1] = engine.accessPorts(engine.network(), 2);
  expectOutputs(engine, first, question(B4), [second]);
});

tell("while its port is down nobody answers for an address", (engine) => {
  yard(engine);
  engine.setState(0, port.SHUT);
  assert.equal(portsOf(engine.send(1, question(B4))), [2]);
  engine.setState(0, port.UP);
  expectAnswer(engine, 1, question(B4), reply(B4, B));
});

tell("an address that is no longer bound is no longer answered for, and may be bound to another", (engine) => {
  const network = yard(engine);
  assert.not(engine.bind(network, 2, B4, C), "it is bound already");
  assert.not(engine.unbind(network, 2, B4), "it is not that port's");
  assert.ok(engine.unbind(network, 0, B4));
  expectOutputs(engine, 1, question(B4), [0, 2]);
  assert.ok(engine.bind(network, 2, B4, C));
  expectAnswer(engine, 1, question(B4), reply(B4, C));
});

tell("a question that came over a trunk is answered with its tag", (engine) => {
  const network = yard(engine);
  const trunk = engine.port({ vlans: { 42: network } });
  expectAnswer(engine, trunk, tagged(question(B4), { id: 42 }), tagged(reply(B4, B), { id: 42 }));
});

tell("a question within a tenant's own tag is the tenant's", (engine) => {
  yard(engine);
  expectOutputs(engine, 1, tagged(question(B4), { id: 7 }), [0, 2]);
});

tell("an answer that the asking port does not take is a drop there", (engine) => {
  yard(engine);
  engine.full.add(1);
  expectDrop(engine, 1, question(B4), reason.PORT_FULL);
});

tell("there is always a slot for an answer, because the question gives its own back", (engine) => {
  yard(engine);
  const questions = WORKER_SLOTS - SLOT_RESERVE;
  for (let index = 0; index < questions; index++) engine.worker.enqueue(1, question(B4));
  assert.is(engine.wasm.takeSlot(engine.worker.address), -1, "all that may be read to is taken");
  engine.worker.run();
  assert.is(engine.takeOutputs().length, questions);
});

// ---------------------------------------------------------------- neighbour discovery
function advertised(target: string, mac: string, flags: number, to: { mac: string; address: string }): Uint8Array {
  const ends = { source: target, destination: to.address };
  const body = [flags, 0, 0, 0, ipv6Address(target), nd.linkOption(nd.TARGET_LINK, mac)];
  return nd.discovery({ from: mac, to: to.mac }, ends, nd.ADVERTISEMENT, body);
}
const toA = { mac: A, address: A6 };
const toAllNodes = { mac: "33:33:00:00:00:01", address: "ff02::1" };
const asked = nd.solicitation(A, A6, B6, nd.linkOption(nd.SOURCE_LINK, A));

tell("a solicitation for a bound address is answered: solicited, override, with its MAC", (engine) => {
  yard(engine);
  expectAnswer(engine, 1, asked, advertised(B6, B, SOLICITED_OVERRIDE, toA));
});

tell("a solicitation without a link-layer option is answered as well", (engine) => {
  yard(engine);
  expectAnswer(engine, 1, nd.solicitation(A, A6, B6), advertised(B6, B, SOLICITED_OVERRIDE, toA));
});

tell("a unicast solicitation, which tests whether a neighbour is still there, is answered", (engine) => {
  yard(engine);
  const body = [u32(0), ipv6Address(B6)];
  const unicast = nd.discovery({ from: A, to: B }, { source: A6, destination: B6 }, nd.SOLICITATION, body);
  expectAnswer(engine, 1, unicast, advertised(B6, B, SOLICITED_OVERRIDE, toA));
});

tell("duplicate address detection of an address that is bound elsewhere is answered to all nodes, not as solicited", (engine) => {
  yard(engine);
  expectAnswer(engine, 1, nd.solicitation(A, "::", B6), advertised(B6, B, OVERRIDE, toAllNodes));
});

tell("duplicate address detection by the owner is not answered, nor is any question of its own", (engine) => {
  yard(engine);
  expectOutputs(engine, 0, nd.solicitation(B, "::", B6), [1, 2]);
  expectOutputs(engine, 0, nd.solicitation(B, B6, B6), [1, 2]);
});

tell("solicitations for other addresses go their way", (engine) => {
  yard(engine);
  expectOutputs(engine, 1, nd.solicitation(A, A6, FREE6), [0, 2]);
  expectOutputs(engine, 1, nd.solicitation(A, "::", FREE6), [0, 2]);
});

tell("the checksums of answers are right, whatever the addresses", (engine) => {
  const network = yard(engine);
  for (let number = 1; number <= 200; number++) {
    const target = `fd00::${((number * 517) & 0xffff).toString(16)}:${number.toString(16)}`;
    const mac = station(number * 7919);
    assert.ok(engine.bind(network, 0, target, mac));
    const [output] = engine.send(1, nd.solicitation(A, A6, target, nd.linkOption(nd.SOURCE_LINK, A)));
    const message = output?.frame.subarray(54) ?? new Uint8Array();
    assert.is(message.length, 32);
    assert.is(checksum(pseudoHeader({ source: target, destination: A6 }, ICMPV6, 32), message), 0, target);
    assert.equal(output?.frame.slice(80), hex(mac));
  }
});

const ends = { source: A6, destination: nd.solicitedNode(B6).address };
const link = { from: A, to: nd.solicitedNode(B6).mac };
const message = icmpv6(ends, nd.SOLICITATION, 0, u32(0), ipv6Address(B6));
const ignored: Record<string, Uint8Array> = {
  "crossed a router": ethernet(link.to, A, TYPE_IPV6, ipv6({ ...ends, next: ICMPV6, hopLimit: 254 }, message)),
  "came behind a fragment header": ethernet(
    link.to,
    A,
    TYPE_IPV6,
    ipv6({ ...ends, next: FRAGMENT, hopLimit: 255 }, nd.fragmentHeader(ICMPV6, 0, false), message),
  ),
  "is cut short": nd.discovery(link, ends, nd.SOLICITATION, [u32(0), ipv6Address(B6).subarray(0, 12)]),
  "has an option of length 0": nd.discovery(link, ends, nd.SOLICITATION, [u32(0), ipv6Address(B6), 1, 0, hex(A)]),
  "has a code": nd.discovery(link, ends, nd.SOLICITATION, [u32(0), ipv6Address(B6)], 1),
  "is an advertisement": nd.advertisement(A, A6, B6, OVERRIDE),
};
for (const [name, frame] of Object.entries(ignored)) {
  tell(`the engine does not act on a solicitation that ${name}; it goes its way`, (engine) => {
    yard(engine);
    expectOutputs(engine, 1, frame, [0, 2]);
  });
}

tell("a solicitation over a trunk is answered with its tag", (engine) => {
  const network = yard(engine);
  const trunk = engine.port({ vlans: { 42: network } });
  expectAnswer(engine, trunk, tagged(asked, { id: 42 }), tagged(advertised(B6, B, SOLICITED_OVERRIDE, toA), { id: 42 }));
});

test.run();
