/** Which virtio-net headers are believed. What a header may make the engine write, it writes after every check: so it may
 *  name a checksum's own field, or something deep in a tunnel, and nothing that was checked.                            */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as reason from "../../../../assembly/abi/drop-reason.ts";
import * as port from "../../../../assembly/abi/port.ts";
import type { TestEngine } from "../../../support/engine.ts";
import { ramp } from "../../../support/packet/bytes.ts";
import {
  BROADCAST,
  TYPE_ARP,
  TYPE_EXPERIMENT,
  TYPE_IPV4,
  TYPE_IPV6,
  TYPE_MPLS,
  arp,
  ethernet,
  station,
  tagged,
} from "../../../support/packet/ethernet.ts";
import { DESTINATION_OPTIONS, GRE, TCP, UDP, extension, ipv4, ipv6 } from "../../../support/packet/ip.ts";
import * as nd from "../../../support/packet/neighbour.ts";
import { type Offload, NEEDS_CHECKSUM, TSO4, TSO6, USO, offload, partial } from "../../../support/packet/offload.ts";
import { tcp, udp } from "../../../support/packet/transport.ts";
import { expectDrop, portsOf, tell } from "../../../support/story.ts";

const [A, B] = [station(1), station(2)];
const four = { source: "10.0.0.1", destination: "10.0.0.2" };
const six = { source: "fd00::1", destination: "fd00::2" };
const ports = { sourcePort: 1000, targetPort: 2000 };

const plain = ethernet(BROADCAST, A, TYPE_EXPERIMENT, ramp(100));
const udp4 = ethernet(B, A, TYPE_IPV4, ipv4({ ...four, protocol: UDP }, udp(four, ports, ramp(80))));
const tcp4 = ethernet(B, A, TYPE_IPV4, ipv4({ ...four, protocol: TCP }, tcp(four, { ...ports, sequence: 1, flags: 16 }, ramp(80))));
const tcp6 = ethernet(B, A, TYPE_IPV6, ipv6({ ...six, next: TCP }, tcp(six, { ...ports, sequence: 1, flags: 16 }, ramp(80))));
const gre = ethernet(B, A, TYPE_IPV4, ipv4({ ...four, protocol: GRE }, 0, 0, 8, 0, ramp(80)));
const chained = ethernet(B, A, TYPE_IPV6, ipv6({ ...six, next: DESTINATION_OPTIONS }, extension(UDP), udp(six, ports, ramp(80))));
const advert = nd.advertisement(A, six.source, six.source, 0x20, nd.linkOption(nd.TARGET_LINK, A));

function pair(engine: TestEngine): void {
  const takesAll = { flags: port.FLAG_CHECKSUM | port.FLAG_TSO | port.FLAG_USO };
  engine.accessPorts(engine.network(), 2, takesAll);
}

const believed: [string, Uint8Array, Offload][] = [
  ["no word at all", plain, {}],
  ["that somebody checked the checksum", udp4, { flags: 2 }],
  ["a length of headers without a super-frame", udp4, { headerBytes: 42 }],
  ["the checksum of UDP", udp4, { flags: NEEDS_CHECKSUM, start: 34, offset: 6 }],
  ["the checksum of TCP", tcp4, { flags: NEEDS_CHECKSUM, start: 34, offset: 16 }],
  ["the checksum of TCP over IPv6", tcp6, { flags: NEEDS_CHECKSUM, start: 54, offset: 16 }],
  ["the checksum of UDP behind an extension header", chained, { flags: NEEDS_CHECKSUM, start: 62, offset: 6 }],
  ["the checksum of ICMPv6", advert, { flags: NEEDS_CHECKSUM, start: 54, offset: 2 }],
  ["a checksum within a tunnel over UDP", udp4, { flags: NEEDS_CHECKSUM, start: 84, offset: 6 }],
  ["a checksum within a tunnel over GRE", gre, { flags: NEEDS_CHECKSUM, start: 58, offset: 16 }],
  ["a checksum of a protocol that is not known", ethernet(B, A, TYPE_MPLS, ramp(100)), { flags: NEEDS_CHECKSUM, start: 38, offset: 16 }],
  ["a TCP super-frame", tcp4, { flags: NEEDS_CHECKSUM, type: TSO4, headerBytes: 54, segmentBytes: 40, start: 34, offset: 16 }],
  ["a TCP super-frame over IPv6", tcp6, { flags: NEEDS_CHECKSUM, type: TSO6, headerBytes: 74, segmentBytes: 40, start: 54, offset: 16 }],
  ["a UDP super-frame", udp4, { flags: NEEDS_CHECKSUM, type: USO, headerBytes: 42, segmentBytes: 40, start: 34, offset: 6 }],
  ["the last two bytes as a checksum", plain, { flags: NEEDS_CHECKSUM, start: 100, offset: 12 }],
];
for (const [name, frame, header] of believed) {
  tell(`a header is believed that says: ${name}`, (engine) => {
    pair(engine);
    const [output] = engine.send(0, frame, offload(header));
    assert.is(output?.port, 1);
    assert.equal(output?.frame, frame, "a port that takes everything gets the frame as it came");
    assert.equal(output?.offload, offload(header));
  });
}

