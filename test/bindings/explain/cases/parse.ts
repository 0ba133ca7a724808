/** What a frame is: IEEE 802.3 and 802.1Q for its head, RFC 791, 8200, 9293, 768, 792, 4443 for what it carries. */
import { bytes, hex, ramp, u16 } from "../../../support/packet/bytes.ts";
import { ethernet, station, tagged, TYPE_IPV4, TYPE_IPV6, TYPE_LLDP, TYPE_SLOW, TYPE_VLAN } from "../../../support/packet/ethernet.ts";
import { ICMP, ipv4, ipv6, TCP, UDP } from "../../../support/packet/ip.ts";
import { fragmentHeader, listener } from "../../../support/packet/neighbour.ts";
import { echo, SYN, tcp } from "../../../support/packet/transport.ts";
import type { Case } from "./case.ts";
import { ALL_NODES, BROADCAST, datagram, FOUR, head, raw, SIX } from "./frames.ts";
import { A, B } from "./yards.ts";

const LLC = bytes(0x42, 0x42, 0x03, ramp(43));

/** Into a of the open yard, where nobody is known: what the parser lets pass goes to b and c. */
const ends = (sentence: string, frame: Uint8Array, reason: string, text: string, more = {}): Case => ({
  sentence,
  yard: "open",
  into: "a",
  frame,
  verdict: "dropped",
  reason,
  drops: [`${reason} at a`],
  steps: [{ step: "parse", verdict: "drop", reason, text, bytes: frame.length, etherType: null, protocol: null, ...more }],
});

const passes = (sentence: string, frame: Uint8Array, text: string, more = {}): Case => ({
  sentence,
  yard: "open",
  into: "a",
  frame,
  verdict: "forwarded",
  leaves: ["b", "c"],
  steps: [{ step: "parse", verdict: "continue", reason: null, text, bytes: frame.length, ...more }],
});

const inIpv4 = (packet: Uint8Array): Uint8Array => ethernet(B, A, TYPE_IPV4, packet);
const inIpv6 = (packet: Uint8Array): Uint8Array => ethernet(B, A, TYPE_IPV6, packet);
const wrongLength = inIpv4(ipv4({ ...FOUR, protocol: UDP }, ramp(8)));
wrongLength.set(u16(1000), 16);
const wrongVersion = inIpv4(ipv4({ ...FOUR, protocol: UDP }, ramp(8)));
wrongVersion[14] = 0x55;

