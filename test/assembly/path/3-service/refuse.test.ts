/** Who cannot be served is told so: what exactly, to whom, and who is told nothing. What is expected is built from the fields that it must have.
 *
 *      port 1  the client A, 10.0.0.1, fd00::1        the virtual address 10.0.0.100, fd00::100 is nowhere: the engine speaks for it */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { scale } from "../../../scale.ts";
import { captureFolder, ethernetFrames } from "../../../support/captures.ts";
import { type Part, bytes, ramp } from "../../../support/packet/bytes.ts";
import { BROADCAST, TYPE_ARP, TYPE_IPV4, TYPE_IPV6, arp, ethernet, padded, station, tagged } from "../../../support/packet/ethernet.ts";
import {
  DESTINATION_OPTIONS,
  FRAGMENT,
  GRE,
  ICMP,
  ICMPV6,
  type Ends,
  TCP,
  UDP,
  extension,
  ipv4,
  ipv6,
} from "../../../support/packet/ip.ts";
import { fragmentHeader } from "../../../support/packet/neighbour.ts";
import { NEEDS_CHECKSUM, TSO4, offload } from "../../../support/packet/offload.ts";
import { type Random, random } from "../../../support/packet/random.ts";
import { ACK, FIN, PSH, RST, SYN, echo, icmp, icmpv6, tcp, udp } from "../../../support/packet/transport.ts";
import { ServiceYard } from "../../../support/service-yard.ts";
import { BUILDS } from "../../../support/wasm.ts";
import { hexOf } from "../../../support/story.ts";

const [A, VIRTUAL] = [station(1), "02:50:00:00:00:64"];
const NOTHING: Uint8Array = new Uint8Array();
const PORT = 1;
const [CLIENT_PORT, SERVICE_PORT] = [40_000, 80];
const ASKED = { sourcePort: CLIENT_PORT, targetPort: SERVICE_PORT };
const ANSWERED = { sourcePort: SERVICE_PORT, targetPort: CLIENT_PORT };
const [V4, V6]: [Ends, Ends] = [
  { source: "10.0.0.1", destination: "10.0.0.100" },
  { source: "fd00::1", destination: "fd00::100" },
];
/** Bytes of a whole ICMP error. */
const [ERROR4, ERROR6] = [576, 1280];

const isIpv6 = (ends: Ends): boolean => ends.source.includes(":");
const reversed = ({ source, destination }: Ends): Ends => ({ source: destination, destination: source });

function packetOf(ends: Ends, protocol: number, ...payload: Part[]) {
  return isIpv6(ends) ? ipv6({ ...ends, next: protocol }, ...payload) : ipv4({ ...ends, protocol, id: 0 }, ...payload);
}
function frameOf(packet: Uint8Array, to = VIRTUAL, from = A) {
  return ethernet(to, from, packet[0]! >> 4 === 6 ? TYPE_IPV6 : TYPE_IPV4, packet);
}

interface Segment {
  flags: number;
  sequence?: number;
  acknowledged?: number;
  payload?: Uint8Array;
  options?: number[];
}
function segment(ends: Ends, { flags, sequence = 1000, acknowledged = 0, payload = NOTHING, options = [] }: Segment): Uint8Array {
  return tcp(ends, { ...ASKED, sequence, acknowledged, flags, options }, payload);
}

/** What RFC 9293 says that comes back, as a frame; null: nothing. */
function resetFor(ends: Ends, { flags, sequence = 1000, acknowledged = 0, payload = NOTHING }: Segment): Uint8Array | null {
  if (flags & RST) return null;
  const length = payload.length + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);
  const numbers =
    flags & ACK ? { sequence: acknowledged, flags: RST } : { sequence: 0, acknowledged: (sequence + length) >>> 0, flags: RST | ACK };
  const back = reversed(ends);
  return frameOf(packetOf(back, TCP, tcp(back, { ...ANSWERED, ...numbers, window: 0 })), A, VIRTUAL);
}

/** "Port unreachable" about the packet. */
function errorAbout(ends: Ends, packet: Uint8Array): Uint8Array {
  const back = reversed(ends);
  if (isIpv6(ends)) return frameOf(packetOf(back, ICMPV6, icmpv6(back, 1, 4, 0, 0, 0, 0, packet.subarray(0, ERROR6 - 48))), A, VIRTUAL);
  return frameOf(packetOf(back, ICMP, icmp(3, 3, 0, 0, 0, 0, packet.subarray(0, ERROR4 - 28))), A, VIRTUAL);
}

const yards = await Promise.all(BUILDS.map((build) => ServiceYard.make(build)));