const contradicted: [string, Uint8Array, Offload][] = [
  ["headers longer than the frame", plain, { headerBytes: 115 }],
  ["a checksum that would lie behind its end", plain, { flags: NEEDS_CHECKSUM, start: 100, offset: 13 }],
  ["a checksum place far outside", plain, { flags: NEEDS_CHECKSUM, start: 0xffff, offset: 0xffff }],
  ["segments without a size", tcp4, { flags: NEEDS_CHECKSUM, type: TSO4, start: 34, offset: 16 }],
  [
    "segments of the size that means something else to kernels",
    tcp4,
    { flags: NEEDS_CHECKSUM, type: TSO4, segmentBytes: 0xffff, start: 34, offset: 16 },
  ],
  ["an unknown kind of super-frame", tcp4, { flags: NEEDS_CHECKSUM, type: 2, segmentBytes: 40, start: 34, offset: 16 }],
  ["UDP fragmentation", udp4, { flags: NEEDS_CHECKSUM, type: 3, segmentBytes: 40, start: 34, offset: 6 }],
  ["a kind beyond all others", udp4, { flags: NEEDS_CHECKSUM, type: 0x7f, segmentBytes: 40, start: 34, offset: 6 }],
  ["ECN without a super-frame", tcp4, { type: 0x80 }],
  ["a TCP super-frame whose checksum is whole", tcp4, { type: TSO4, headerBytes: 54, segmentBytes: 40 }],
  ["a UDP super-frame whose checksum is whole", udp4, { type: USO, headerBytes: 42, segmentBytes: 40 }],
];
const inTheWrongPlace: [string, Uint8Array, Offload][] = [
  ["the destination address", plain, { flags: NEEDS_CHECKSUM, start: 0, offset: 0 }],
  ["the source address", udp4, { flags: NEEDS_CHECKSUM, start: 0, offset: 10 }],
  ["the EtherType", plain, { flags: NEEDS_CHECKSUM, start: 12, offset: 0 }],
  ["a tag", tagged(udp4, { id: 7 }), { flags: NEEDS_CHECKSUM, start: 14, offset: 0 }],
  ["the IPv4 source", udp4, { flags: NEEDS_CHECKSUM, start: 26, offset: 0 }],
  ["the IPv6 source", tcp6, { flags: NEEDS_CHECKSUM, start: 22, offset: 4 }],
  ["the protocol", udp4, { flags: NEEDS_CHECKSUM, start: 14, offset: 8 }],
  ["an extension header", chained, { flags: NEEDS_CHECKSUM, start: 54, offset: 0 }],
  ["UDP ports", udp4, { flags: NEEDS_CHECKSUM, start: 34, offset: 0 }],
  ["TCP's window", tcp4, { flags: NEEDS_CHECKSUM, start: 34, offset: 14 }],
  ["TCP's own options", tcp4, { flags: NEEDS_CHECKSUM, start: 40, offset: 16 }],
  ["UDP's header from within", udp4, { flags: NEEDS_CHECKSUM, start: 36, offset: 0 }],
  ["the target of an advertisement", advert, { flags: NEEDS_CHECKSUM, start: 54, offset: 22 }],
  ["the MAC in its option", advert, { flags: NEEDS_CHECKSUM, start: 80, offset: 0 }],
  [
    "an ARP message",
    ethernet(BROADCAST, A, TYPE_ARP, arp({ operation: 2, senderMac: A, senderAddress: "10.0.0.1", targetAddress: "10.0.0.2" })),
    { flags: NEEDS_CHECKSUM, start: 28, offset: 0 },
  ],
  ["ARP of another form", ethernet(BROADCAST, A, TYPE_ARP, ramp(60)), { flags: NEEDS_CHECKSUM, start: 14, offset: 0 }],
  [
    "a broken IPv4 header, which it might mend",
    ethernet(B, A, TYPE_IPV4, 0x45, 0, 0xff, 0xff, ramp(80)),
    { flags: NEEDS_CHECKSUM, start: 14, offset: 2 },
  ],
  [
    "a later fragment",
    ethernet(B, A, TYPE_IPV4, ipv4({ ...four, protocol: UDP, fragment: 8 }, ramp(80))),
    { flags: NEEDS_CHECKSUM, start: 34, offset: 6 },
  ],
  ["a packet without L4", ethernet(B, A, TYPE_IPV6, ipv6({ ...six, next: 59 }, ramp(40))), { flags: NEEDS_CHECKSUM, start: 54, offset: 6 }],
  ["what is behind three tags", tagged(udp4, { id: 0 }, { id: 0 }, { id: 0 }), { flags: NEEDS_CHECKSUM, start: 46, offset: 6 }],
];
for (const [kind, cases] of [
  ["contradicts its frame", contradicted],
  ["puts a checksum where none is", inTheWrongPlace],
] as const) {
  for (const [name, frame, header] of cases) {
    tell(`a header is refused that ${kind}: ${name}`, (engine) => {
      pair(engine);
      expectDrop(engine, 0, frame, reason.BAD_OFFLOAD_HEADER, { offload: offload(header) });
      assert.equal(engine.macs(), []);
    });
  }
}