export const parseCases: Case[] = [
  ends("Nothing at all is no frame", new Uint8Array(0), "runt", "shorter than an Ethernet header", { source: null, destination: null }),
  ends("A frame of 13 bytes has no EtherType", head(raw(B), 13), "runt", "shorter than an Ethernet header", { source: A, destination: B }),
  ends("A group address cannot send", raw(B, "01:00:5e:00:00:01"), "multicast-source", "its source is a group address"),
  ends("Nor can the broadcast address", raw(B, BROADCAST), "multicast-source", "its source is a group address"),
  ends("A source of zeros is nobody's", raw(B, "00:00:00:00:00:00"), "zero-source", "its source is all zeros"),
  ends(
    "A bridge keeps spanning tree to its link",
    ethernet("01:80:c2:00:00:00", A, LLC.length, LLC),
    "reserved-group",
    "its destination is one of 01:80:c2:00:00:00-0f, which no bridge forwards",
    { destination: "01:80:c2:00:00:00" },
  ),
  ends(
    "And LACP",
    ethernet("01:80:c2:00:00:02", A, TYPE_SLOW, ramp(46)),
    "reserved-group",
    "its destination is one of 01:80:c2:00:00:00-0f, which no bridge forwards",
  ),
  ends(
    "And LLDP, up to the last address of the block",
    ethernet("01:80:c2:00:00:0f", A, TYPE_LLDP, ramp(46)),
    "reserved-group",
    "its destination is one of 01:80:c2:00:00:00-0f, which no bridge forwards",
  ),
  passes("The address behind the block is a group like any other", raw("01:80:c2:00:00:10"), "EtherType 0x88b5"),
  passes("An Ethernet header alone is a frame", raw(B, A, 14), "EtherType 0x88b5", {
    source: A,
    destination: B,
    etherType: 0x88b5,
    protocol: null,
  }),
  passes("LLDP to a unicast address is forwarded", ethernet(B, A, TYPE_LLDP, ramp(46)), "LLDP", { etherType: 0x88cc }),
  passes("A type below 0x0600 is a length", ethernet(B, A, LLC.length, LLC), "IEEE 802.3, length 46", { etherType: 46 }),
  passes("UDP over IPv4 has its ports", datagram(A, B, "10.77.0.2", "10.77.0.3"), "IPv4 10.77.0.2 > 10.77.0.3, UDP 4000 > 4001", {
    etherType: 0x0800,
    protocol: 17,
  }),
  passes("UDP over IPv6 too", datagram(A, B, "fd77::2", "fd77::3"), "IPv6 fd77::2 > fd77::3, UDP 4000 > 4001", {
    etherType: 0x86dd,
    protocol: 17,
  }),
  passes(
    "A TCP segment has its flags",
    inIpv4(ipv4({ ...FOUR, protocol: TCP }, tcp(FOUR, { sourcePort: 40_000, targetPort: 80, sequence: 1, flags: SYN }))),
    "IPv4 10.77.0.2 > 10.77.0.3, TCP 40000 > 80 SYN",
    { protocol: 6 },
  ),
  passes(
    "A ping is an echo request",
    inIpv4(ipv4({ ...FOUR, protocol: ICMP }, echo(8, 1, 1, ramp(40)))),
    "IPv4 10.77.0.2 > 10.77.0.3, ICMP echo request",
    {
      protocol: 1,
    },
  ),
  passes(
    "A later fragment has no ports",
    inIpv4(ipv4({ ...FOUR, protocol: UDP, fragment: 100 }, ramp(40))),
    "IPv4 10.77.0.2 > 10.77.0.3, UDP, a later fragment",
    {
      protocol: 17,
    },
  ),
  passes(
    "The first fragment has them",
    inIpv4(ipv4({ ...FOUR, protocol: UDP, more: true }, u16(53), u16(5353), ramp(36))),
    "IPv4 10.77.0.2 > 10.77.0.3, UDP 53 > 5353, the first fragment",
  ),
  passes(
    "Of a later fragment of IPv6 it is not known what it carries",
    inIpv6(ipv6({ ...SIX, next: 44 }, fragmentHeader(UDP, 100, false), ramp(40))),
    "IPv6 fd77::2 > fd77::3, a later fragment",
    { protocol: null },
  ),
  passes(
    "A listener report is found behind its router alert",
    listener(A, "fe80::1", 143),
    "IPv6 fe80::1 > ff02::16, ICMPv6 listener report",
    { protocol: 58, destination: "33:33:00:00:00:16" },
  ),
  passes("IPv6 may carry nothing", inIpv6(ipv6({ ...SIX, next: 59 })), "IPv6 fd77::2 > fd77::3, no payload", { protocol: null }),
  passes("A bridge forwards IPv4 with a length that is too large", wrongLength, "IPv4 with a malformed or cut header", {
    etherType: 0x0800,
    protocol: null,
  }),
  passes("And with another version", wrongVersion, "IPv4 with a malformed or cut header"),
  passes(
    "Two tags of a tenant are walked",
    tagged(datagram(A, ALL_NODES, "fd77::2", "ff02::1"), { id: 30 }, { id: 5 }),
    "VLAN 30, VLAN 5, IPv6 fd77::2 > ff02::1, UDP 4000 > 4001",
    { etherType: 0x86dd },
  ),
  passes(
    "A third one is not",
    tagged(datagram(A, B, "10.77.0.2", "10.77.0.3"), { id: 30 }, { id: 5 }, { id: 6 }),
    "VLAN 30, VLAN 5, a tag that is cut, or a third one",
    { etherType: TYPE_VLAN, protocol: null },
  ),
  passes(
    "A tag that is not whole is a type like any other",
    bytes(hex(BROADCAST), hex(station(7)), u16(TYPE_VLAN), 0),
    "a tag that is cut, or a third one",
    {
      bytes: 15,
      etherType: TYPE_VLAN,
    },
  ),
];
