/** The last gate before a port: is it a member, does the frame fit, what must be completed, does it take more. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as counter from "../../../../assembly/abi/counter.ts";
import * as reason from "../../../../assembly/abi/drop-reason.ts";
import { MAX_MTU, MAX_PORTS, MIN_MTU, TX_ENTRIES } from "../../../../assembly/abi/limits.ts";
import * as port from "../../../../assembly/abi/port.ts";
import { checksum, ramp, u16 } from "../../../support/packet/bytes.ts";
import { BROADCAST, TYPE_EXPERIMENT, TYPE_IPV4, TYPE_IPV6, ethernet, station, tagged } from "../../../support/packet/ethernet.ts";
import { type Ends, TCP, UDP, ipv4, ipv6, pseudoHeader } from "../../../support/packet/ip.ts";
import { DATA_VALID, PLAIN, offload, partial } from "../../../support/packet/offload.ts";
import { random } from "../../../support/packet/random.ts";
import { superFrame } from "../../../support/packet/super-frame.ts";
import { tcp, udp } from "../../../support/packet/transport.ts";
import { expectDrop, expectOutputs, hexOf, only, portsOf, tell } from "../../../support/story.ts";

const [A, B] = [station(1), station(2)];
const TAKES_ALL = port.FLAG_CHECKSUM | port.FLAG_TSO | port.FLAG_USO;
const four = { source: "10.0.0.1", destination: "10.0.0.2" };
const six = { source: "fd00::1", destination: "fd00::2" };

function broadcast(length: number): Uint8Array {
  return ethernet(BROADCAST, A, TYPE_EXPERIMENT, ramp(length - 14));
}

// ---------------------------------------------------------------- size
tell("a frame fits its output with the MTU, an Ethernet header and one tag; one byte more is too big", (engine) => {
  for (const mtu of [MIN_MTU, 1280, 1500, 9000, MAX_MTU]) {
    const network = engine.network();
    const [from = 0, to = 0] = engine.accessPorts(network, 2, { mtu });
    expectOutputs(engine, from, broadcast(mtu + 18), [to]);
    expectDrop(engine, from, broadcast(mtu + 19), reason.TOO_BIG, { at: to });
  }
});

tell("a flood leaves out the ports that it does not fit", (engine) => {
  const network = engine.network();
  for (const mtu of [9000, 1500, 9000, 576]) engine.port({ network, mtu });
  assert.equal(portsOf(engine.send(0, broadcast(2000))), [2]);
  assert.equal(
    [1, 3].map((index) => engine.drops(index, reason.TOO_BIG)),
    [1, 1],
  );
});

tell("the tag of a trunk is on top of what fits", (engine) => {
  const network = engine.network();
  engine.port({ network });
  engine.port({ vlans: { 5: network } });
  const longest = broadcast(1518);
  expectOutputs(engine, 0, longest, { 1: tagged(longest, { id: 5 }) });
  expectOutputs(engine, 1, tagged(longest, { id: 5 }), { 0: longest });
});

// ---------------------------------------------------------------- partial checksums
interface Unfinished {
  frame: Uint8Array;
  offload: Uint8Array;
  whole: Uint8Array;
}

/** A packet as its sender handed it to a device that completes checksums, and as it is to look when that is done. */
function unfinished(ends: Ends, protocol: number, payload: Uint8Array, padding: Uint8Array = new Uint8Array()): Unfinished {
  const segment = { sourcePort: 5000, targetPort: 6000, sequence: 9, flags: 0x18 };
  const l4 = protocol === UDP ? udp(ends, segment, payload) : tcp(ends, segment, payload);
  const isIpv6 = ends.source.includes(":");
  const packet = isIpv6 ? ipv6({ ...ends, next: protocol }, l4) : ipv4({ ...ends, protocol }, l4);
  const whole = ethernet(BROADCAST, A, isIpv6 ? TYPE_IPV6 : TYPE_IPV4, packet, padding);
  const start = isIpv6 ? 54 : 34;
  const offset = protocol === UDP ? 6 : 16;
  const frame = whole.slice();
  frame.set(u16(checksum(pseudoHeader(ends, protocol, l4.length)) ^ 0xffff), start + offset);
  return { frame, whole, offload: partial(start, offset) };
}

const kinds: [string, Ends, number][] = [
  ["UDP over IPv4", four, UDP],
  ["TCP over IPv4", four, TCP],
  ["UDP over IPv6", six, UDP],
  ["TCP over IPv6", six, TCP],
];
for (const [name, ends, protocol] of kinds) {
  tell(`a partial checksum is completed for a port that does not do it itself: ${name}, at every length`, (engine) => {
    engine.accessPorts(engine.network(), 2);
    for (let length = 0; length < 70; length++) {
      const { frame, whole, offload: header } = unfinished(ends, protocol, ramp(length));
      const output = only(engine.send(0, frame, header), 1);
      assert.is(hexOf(output.frame), hexOf(whole));
      assert.equal(output.offload, offload({ flags: DATA_VALID }));
    }
  });
}

tell("what pads a frame is no part of its checksum", (engine) => {
  engine.accessPorts(engine.network(), 2);
  const { frame, whole, offload: header } = unfinished(four, UDP, ramp(5), Uint8Array.from([9, 8, 7, 6, 5, 4, 3]));
  assert.is(hexOf(only(engine.send(0, frame, header), 1).frame), hexOf(whole));
});

tell("a checksum that comes to 0 is written as 0xffff", (engine) => {
  engine.accessPorts(engine.network(), 2);
  const payload = ramp(20);
  payload.set([0, 0]);
  const sum = unfinished(four, UDP, payload).whole.subarray(40, 42);
  payload.set(sum);
  const { frame, whole, offload: header } = unfinished(four, UDP, payload);
  assert.equal(whole.slice(40, 42), Uint8Array.from([0xff, 0xff]));
  assert.is(hexOf(only(engine.send(0, frame, header), 1).frame), hexOf(whole));
});