tell("no checksum turns a checked frame into another station's on its way out", (engine) => {
  const network = engine.network();
  engine.port({ network, mac: A, flags: port.FLAG_SOURCE_CHECK });
  engine.port({ network });
  engine.bind(network, 0, four.source, A);
  engine.bind(network, 0, six.source, A);
  let passed = 0;
  for (const frame of [udp4, tcp6, advert, chained]) {
    for (let start = 0; start < frame.length; start++) {
      for (const offset of [0, 2, 6, 16]) {
        const [output] = engine.send(0, frame, partial(start, offset));
        if (output === undefined) continue;
        passed++;
        const changed = [...frame.keys()].filter((index) => output.frame[index] !== frame[index]);
        assert.ok(changed.every((index) => index >= start + offset && index < start + offset + 2));
        assert.ok(start >= 54 || (frame === udp4 && start >= 34), `start ${start}, offset ${offset} of ${frame.length} bytes`);
      }
    }
  }
  assert.ok(passed > 100);
});

tell("the header of a trunk's frame moves with its tag", (engine) => {
  const network = engine.network();
  const takesAll = { flags: port.FLAG_CHECKSUM | port.FLAG_TSO };
  engine.port({ vlans: { 5: network }, ...takesAll });
  engine.port({ network, ...takesAll });
  engine.port({ vlans: { 9: network }, ...takesAll });
  const header = { flags: NEEDS_CHECKSUM, type: TSO4, headerBytes: 54, segmentBytes: 40, start: 34, offset: 16 };
  const withTag = { ...header, headerBytes: 58, start: 38 };
  const outputs = engine.send(0, tagged(tcp4, { id: 5 }), offload(withTag));
  assert.equal(portsOf(outputs), [1, 2]);
  assert.equal(
    outputs.map((output) => output.offload),
    [offload(header), offload(withTag)],
  );
  assert.equal(
    outputs.map((output) => output.frame),
    [tcp4, tagged(tcp4, { id: 9 })],
  );
});

tell("a header that lies about a trunk's frame is refused before its tag is taken", (engine) => {
  const network = engine.network();
  engine.port({ vlans: { 5: network } });
  engine.port({ network });
  for (const start of [0, 2, 12, 14, 16, 17]) {
    expectDrop(engine, 0, tagged(plain, { id: 5 }), reason.BAD_OFFLOAD_HEADER, { offload: partial(start, 0) });
  }
  assert.equal(portsOf(engine.send(0, tagged(plain, { id: 5 }), partial(18, 0))), [1]);
});

test.run();
