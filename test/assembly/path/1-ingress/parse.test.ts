/** What ingress refuses because of the frame alone, and what it lets go on although it does not understand it. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as counter from "../../../../assembly/abi/counter.ts";
import * as reason from "../../../../assembly/abi/drop-reason.ts";
import { MAX_FRAME_BYTES, MIN_FRAME_BYTES } from "../../../../assembly/abi/limits.ts";
import type { TestEngine } from "../../../support/engine.ts";
import { ramp } from "../../../support/packet/bytes.ts";
import {
  BROADCAST,
  TYPE_ARP,
  TYPE_EXPERIMENT,
  TYPE_IPV4,
  TYPE_IPV6,
  TYPE_QINQ,
  TYPE_VLAN,
  ethernet,
  station,
  tagged,
} from "../../../support/packet/ethernet.ts";
import { expectDrop, expectOutputs, tell } from "../../../support/story.ts";

const [A, B] = [station(1), station(2)];

function pair(engine: TestEngine, mtu = 1500): number {
  const network = engine.network();
  engine.accessPorts(network, 2, { mtu });
  return network;
}

tell("a frame without a whole Ethernet header is a runt, at every length", (engine) => {
  pair(engine);
  const whole = ethernet(BROADCAST, A, TYPE_EXPERIMENT);
  for (let length = 0; length < MIN_FRAME_BYTES; length++) expectDrop(engine, 0, whole.subarray(0, length), reason.RUNT);
  assert.is(engine.portCount(0, counter.RECEIVED_FRAMES), MIN_FRAME_BYTES);
  assert.equal(engine.macs(), []);
});

tell("an Ethernet header alone is a frame", (engine) => {
  pair(engine);
  expectOutputs(engine, 0, ethernet(BROADCAST, A, TYPE_EXPERIMENT), [1]);
});

tell("the longest frame goes through; one byte more is oversize", (engine) => {
  pair(engine, 65_550);
  expectOutputs(engine, 0, ethernet(BROADCAST, A, TYPE_EXPERIMENT, ramp(MAX_FRAME_BYTES - 14)), [1]);
  assert.throws(
    () => engine.worker.receive(0, new Uint8Array(MAX_FRAME_BYTES + 1)),
    (error: { code?: string }) => error.code === "frame-too-long",
  );
  assert.equal(engine.sendUnchecked(0, ethernet(BROADCAST, B, TYPE_EXPERIMENT), MAX_FRAME_BYTES + 1), []);
  assert.is(engine.drops(0, reason.OVERSIZE), 1);
});

tell("a group address as source is refused, and not learned", (engine) => {
  pair(engine);
  for (const source of [BROADCAST, "01:00:5e:00:00:01", "33:33:00:00:00:01", "03:00:00:00:00:01"]) {
    expectDrop(engine, 0, ethernet(B, source, TYPE_EXPERIMENT, ramp(50)), reason.MULTICAST_SOURCE);
  }
  assert.equal(engine.macs(), []);
});

tell("a source of all zeros is refused, and not learned", (engine) => {
  pair(engine);
  expectDrop(engine, 0, ethernet(BROADCAST, "00:00:00:00:00:00", TYPE_EXPERIMENT, ramp(50)), reason.ZERO_SOURCE);
  assert.equal(engine.macs(), []);
});

tell("a destination of all zeros is a station like any other", (engine) => {
  pair(engine);
  expectOutputs(engine, 0, ethernet("00:00:00:00:00:00", A, TYPE_EXPERIMENT, ramp(50)), [1]);
});

tell("the sixteen reserved groups stay on their link, their neighbours do not", (engine) => {
  pair(engine);
  for (let last = 0; last < 16; last++) {
    const group = `01:80:c2:00:00:${last.toString(16).padStart(2, "0")}`;
    expectDrop(engine, 0, ethernet(group, A, TYPE_EXPERIMENT, ramp(50)), reason.RESERVED_GROUP);
  }
  assert.equal(engine.macs(), [], "a frame that was refused teaches nothing");
  for (const group of ["01:80:c2:00:00:10", "01:80:c2:00:00:21", "01:80:c2:00:01:00", "01:80:c3:00:00:00", "00:80:c2:00:00:00"]) {
    expectOutputs(engine, 0, ethernet(group, A, TYPE_EXPERIMENT, ramp(50)), [1]);
  }
});

const whole = ramp(60);
const malformed: Record<string, Uint8Array> = {
  "IPv4 without a byte": ethernet(B, A, TYPE_IPV4),
  "IPv4 of version 6": ethernet(B, A, TYPE_IPV4, 0x65, whole),
  "IPv4 with a header of 16 bytes": ethernet(B, A, TYPE_IPV4, 0x44, 0, 0, 60, whole),
  "IPv4 longer than its frame": ethernet(B, A, TYPE_IPV4, 0x45, 0, 0xff, 0xff, whole),
  "IPv4 shorter than its header": ethernet(B, A, TYPE_IPV4, 0x4f, 0, 0, 59, whole),
  "IPv6 of version 4": ethernet(B, A, TYPE_IPV6, 0x40, whole),
  "IPv6 longer than its frame": ethernet(B, A, TYPE_IPV6, 0x60, 0, 0, 0, 1, 0, whole),
  "IPv6 whose chain leads out of the packet": ethernet(B, A, TYPE_IPV6, 0x60, 0, 0, 0, 0, 8, 0, 64, ramp(32), 60, 255, ramp(6)),
  "ARP cut short": ethernet(B, A, TYPE_ARP, 0, 1, 8, 0, 6, 4, 0, 1),
  "ARP for another hardware": ethernet(B, A, TYPE_ARP, 0, 7, 8, 0, 6, 4, 0, 1, ramp(20)),
  "an 802.2 length": ethernet(B, A, 46, 0x42, 0x42, 3, ramp(43)),
  "a tag that is cut off": ethernet(B, A, TYPE_VLAN, 0),
  "tags and nothing else": ethernet(B, A, TYPE_QINQ, 0, 5, 0x81, 0, 0, 6, 0x81, 0),
  "five tags": tagged(ethernet(B, A, TYPE_IPV4, ramp(40)), { id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }, { id: 5 }),
  "a payload of zeros": ethernet(B, A, TYPE_IPV4, new Uint8Array(46)),
};
for (const [name, frame] of Object.entries(malformed)) {
  tell(`a frame that is malformed above Ethernet goes through unchanged: ${name}`, (engine) => {
    const network = pair(engine);
    expectOutputs(engine, 0, frame, [1]);
    assert.is(engine.portOf(network, A), 0, "its source is learned all the same");
  });
}

test.run();