tell("ports that take partial checksums get the frame as it came, and its whole header", (engine) => {
  engine.accessPorts(engine.network(), 2, { flags: port.FLAG_CHECKSUM });
  const { frame, offload: header } = unfinished(four, TCP, ramp(50));
  const output = only(engine.send(0, frame, header), 1);
  assert.equal([hexOf(output.frame), output.offload], [hexOf(frame), header]);
});

tell("in a flood one port's whole checksum is good for all that come after it, and tags move none of it", (engine) => {
  const network = engine.network();
  engine.port({ network });
  engine.port({ vlans: { 3: network }, flags: port.FLAG_CHECKSUM });
  engine.port({ network });
  engine.port({ vlans: { 4: network } });
  engine.port({ network, flags: port.FLAG_CHECKSUM });
  const { frame, whole, offload: header } = unfinished(four, UDP, ramp(33));
  const outputs = engine.send(0, frame, header);
  assert.is(hexOf(only(outputs, 1).frame), hexOf(tagged(frame, { id: 3 })), "it came before");
  assert.equal(only(outputs, 1).offload, partial(38, 6));
  assert.is(hexOf(only(outputs, 2).frame), hexOf(whole));
  assert.is(hexOf(only(outputs, 3).frame), hexOf(tagged(whole, { id: 4 })));
  assert.is(hexOf(only(outputs, 4).frame), hexOf(whole));
  assert.equal(only(outputs, 4).offload, offload({ flags: DATA_VALID }));
});

tell("in a tunnel the inner checksum is completed, over everything behind it", (engine) => {
  engine.accessPorts(engine.network(), 2);
  const inner = udp(four, { sourcePort: 1, targetPort: 2 }, ramp(31));
  const expected = ethernet(
    BROADCAST,
    A,
    TYPE_IPV4,
    ipv4({ ...four, protocol: UDP }, udp(four, { sourcePort: 3, targetPort: 4789 }, ramp(50), inner)),
  );
  const start = expected.length - inner.length;
  const frame = expected.slice();
  frame.set(u16(checksum(pseudoHeader(four, UDP, inner.length)) ^ 0xffff), start + 6);
  assert.is(hexOf(only(engine.send(0, frame, partial(start, 6)), 1).frame), hexOf(expected));
});

tell("random packets of all kinds are completed as they should be", (engine) => {
  engine.accessPorts(engine.network(), 2);
  const { below, bytes, pick } = random(7);
  for (let count = 0; count < 300; count++) {
    const [, ends, protocol] = pick(kinds);
    const { frame, whole, offload: header } = unfinished(ends, protocol, bytes(below(1400)));
    assert.is(hexOf(only(engine.send(0, frame, header), 1).frame), hexOf(whole));
  }
});

tell("a plain frame leaves with an empty header, whatever its slot was used for before", (engine) => {
  engine.accessPorts(engine.network(), 2, { flags: TAKES_ALL });
  const { frame, offload: header } = unfinished(four, TCP, ramp(50));
  engine.send(0, frame, header);
  assert.equal(only(engine.send(0, broadcast(100)), 1).offload, PLAIN);
});

// ---------------------------------------------------------------- what the port says
tell("a port that takes no more loses what is for it, and holds up nobody", (engine) => {
  engine.accessPorts(engine.network(), 3);
  engine.full.add(1);
  const sent = broadcast(100);
  assert.equal(portsOf(engine.send(0, sent)), [2]);
  assert.is(engine.drops(1, reason.PORT_FULL), 1);
  assert.is(engine.portCount(1, counter.SENT_FRAMES), 0);
  engine.full.delete(1);
  expectOutputs(engine, 0, sent, [1, 2]);
});

tell("segments that a port refuses are as many drops", (engine) => {
  const network = engine.network();
  engine.port({ network, flags: TAKES_ALL });
  engine.port({ network });
  engine.full.add(1);
  const { frame, offload: header } = superFrame({ from: A, to: B, ends: four, payload: ramp(4200), segmentBytes: 1400 });
  assert.equal(engine.send(0, frame, header), []);
  assert.is(engine.drops(1, reason.PORT_FULL), 3);
});

tell("when the queue of writes has no place left, what is left of a flood is dropped and counted", (engine) => {
  const network = engine.network();
  engine.port({ network, flags: TAKES_ALL });
  const segmenting = new Set(Array.from({ length: 8 }, (_, index) => MAX_PORTS - 1 - index));
  for (let index = 1; index < MAX_PORTS; index++) engine.port({ network, flags: segmenting.has(index) ? 0 : TAKES_ALL }, index, false);
  engine.apply();
  const floods = Math.floor(TX_ENTRIES / (MAX_PORTS - 1)) - 1;
  for (let count = 0; count < floods; count++) engine.worker.enqueue(0, broadcast(60));
  const { frame, offload: header } = superFrame({ from: A, to: BROADCAST, ends: four, payload: ramp(100 * 20), segmentBytes: 100 });
  engine.worker.enqueue(0, frame, header);
  engine.worker.run();
  const outputs = engine.takeOutputs().length;
  const dropped = Array.from(segmenting, (index) => engine.drops(index, reason.QUEUE_FULL)).reduce((total, drops) => total + drops, 0);
  assert.is(outputs, TX_ENTRIES);
  assert.is(outputs + dropped, floods * (MAX_PORTS - 1) + (MAX_PORTS - 1 - segmenting.size) + segmenting.size * 20);
});

test.run();
