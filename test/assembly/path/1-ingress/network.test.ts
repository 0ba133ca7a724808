/** Which network a frame belongs to, and how its tag goes out and comes back.
 *
 *      port 0  access, network red               port 2  trunk: VLAN 10 red, VLAN 20 blue
 *      port 1  access, network blue              port 3  trunk: VLAN 10 blue, VLAN 30 red, untagged green
 *                                                port 4  access, network green                                          */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as counter from "../../../../assembly/abi/counter.ts";
import * as reason from "../../../../assembly/abi/drop-reason.ts";
import * as networks from "../../../../bindings/tables/network-table.ts";
import type { TestEngine } from "../../../support/engine.ts";
import { ramp } from "../../../support/packet/bytes.ts";
import { BROADCAST, TYPE_EXPERIMENT, TYPE_QINQ, TYPE_VLAN, ethernet, station, tagged } from "../../../support/packet/ethernet.ts";
import { expectDrop, expectOutputs, tell } from "../../../support/story.ts";

const [A, B, C] = [station(1), station(2), station(3)];
const plain = ethernet(BROADCAST, A, TYPE_EXPERIMENT, ramp(80));

interface Yard {
  red: number;
  blue: number;
  green: number;
}

function yard(engine: TestEngine): Yard {
  const [red, blue, green] = [engine.network(), engine.network(), engine.network()];
  engine.port({ network: red });
  engine.port({ network: blue });
  engine.port({ vlans: { 10: red, 20: blue } });
  engine.port({ vlans: { 10: blue, 30: red }, native: green });
  engine.port({ network: green });
  return { red, blue, green };
}

tell("an untagged frame of an access port leaves each trunk with the tag that its network has there", (engine) => {
  yard(engine);
  expectOutputs(engine, 0, plain, { 2: tagged(plain, { id: 10 }), 3: tagged(plain, { id: 30 }) });
  expectOutputs(engine, 1, plain, { 2: tagged(plain, { id: 20 }), 3: tagged(plain, { id: 10 }) });
});

tell("a tagged frame of a trunk belongs to the network of its tag, which it loses and gets again", (engine) => {
  const { red, blue } = yard(engine);
  expectOutputs(engine, 2, tagged(plain, { id: 10 }), { 0: plain, 3: tagged(plain, { id: 30 }) });
  expectOutputs(engine, 2, tagged(plain, { id: 20 }), { 1: plain, 3: tagged(plain, { id: 10 }) });
  assert.equal([engine.portOf(red, A), engine.portOf(blue, A)], [2, 2], "one station in two networks behind one trunk");
});

tell("a frame that is known to be behind a trunk leaves by it alone, tagged", (engine) => {
  yard(engine);
  engine.send(2, tagged(ethernet(BROADCAST, B, TYPE_EXPERIMENT, ramp(50)), { id: 10 }));
  const unicast = ethernet(B, A, TYPE_EXPERIMENT, ramp(70));
  expectOutputs(engine, 0, unicast, { 2: tagged(unicast, { id: 10 }) });
  expectOutputs(engine, 3, tagged(unicast, { id: 30 }), { 2: tagged(unicast, { id: 10 }) });
});

tell("a flood reaches access ports bare and every trunk with its own tag", (engine) => {
  const network = engine.network();
  const vlans = [100, 200, 300, 4094];
  engine.accessPorts(network, 2);
  for (const vlan of vlans) engine.port({ vlans: { [vlan]: network } });
  engine.accessPorts(network, 2);
  const onTrunks = Object.fromEntries(vlans.map((vlan, index) => [index + 2, tagged(plain, { id: vlan })]));
  expectOutputs(engine, 0, plain, { 1: plain, ...onTrunks, 6: plain, 7: plain });
  expectOutputs(engine, 4, tagged(plain, { id: 300 }), { 0: plain, 1: plain, ...without(onTrunks, 4), 6: plain, 7: plain });
});

function without(outputs: Record<number, Uint8Array>, port: number): Record<number, Uint8Array> {
  return Object.fromEntries(Object.entries(outputs).filter(([key]) => Number(key) !== port));
}

tell("untagged frames of a trunk belong to its native network, and leave it untagged", (engine) => {
  const { green } = yard(engine);
  expectOutputs(engine, 3, plain, [4]);
  assert.is(engine.portOf(green, A), 3);
  expectOutputs(engine, 4, ethernet(A, B, TYPE_EXPERIMENT, ramp(50)), [3]);
});

