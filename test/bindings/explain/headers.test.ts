/** Headers in words: what the parser found of a frame is given, the frame is real. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as flag from "../../../assembly/abi/descriptor.ts";
import { MAX_EXTENSION_BYTES } from "../../../assembly/abi/limits.ts";
import { addressOf, headersText, type Layers, macText, protocolOf } from "../../../bindings/explain/headers.ts";
import { ipv4Address, ipv6Address } from "../../support/packet/address.ts";
import { bytes, ramp, u16 } from "../../support/packet/bytes.ts";
import { arp, ethernet, station, tagged, TYPE_ARP, TYPE_IPV4, TYPE_IPV6 } from "../../support/packet/ethernet.ts";
import { extension, ipv4, ipv6 } from "../../support/packet/ip.ts";
import { ACK, FIN, icmp, icmpv6, PSH, RST, SYN, tcp, udp } from "../../support/packet/transport.ts";

const test = suite("headers in words");
const [A, B] = [station(1), station(2)];
const FOUR = { source: "10.0.0.1", destination: "10.0.0.2" };
const SIX = { source: "fd00::1", destination: "fd00::2" };
const PORTS = { sourcePort: 40_000, targetPort: 443, sequence: 1 };

const arpFrame = (operation: number): Uint8Array =>
  ethernet(B, A, TYPE_ARP, arp({ operation, senderMac: A, senderAddress: "10.0.0.1", targetAddress: "10.0.0.2" }));
const four = (protocol: number, payload: Uint8Array): Uint8Array => ethernet(B, A, TYPE_IPV4, ipv4({ ...FOUR, protocol }, payload));
const six = (next: number, payload: Uint8Array): Uint8Array => ethernet(B, A, TYPE_IPV6, ipv6({ ...SIX, next }, payload));
const of4 = (protocol: number, more: Partial<Layers> = {}): Layers => ({
  etherType: TYPE_IPV4,
  l3: 14,
  l4: 34,
  protocol,
  flags: flag.FLAG_IPV4,
  ...more,
});
const of6 = (protocol: number, more: Partial<Layers> = {}): Layers => ({
  etherType: TYPE_IPV6,
  l3: 14,
  l4: 54,
  protocol,
  flags: flag.FLAG_IPV6,
  ...more,
});
const ofArp: Layers = { etherType: TYPE_ARP, l3: 14, l4: 0, protocol: 0, flags: flag.FLAG_ARP };
const ofType = (etherType: number, l3 = 14): Layers => ({ etherType, l3, l4: 0, protocol: 0, flags: 0 });

test("ARP: who asks for what, who is where, and other operations by their number (RFC 826, 903)", () => {
  assert.is(headersText(arpFrame(1), ofArp), "ARP who has 10.0.0.2, says 10.0.0.1");
  assert.is(headersText(arpFrame(2), ofArp), `ARP 10.0.0.1 is at ${A}`);
  assert.is(headersText(arpFrame(3), ofArp), "ARP operation 3");
});

test("TCP: its ports, and its flags from the lowest bit up (RFC 9293, section 3.1)", () => {
  const text = (flags: number) => headersText(four(6, tcp(FOUR, { ...PORTS, flags })), of4(6));
  assert.is(text(SYN), "IPv4 10.0.0.1 > 10.0.0.2, TCP 40000 > 443 SYN");
  assert.is(text(SYN | ACK), "IPv4 10.0.0.1 > 10.0.0.2, TCP 40000 > 443 SYN ACK");
  assert.is(text(FIN | PSH | ACK), "IPv4 10.0.0.1 > 10.0.0.2, TCP 40000 > 443 FIN PSH ACK");
  assert.is(text(RST), "IPv4 10.0.0.1 > 10.0.0.2, TCP 40000 > 443 RST");
  assert.is(text(0xe0), "IPv4 10.0.0.1 > 10.0.0.2, TCP 40000 > 443 URG ECE CWR");
  assert.is(text(0), "IPv4 10.0.0.1 > 10.0.0.2, TCP 40000 > 443");
  assert.is(headersText(six(6, tcp(SIX, { ...PORTS, flags: SYN })), of6(6)), "IPv6 fd00::1 > fd00::2, TCP 40000 > 443 SYN");
});

test("UDP and SCTP have ports, others do not", () => {
  assert.is(headersText(four(17, udp(FOUR, PORTS, ramp(8))), of4(17)), "IPv4 10.0.0.1 > 10.0.0.2, UDP 40000 > 443");
  assert.is(headersText(six(17, udp(SIX, PORTS, ramp(8))), of6(17)), "IPv6 fd00::1 > fd00::2, UDP 40000 > 443");
  assert.is(headersText(four(132, bytes(u16(1), u16(2), ramp(8))), of4(132)), "IPv4 10.0.0.1 > 10.0.0.2, SCTP 1 > 2");
  assert.is(headersText(four(47, ramp(8)), of4(47)), "IPv4 10.0.0.1 > 10.0.0.2, GRE");
  assert.is(headersText(four(50, ramp(8)), of4(50)), "IPv4 10.0.0.1 > 10.0.0.2, ESP");
  assert.is(headersText(four(2, ramp(8)), of4(2)), "IPv4 10.0.0.1 > 10.0.0.2, IGMP");
  assert.is(headersText(four(200, ramp(8)), of4(200)), "IPv4 10.0.0.1 > 10.0.0.2, protocol 200");
});

test("ICMP has a type, of each version its own (RFC 792, 4443, 4861)", () => {
  const old = (type: number) => headersText(four(1, icmp(type, 0, ramp(8))), of4(1)).split(", ")[1];
  const young = (type: number) => headersText(six(58, icmpv6(SIX, type, 0, ramp(20))), of6(58)).split(", ")[1];
  assert.equal([8, 0, 3, 11, 5, 42].map(old), [
    "ICMP echo request",
    "ICMP echo reply",
    "ICMP unreachable",
    "ICMP time exceeded",
    "ICMP redirect",
    "ICMP type 42",
  ]);
  assert.equal([128, 129, 1, 2, 3, 133, 134, 135, 136, 137, 130, 131, 143, 8].map(young), [
    "ICMPv6 echo request",
    "ICMPv6 echo reply",
    "ICMPv6 unreachable",
    "ICMPv6 packet too big",
    "ICMPv6 time exceeded",
    "ICMPv6 router solicitation",
    "ICMPv6 router advertisement",
    "ICMPv6 neighbour solicitation",
    "ICMPv6 neighbour advertisement",
    "ICMPv6 redirect",
    "ICMPv6 listener query",
    "ICMPv6 listener report",
    "ICMPv6 listener report",
    "ICMPv6 type 8",
  ]);
});

test("a first fragment has what lies in it, a later one has not", () => {
  const fragment = flag.FLAG_FRAGMENT;
  const frame = four(17, udp(FOUR, PORTS, ramp(8)));
  assert.is(
    headersText(frame, of4(17, { flags: flag.FLAG_IPV4 | fragment })),
    "IPv4 10.0.0.1 > 10.0.0.2, UDP 40000 > 443, the first fragment",
  );
  assert.is(headersText(frame, of4(17, { l4: 0, flags: flag.FLAG_IPV4 | fragment })), "IPv4 10.0.0.1 > 10.0.0.2, UDP, a later fragment");
  assert.is(
    headersText(six(44, ramp(16)), of6(0, { l4: 0, flags: flag.FLAG_IPV6 | fragment })),
    "IPv6 fd00::1 > fd00::2, a later fragment",
  );
});

test("a packet may end with its header, and extension headers may have no end", () => {
  assert.is(headersText(four(6, ramp(0)), of4(6, { l4: 0 })), "IPv4 10.0.0.1 > 10.0.0.2, TCP, no payload");
  assert.is(headersText(six(59, ramp(0)), of6(0, { l4: 0 })), "IPv6 fd00::1 > fd00::2, no payload");
  const cut = of6(0, { l4: 0, flags: flag.FLAG_IPV6 | flag.FLAG_CHAIN_CUT });
  assert.is(headersText(six(60, ramp(16)), cut), "IPv6 fd00::1 > fd00::2, extension headers without end");
});

test("other types by name or number, and a length (IEEE 802.3) by itself", () => {
  const frame = ethernet(B, A, 0x88b5, ramp(46));
  const of = (etherType: number) => headersText(frame, ofType(etherType));
  assert.is(of(0x88cc), "LLDP");
  assert.is(of(0x8847), "MPLS");
  assert.is(of(0x8864), "PPPoE");
  assert.is(of(0x88b5), "EtherType 0x88b5");
  assert.is(of(0x0600), "EtherType 0x0600");
  assert.is(of(0x05dc), "IEEE 802.3, length 1500");
  assert.is(of(0), "IEEE 802.3, length 0");
});

test("a type that the parser knows, without a header that it found", () => {
  const frame = ethernet(B, A, TYPE_IPV4, ramp(10));
  assert.is(headersText(frame, ofType(0x0800)), "IPv4 with a malformed or cut header");
  assert.is(headersText(frame, ofType(0x86dd)), "IPv6 with a malformed or cut header");
  assert.is(headersText(frame, ofType(0x0806)), "ARP that is cut, or of other than IPv4 over Ethernet");
  for (const tag of [0x8100, 0x88a8, 0x9100]) assert.is(headersText(frame, ofType(tag)), "a tag that is cut, or a third one");
});

test("tags are told from the outer one in, without priority", () => {
  const frame = tagged(arpFrame(1), { id: 4094, priority: 7 }, { id: 0, type: 0x88a8 });
  assert.is(headersText(frame, { ...ofArp, l3: 22 }), "VLAN 4094, VLAN 0, ARP who has 10.0.0.2, says 10.0.0.1");
  assert.is(headersText(tagged(ethernet(B, A, 0x88b5), { id: 7 }), ofType(0x88b5, 18)), "VLAN 7, EtherType 0x88b5");
});

test("of a frame that was cut nothing is told that is not there", () => {
  const frame = four(6, tcp(FOUR, { ...PORTS, flags: SYN }));
  const of = (length: number) => headersText(frame.subarray(0, length), of4(6));
  assert.is(of(33), "IPv4, cut off");
  assert.is(of(34), "IPv4 10.0.0.1 > 10.0.0.2, TCP");
  assert.is(of(37), "IPv4 10.0.0.1 > 10.0.0.2, TCP");
  assert.is(of(38), "IPv4 10.0.0.1 > 10.0.0.2, TCP 40000 > 443");
  assert.is(of(47), "IPv4 10.0.0.1 > 10.0.0.2, TCP 40000 > 443");
  assert.is(of(48), "IPv4 10.0.0.1 > 10.0.0.2, TCP 40000 > 443 SYN");
  const echo = four(1, icmp(8, 0, ramp(8)));
  assert.is(headersText(echo.subarray(0, 34), of4(1)), "IPv4 10.0.0.1 > 10.0.0.2, ICMP");
  assert.is(headersText(six(17, udp(SIX, PORTS)).subarray(0, 53), of6(17)), "IPv6, cut off");
  assert.is(headersText(arpFrame(1).subarray(0, 41), ofArp), "ARP, cut off");
});

test("extension headers are told where they were captured up to what they lead to", () => {
  const frame = six(0, bytes(extension(17), udp(SIX, PORTS, ramp(8))));
  const of = (length: number, layers: Layers) => headersText(frame.subarray(0, length), layers);
  for (const length of [54, 55, 61]) assert.is(of(length, of6(17, { l4: 62 })), "IPv6 fd00::1 > fd00::2, extension headers, cut off");
  assert.is(of(62, of6(17, { l4: 62 })), "IPv6 fd00::1 > fd00::2, UDP");
  const chain = of6(0, { l4: 0, flags: flag.FLAG_IPV6 | flag.FLAG_CHAIN_CUT });
  assert.is(of(54, chain), "IPv6 fd00::1 > fd00::2, extension headers, cut off");
  assert.is(of(frame.length, chain), "IPv6 fd00::1 > fd00::2, extension headers without end");
});

test("a chain without end is one as far as it is followed, and a later fragment is none, wherever they were cut", () => {
  const long = six(60, ramp(400));
  const chain = of6(0, { l4: 0, flags: flag.FLAG_IPV6 | flag.FLAG_CHAIN_CUT });
  const end = 14 + 40 + MAX_EXTENSION_BYTES;
  assert.is(headersText(long.subarray(0, end - 1), chain), "IPv6 fd00::1 > fd00::2, extension headers, cut off");
  assert.is(headersText(long.subarray(0, end), chain), "IPv6 fd00::1 > fd00::2, extension headers without end");
  const later = of6(0, { l4: 0, flags: flag.FLAG_IPV6 | flag.FLAG_FRAGMENT });
  assert.is(headersText(six(44, ramp(16)).subarray(0, 62), later), "IPv6 fd00::1 > fd00::2, a later fragment");
});

test("a protocol has a number where its byte was captured", () => {
  const number = (frame: Uint8Array, length: number, layers: Layers) => protocolOf(frame.subarray(0, length), layers);
  const plain = four(17, udp(FOUR, PORTS));
  for (const [length, protocol] of [
    [14, null],
    [23, null],
    [24, 17],
    [34, 17],
  ] as const)
    assert.is(number(plain, length, of4(17)), protocol);
  const udp6 = six(17, udp(SIX, PORTS));
  for (const [length, protocol] of [
    [20, null],
    [21, 17],
    [54, 17],
  ] as const)
    assert.is(number(udp6, length, of6(17)), protocol);
  const behind = six(0, bytes(extension(17), udp(SIX, PORTS)));
  for (const [length, protocol] of [
    [21, null],
    [54, null],
    [61, null],
    [62, 17],
  ] as const)
    assert.is(number(behind, length, of6(17, { l4: 62 })), protocol);
  assert.is(protocolOf(behind, of6(0, { l4: 0 })), null);
  assert.is(protocolOf(arpFrame(1), ofArp), null);
});

test("MACs and addresses of notes", () => {
  assert.is(macText(0x060504030201n), "01:02:03:04:05:06");
  assert.is(macText(0xffff_0000_0000_0002n), "02:00:00:00:00:00");
  const words = (address: ArrayLike<number>): [bigint, bigint] => {
    const view = new DataView(bytes(address, new Uint8Array(16)).buffer);
    return [view.getBigUint64(0, true), view.getBigUint64(8, true)];
  };
  assert.is(addressOf(4, ...words(ipv4Address("10.77.0.2"))), "10.77.0.2");
  assert.is(addressOf(6, ...words(ipv6Address("fd77:0:0:1::2"))), "fd77:0:0:1::2");
  assert.is(addressOf(6, 0n, 0n), "::");
});

test.run();