/** What the frame is answered with, as digits; none where it is none of the stage's. */
function refuse(yard: ServiceYard, frame: Uint8Array, header?: Uint8Array): string[] {
  const descriptor = yard.receive(PORT, frame, header);
  if (descriptor === 0) return [];
  yard.wasm.refuse(yard.worker, descriptor);
  assert.is(hexOf(yard.frame), hexOf(frame), "the frame itself stays as it is");
  const sent = yard.takeSent();
  yard.checkBooks();
  assert.ok(sent.every(({ port }) => port === PORT));
  return sent.map((each) => hexOf(each.frame));
}

function tell(sentence: string, story: (yard: ServiceYard) => void): void {
  for (const yard of yards) test(`${sentence} (${yard.build})`, () => story(yard));
}

// ---------------------------------------------------------------- TCP
for (const ends of [V4, V6]) {
  const family = isIpv6(ends) ? "IPv6" : "IPv4";

  tell(`a SYN over ${family} gets RST, ACK with the number behind it`, (yard) => {
    const asked = { flags: SYN, sequence: 0xffffffff, options: [2, 4, 5, 0xb4] };
    const [answer] = refuse(yard, frameOf(packetOf(ends, TCP, segment(ends, asked))));
    assert.is(answer, hexOf(resetFor(ends, asked)!));
    const header = Buffer.from(answer!, "hex").subarray(isIpv6(ends) ? 54 : 34);
    assert.equal([header.readUInt32BE(4), header.readUInt32BE(8), header[13]], [0, 0, RST | ACK]);
  });

  tell(`every combination of flags over ${family}, with and without payload, around the end of the numbers`, (yard) => {
    for (let flags = 0; flags < 256; flags++) {
      for (const payload of [NOTHING, ramp(1), ramp(700)]) {
        for (const sequence of [0, 0x7fffffff, 0xfffffffe]) {
          const asked = { flags, sequence, acknowledged: 0xdeadbeef, payload };
          const answer = resetFor(ends, asked);
          const wanted = answer === null ? [] : [hexOf(answer)];
          assert.equal(refuse(yard, frameOf(packetOf(ends, TCP, segment(ends, asked)))), wanted, `flags ${flags}, ${payload.length} bytes`);
        }
      }
    }
  });

  tell(`what pads a frame over ${family} is no part of its segment`, (yard) => {
    const asked = { flags: FIN };
    assert.equal(refuse(yard, padded(frameOf(packetOf(ends, TCP, segment(ends, asked))), 90)), [hexOf(resetFor(ends, asked)!)]);
  });

  tell(`UDP over ${family} gets "port unreachable" about it, of every length around the limits`, (yard) => {
    const limit = isIpv6(ends) ? ERROR6 - 48 : ERROR4 - 28;
    const lengths = [0, 1, 2, 3, 100, 1024, 1400, ...Array.from({ length: 9 }, (_, index) => limit - (isIpv6(ends) ? 48 : 28) - 4 + index)];
    for (const length of lengths) {
      const packet = packetOf(ends, UDP, udp(ends, ASKED, ramp(length)));
      assert.equal(refuse(yard, padded(frameOf(packet))), [hexOf(errorAbout(ends, packet))], `${length} bytes`);
      const answer = errorAbout(ends, packet);
      assert.is(answer.length - 14, Math.min(packet.length + (isIpv6(ends) ? 48 : 28), isIpv6(ends) ? ERROR6 : ERROR4));
    }
  });
}

tell("a super-frame with a partial checksum is refused as one segment", (yard) => {
  const asked = { flags: PSH | ACK, acknowledged: 77, payload: ramp(9000) };
  const header = offload({ flags: NEEDS_CHECKSUM, type: TSO4, headerBytes: 54, segmentBytes: 1460, start: 34, offset: 16 });
  assert.equal(refuse(yard, frameOf(packetOf(V4, TCP, segment(V4, asked))), header), [hexOf(resetFor(V4, asked)!)]);
  const unacknowledged = { flags: PSH, payload: ramp(9000) };
  assert.equal(refuse(yard, frameOf(packetOf(V4, TCP, segment(V4, unacknowledged))), header), [hexOf(resetFor(V4, unacknowledged)!)]);
});