tell("a priority tag names no VLAN: the frame is native, and the tag goes", (engine) => {
  yard(engine);
  expectOutputs(engine, 3, tagged(plain, { id: 0, priority: 5 }), { 4: plain });
});

tell("a trunk without a native network refuses what is untagged or carries only a priority", (engine) => {
  yard(engine);
  expectDrop(engine, 2, plain, reason.VLAN_UNTAGGED);
  expectDrop(engine, 2, tagged(plain, { id: 0, priority: 7 }), reason.VLAN_UNTAGGED);
  expectDrop(engine, 2, ethernet(BROADCAST, A, TYPE_VLAN, 0, 10), reason.VLAN_UNTAGGED);
  assert.equal(engine.macs(), []);
});

tell("a trunk refuses a VLAN that it does not carry, be it another trunk's", (engine) => {
  yard(engine);
  for (const id of [1, 11, 30, 4094, 4095]) expectDrop(engine, 2, tagged(plain, { id }), reason.VLAN_UNKNOWN);
  assert.equal(engine.macs(), []);
});

tell("a service tag and the tag of old stackers name a VLAN as well; what leaves is 802.1Q", (engine) => {
  yard(engine);
  expectOutputs(engine, 2, tagged(plain, { id: 10, type: TYPE_QINQ }), { 0: plain, 3: tagged(plain, { id: 30 }) });
  expectOutputs(engine, 2, tagged(plain, { id: 10, type: 0x9100 }), { 0: plain, 3: tagged(plain, { id: 30 }) });
});

tell("inner tags are the tenant's: they pass access ports and trunks unchanged", (engine) => {
  yard(engine);
  const inner = tagged(plain, { id: 77, priority: 3 }, { id: 10, priority: 1, type: TYPE_QINQ });
  expectOutputs(engine, 0, inner, { 2: tagged(inner, { id: 10 }), 3: tagged(inner, { id: 30 }) });
  expectOutputs(engine, 2, tagged(inner, { id: 10 }), { 0: inner, 3: tagged(inner, { id: 30 }) });
});

tell("a tagged frame never leaves a trunk untagged, where it would be another network's", (engine) => {
  const { green } = yard(engine);
  const hop = tagged(plain, { id: 10 });
  expectDrop(engine, 4, hop, reason.VLAN_HOP, { at: 3 });
  engine.send(3, ethernet(BROADCAST, C, TYPE_EXPERIMENT, ramp(50)));
  assert.is(engine.portOf(green, C), 3);
  expectDrop(engine, 4, tagged(ethernet(C, A, TYPE_EXPERIMENT, ramp(50)), { id: 10, type: TYPE_QINQ }), reason.VLAN_HOP, { at: 3 });
});

tell("a double tag whose outer one is native is stripped once and does not hop", (engine) => {
  const [red, blue] = [engine.network(), engine.network()];
  engine.port({ vlans: { 5: blue }, native: red });
  engine.port({ vlans: { 5: blue }, native: red });
  engine.port({ network: blue });
  expectDrop(engine, 0, tagged(plain, { id: 0 }, { id: 5 }), reason.VLAN_HOP, { at: 1 });
});

tell("a network that is not on a trunk's page does not leave by that trunk, even if it is a member", (engine) => {
  const { green } = yard(engine);
  networks.addMember(engine.tables, green, 2);
  expectOutputs(engine, 4, plain, [3]);
  assert.is(engine.drops(2, reason.NOT_A_MEMBER), 1);
});

tell("frames to a port that is not there any more are refused, whatever they are", (engine) => {
  const { red } = yard(engine);
  engine.remove(0, [red]);
  expectDrop(engine, 0, plain, reason.PORT_ABSENT);
  assert.is(engine.portCount(0, counter.RECEIVED_FRAMES), 1);
});

tell("the smallest tagged frames go in and out of trunks", (engine) => {
  yard(engine);
  const empty = ethernet(BROADCAST, A, TYPE_EXPERIMENT);
  expectOutputs(engine, 2, tagged(empty, { id: 10 }), { 0: empty, 3: tagged(empty, { id: 30 }) });
});

test.run();
