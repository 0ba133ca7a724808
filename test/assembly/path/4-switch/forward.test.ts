/** The switch: who learns what, and where frames go because of it. Three stations a, b, c on ports of one network, and a
 *  second network beside it that must never hear of them.                                                                */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as counter from "../../../../assembly/abi/counter.ts";
import * as reason from "../../../../assembly/abi/drop-reason.ts";
import * as port from "../../../../assembly/abi/port.ts";
import * as networks from "../../../../bindings/tables/network-table.ts";
import * as ports from "../../../../bindings/tables/port-table.ts";
import type { TestEngine } from "../../../support/engine.ts";
import { BROADCAST, TYPE_EXPERIMENT, ethernet, station } from "../../../support/packet/ethernet.ts";
import { ramp } from "../../../support/packet/bytes.ts";
import { byNumber, expectDrop, expectOutputs, portsOf, tell } from "../../../support/story.ts";

const [A, B, C] = [station(1), station(2), station(3)];
const GROUP = "01:00:5e:00:00:09";

function frame(destination: string, source: string, length = 100): Uint8Array {
  return ethernet(destination, source, TYPE_EXPERIMENT, ramp(length));
}

/** Ports 0, 1, 2 of one network and 3, 4 of another. */
function twoNetworks(engine: TestEngine): [number, number] {
  const first = engine.network();
  const second = engine.network();
  engine.accessPorts(first, 3);
  engine.accessPorts(second, 2);
  return [first, second];
}

tell("a frame to an unknown station leaves by every other port of its network, and by none of another", (engine) => {
  twoNetworks(engine);
  expectOutputs(engine, 0, frame(B, A), [1, 2]);
  expectOutputs(engine, 3, frame(B, A), [4]);
});

tell("broadcast and multicast leave by every other port of their network, also when the group is known to nobody", (engine) => {
  twoNetworks(engine);
  expectOutputs(engine, 1, frame(BROADCAST, B), [0, 2]);
  expectOutputs(engine, 1, frame(GROUP, B), [0, 2]);
  expectOutputs(engine, 1, frame("33:33:00:00:00:01", B), [0, 2]);
});

tell("a station is known behind the port that it spoke from; frames to it leave by that port only", (engine) => {
  const [network] = twoNetworks(engine);
  engine.send(1, frame(BROADCAST, B));
  expectOutputs(engine, 0, frame(B, A), [1]);
  expectOutputs(engine, 1, frame(A, B), [0]);
  assert.is(engine.portOf(network, A), 0);
  assert.is(engine.totals().learned, 2);
});

tell("a station is known in its own network only: the same address may be elsewhere in another", (engine) => {
  const [first, second] = twoNetworks(engine);
  engine.send(1, frame(BROADCAST, B));
  engine.send(4, frame(BROADCAST, B));
  assert.equal([engine.portOf(first, B), engine.portOf(second, B)], [1, 4]);
  expectOutputs(engine, 0, frame(B, A), [1]);
  expectOutputs(engine, 3, frame(B, A), [4]);
  expectOutputs(engine, 3, frame(C, A), [4]);
});

tell("a station that speaks from another port has moved there at once", (engine) => {
  const [network] = twoNetworks(engine);
  engine.send(1, frame(BROADCAST, B));
  engine.send(2, frame(BROADCAST, B));
  assert.is(engine.portOf(network, B), 2);
  expectOutputs(engine, 0, frame(B, A), [2]);
  assert.equal([engine.totals().learned, engine.totals().moved], [2, 1]);
});

tell("a frame whose destination is behind the port that it came from goes nowhere", (engine) => {
  twoNetworks(engine);
  engine.send(0, frame(BROADCAST, A));
  engine.send(0, frame(BROADCAST, B));
  expectDrop(engine, 0, frame(B, A), reason.SAME_PORT);
});

tell("alone in its network a port has nobody to send to", (engine) => {
  const network = engine.network();
  engine.port({ network });
  expectDrop(engine, 0, frame(B, A), reason.NO_OTHER_PORT);
  expectDrop(engine, 0, frame(BROADCAST, A), reason.NO_OTHER_PORT);
  assert.is(engine.portOf(network, A), 0);
});