tell("options of IPv4 and extension headers of IPv6 are quoted, and change nothing else", (yard) => {
  const options = [0x94, 4, 0, 0];
  const with4 = ipv4({ ...V4, protocol: UDP, options }, udp(V4, ASKED, ramp(30)));
  assert.equal(refuse(yard, frameOf(with4)), [hexOf(errorAbout(V4, with4))]);
  const with6 = ipv6({ ...V6, next: DESTINATION_OPTIONS }, extension(UDP, 1, 4, 0, 0, 0, 0), udp(V6, ASKED, ramp(30)));
  assert.equal(refuse(yard, frameOf(with6)), [hexOf(errorAbout(V6, with6))]);
  const asked = { flags: SYN };
  const syn6 = ipv6({ ...V6, next: DESTINATION_OPTIONS }, extension(TCP, 1, 4, 0, 0, 0, 0), segment(V6, asked));
  assert.equal(refuse(yard, frameOf(syn6)), [hexOf(resetFor(V6, asked)!)]);
});

// ---------------------------------------------------------------- fragments
tell("of a fragmented datagram the first piece is answered, a later one is not", (yard) => {
  const whole = udp(V4, ASKED, ramp(2000));
  const first4 = ipv4({ ...V4, protocol: UDP, id: 9, more: true }, whole.subarray(0, 1200));
  assert.equal(refuse(yard, frameOf(first4)), [hexOf(errorAbout(V4, first4))]);
  assert.equal(refuse(yard, frameOf(ipv4({ ...V4, protocol: UDP, id: 9, fragment: 150 }, whole.subarray(1200)))), []);
  const first6 = ipv6({ ...V6, next: FRAGMENT }, fragmentHeader(UDP, 0, true), udp(V6, ASKED, ramp(800)));
  assert.equal(refuse(yard, frameOf(first6)), [hexOf(errorAbout(V6, first6))]);
  assert.equal(refuse(yard, frameOf(ipv6({ ...V6, next: FRAGMENT }, fragmentHeader(UDP, 100, false), ramp(80)))), []);
});

tell("a fragmented segment is reset by its acknowledgment; without one nobody knows where it ends", (yard) => {
  const acknowledging = { flags: PSH | ACK, acknowledged: 5, payload: ramp(500) };
  const fragment = (asked: Segment): Uint8Array =>
    frameOf(ipv4({ ...V4, protocol: TCP, id: 9, more: true }, segment(V4, asked).subarray(0, 400)));
  assert.equal(refuse(yard, fragment(acknowledging)), [hexOf(resetFor(V4, acknowledging)!)]);
  assert.equal(refuse(yard, fragment({ flags: SYN, payload: ramp(500) })), []);
});

// ---------------------------------------------------------------- nobody is told
tell("nobody is told about groups, unspecified or reserved sources, tags, other protocols, or what is no L4 header", (yard) => {
  const syn = (ends: Ends): Uint8Array => packetOf(ends, TCP, segment(ends, { flags: SYN }));
  const datagram = (ends: Ends): Uint8Array => packetOf(ends, UDP, udp(ends, ASKED, ramp(9)));
  const silent: Record<string, Uint8Array> = {
    "to all stations": frameOf(syn(V4), BROADCAST),
    "to a group's MAC": frameOf(datagram(V6), "33:33:00:00:00:01"),
    "in a tag": tagged(frameOf(syn(V4)), { id: 5 }),
    ARP: ethernet(VIRTUAL, A, TYPE_ARP, arp({ operation: 1, senderMac: A, senderAddress: V4.source, targetAddress: V4.destination })),
    "an echo request": frameOf(packetOf(V4, ICMP, echo(8, 1, 1))),
    "an ICMP error": frameOf(packetOf(V4, ICMP, icmp(3, 3, 0, 0, 0, 0, datagram(reversed(V4))))),
    "an ICMPv6 error": frameOf(packetOf(V6, ICMPV6, icmpv6(V6, 1, 4, 0, 0, 0, 0, datagram(reversed(V6))))),
    GRE: frameOf(packetOf(V4, GRE, ramp(30))),
    "a data offset beyond the segment": frameOf(packetOf(V4, TCP, bytes(segment(V4, { flags: SYN }).subarray(0, 12), 0xf0, ramp(7)))),
    "half a TCP header": frameOf(packetOf(V4, TCP, segment(V4, { flags: SYN }).subarray(0, 19))),
    "half a UDP header": frameOf(packetOf(V4, UDP, ramp(7))),
    "no L4 at all": frameOf(packetOf(V4, UDP)),
  };
  for (const source of ["0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1"]) {
    silent[`from ${source}`] = frameOf(syn({ ...V4, source }));
    silent[`UDP from ${source}`] = frameOf(datagram({ ...V4, source }));
  }
  for (const destination of ["255.255.255.255", "239.1.2.3", "0.0.0.0"])
    silent[`to ${destination}`] = frameOf(datagram({ ...V4, destination }));
  for (const source of ["::", "ff02::1"]) silent[`from ${source}`] = frameOf(datagram({ ...V6, source }));
  silent["to ff02::1"] = frameOf(datagram({ ...V6, destination: "ff02::1" }));
  for (const [about, frame] of Object.entries(silent)) assert.equal(refuse(yard, frame), [], about);
});

tell("the last address that is not a group's is a station's", (yard) => {
  for (const source of ["223.255.255.255", "1.0.0.0"]) {
    const packet = packetOf({ ...V4, source }, UDP, udp({ ...V4, source }, ASKED, ramp(9)));
    assert.is(refuse(yard, frameOf(packet)).length, 1, source);
  }
});

// ---------------------------------------------------------------- whatever comes
/** What is answered is in order: both checksums, both lengths. */
function expectSound(answer: Uint8Array): void {
  const is4 = answer[12] === 0x08;
  const packet = answer.subarray(14);
  const view = new DataView(packet.buffer, packet.byteOffset);
  const headers = is4 ? 20 : 40;
  assert.is(is4 ? view.getUint16(2) : view.getUint16(4) + 40, packet.length);
  const text = is4 ? [...packet.subarray(12, 20)] : [...packet.subarray(8, 40)];
  const l4 = packet.subarray(headers);
  const protocol = is4 ? packet[9]! : packet[6]!;
  const pseudo = protocol === ICMP ? [] : [...text, 0, 0, l4.length >> 8, l4.length & 255, 0, protocol];
  assert.is(sumOf(pseudo, l4), 0xffff, "L4 checksum");
  if (is4) assert.is(sumOf([], packet.subarray(0, 20)), 0xffff, "header checksum");
}

function sumOf(...parts: ArrayLike<number>[]): number {
  const all = bytes(...parts);
  let sum = 0;
  for (let at = 0; at < all.length; at += 2) sum += ((all[at] ?? 0) << 8) + (all[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

function refuseAny(yard: ServiceYard, frame: Uint8Array): number {
  const answers = refuse(yard, frame);
  assert.ok(answers.length <= 1);
  for (const answer of answers) expectSound(Buffer.from(answer, "hex"));
  return answers.length;
}

tell("every length of a segment and a datagram, flush with the end of memory", (yard) => {
  for (const whole of [
    frameOf(packetOf(V4, TCP, segment(V4, { flags: SYN, options: [2, 4, 5, 0xb4] }))),
    frameOf(packetOf(V6, TCP, segment(V6, { flags: ACK, payload: ramp(20) }))),
    frameOf(packetOf(V4, UDP, udp(V4, ASKED, ramp(20)))),
    frameOf(ipv6({ ...V6, next: FRAGMENT }, fragmentHeader(UDP, 0, true), udp(V6, ASKED, ramp(24)))),
  ]) {
    for (let length = 0; length <= whole.length; length++)
      assert.is(refuseAny(yard, whole.subarray(0, length)), length === whole.length ? 1 : 0);
  }
});

function garbled(from: Random): Uint8Array {
  const ends = from.pick([V4, V6]);
  const payload = from.bytes(from.below(60));
  const l4 = from.below(2) === 0 ? segment(ends, { flags: from.below(256), payload }) : udp(ends, ASKED, payload);
  const frame = frameOf(packetOf(ends, l4.length % 2 === 0 ? TCP : UDP, l4));
  for (let count = from.below(4); count > 0; count--) frame[12 + from.below(frame.length - 12)] = from.below(256);
  return frame.subarray(0, from.below(10) === 0 ? from.below(frame.length) : frame.length);
}

tell("frames with some bytes changed: no trap, and what is answered is in order", (yard) => {
  const from = random(7);
  let answered = 0;
  for (let count = 0; count < scale.refusedFrames; count++) answered += refuseAny(yard, garbled(from));
  assert.ok(answered > scale.refusedFrames / 10, `${answered} answered`);
});

tell("every packet of the captures", (yard) => {
  let answered = 0;
  for (const { frames } of ethernetFrames(captureFolder())) for (const { bytes: frame } of frames) answered += refuseAny(yard, frame);
  assert.ok(answered >= 20, `${answered} answered`);
});

tell("where no slot is free nothing is sent, and nothing is lost", (yard) => {
  const frame = frameOf(packetOf(V4, TCP, segment(V4, { flags: SYN })));
  assert.is(refuse(yard, frame).length, 1);
  const slots = yard.wasm.takeAllSlots(yard.worker);
  const before = yard.books();
  for (const each of [frame, frameOf(packetOf(V6, UDP, udp(V6, ASKED)))]) {
    yard.wasm.refuse(yard.worker, yard.receive(PORT, each));
    assert.equal(yard.takeSent(), []);
  }
  assert.equal(yard.books(), before);
  assert.ok(slots > 0);
});

test.run();