tell("without learning every frame floods, and nothing is remembered", (engine) => {
  const network = engine.network({ learning: false });
  engine.accessPorts(network, 3);
  engine.send(1, frame(BROADCAST, B));
  expectOutputs(engine, 0, frame(B, A), [1, 2]);
  assert.equal(engine.macs(), []);
});

tell("without learning a static entry still says where its station is", (engine) => {
  const network = engine.network({ learning: false });
  engine.accessPorts(network, 3);
  assert.ok(engine.setStatic(network, B, 2));
  expectOutputs(engine, 0, frame(B, A), [2]);
});

tell("a static entry stays where it is, whoever says otherwise", (engine) => {
  const [network] = twoNetworks(engine);
  engine.setStatic(network, B, 1);
  engine.send(2, frame(BROADCAST, B));
  assert.is(engine.portOf(network, B), 1);
  expectOutputs(engine, 0, frame(B, A), [1]);
});

tell("an entry of a port's earlier life is unknown: its frames flood", (engine) => {
  const [network] = twoNetworks(engine);
  engine.send(1, frame(BROADCAST, B));
  const record = ports.recordOf(1);
  engine.tables.store32(record + port.GENERATION, 2);
  ports.attach(engine.tables, 1, 0);
  engine.apply();
  assert.is(engine.portOf(network, B), 1, "the entry is still there");
  expectOutputs(engine, 0, frame(B, A), [1, 2]);
});

tell("a port that is down gets nothing: a known station's frames are its drops, floods pass it by with a drop each", (engine) => {
  twoNetworks(engine);
  engine.send(1, frame(BROADCAST, B));
  engine.setState(1, port.SHUT);
  expectDrop(engine, 0, frame(B, A), reason.PORT_ABSENT, { at: 1 });
  assert.equal(portsOf(engine.send(0, frame(BROADCAST, A))), [2]);
  assert.is(engine.drops(1, reason.PORT_ABSENT), 2);
  engine.setState(1, port.UP);
  expectOutputs(engine, 0, frame(B, A), [1]);
});

tell("a port that has left the network is not written to, even while an entry still names it", (engine) => {
  const [network] = twoNetworks(engine);
  engine.send(1, frame(BROADCAST, B));
  networks.removeMember(engine.tables, network, 1);
  expectDrop(engine, 0, frame(B, A), reason.NOT_A_MEMBER, { at: 1 });
  expectOutputs(engine, 0, frame(BROADCAST, A), [2]);
});

tell("a port that was removed and given out again in another network hears nothing of the first", (engine) => {
  const [first, second] = twoNetworks(engine);
  engine.send(1, frame(BROADCAST, B));
  engine.remove(1, [first]);
  assert.is(engine.port({ network: second }), 1, "the index is used again");
  assert.is(engine.portOf(first, B), -1);
  expectOutputs(engine, 0, frame(B, A), [2]);
  expectOutputs(engine, 3, frame(B, A), [1, 4]);
});

tell("one flood is one frame and as many copies as there are further ports", (engine) => {
  const network = engine.network();
  engine.accessPorts(network, 70);
  const sent = frame(BROADCAST, A);
  assert.equal(
    portsOf(engine.send(40, sent)).sort(byNumber),
    Array.from({ length: 70 }, (_, index) => index).filter((index) => index !== 40),
  );
  const { received, copies, flooded } = engine.totals();
  assert.equal({ received, copies, sent: engine.totals().sent, flooded }, { received: 1, copies: 68, sent: 69, flooded: 1 });
  assert.is(engine.portCount(69, counter.SENT_FRAMES), 1);
  assert.is(engine.portCount(69, counter.SENT_BYTES), sent.length);
  assert.is(engine.portCount(40, counter.RECEIVED_BYTES), sent.length);
});

tell("frames keep their order", (engine) => {
  twoNetworks(engine);
  engine.send(1, frame(BROADCAST, B));
  const sent = Array.from({ length: 300 }, (_, index) => frame(B, A, 20 + index));
  for (const one of sent) engine.worker.enqueue(0, one);
  engine.worker.run();
  assert.equal(
    engine.takeOutputs().map((output) => output.frame),
    sent,
  );
});

test.run();
