/** What a port with bound addresses may say, and what is somebody else's to say.
 *
 *      port 0  A, 10.0.0.1, fd00::1, checked        port 1  B, 10.0.0.2, fd00::2, checked        port 2  not checked      */
import { test } from "uvu";
import * as reason from "../../../../assembly/abi/drop-reason.ts";
import { ipv6Address } from "../../../support/packet/address.ts";
import { bytes, ramp, u16, u32 } from "../../../support/packet/bytes.ts";
import {
  BROADCAST,
  TYPE_ARP,
  TYPE_EXPERIMENT,
  TYPE_IPV4,
  TYPE_IPV6,
  arp,
  ethernet,
  station,
  tagged,
} from "../../../support/packet/ethernet.ts";
import { DESTINATION_OPTIONS, FRAGMENT, ICMPV6, TCP, UDP, extension, ipv4, ipv6 } from "../../../support/packet/ip.ts";
import * as nd from "../../../support/packet/neighbour.ts";
import { icmpv6, tcp } from "../../../support/packet/transport.ts";
import { expectDrop, expectOutputs, tell } from "../../../support/story.ts";
import { A, A4, A6, B, B4, B6, CHECKED, FREE4, FREE6, X, ip4, ip6, passes, refuses, yard } from "../../../support/checked-yard.ts";

const toAll = { from: A, to: BROADCAST };

passes("a port says what is its own", {
  IPv4: ip4(A4),
  IPv6: ip6(A6),
  "what is neither": ethernet(BROADCAST, A, TYPE_EXPERIMENT, ramp(60)),
  "what looks like IPv4 but is not": ethernet(BROADCAST, A, TYPE_IPV4, 0x45, ramp(10)),
  "a tag, and IPv4 behind it": tagged(ip4(A4), { id: 5 }),
  "a fragment that is not the first": ethernet(
    BROADCAST,
    A,
    TYPE_IPV4,
    ipv4({ source: A4, destination: B4, protocol: UDP, fragment: 100 }, ramp(64)),
  ),
});

refuses("another station's MAC is a spoofed source, whatever the frame carries", reason.SPOOFED_SOURCE, {
  "nothing that we know": ethernet(BROADCAST, X, TYPE_EXPERIMENT, ramp(60)),
  "A's own IPv4": ip4(A4, X),
  "B's frame": ip4(B4, B),
  "a DHCP request": nd.udp4({ from: X, to: BROADCAST }, { source: "0.0.0.0", destination: "255.255.255.255" }, 68, 67),
  "a MAC that differs in its last bit": ethernet(BROADCAST, station(1 ^ 0x80), TYPE_EXPERIMENT, ramp(60)),
});

refuses("an address that is not bound to the port is a spoofed source", reason.SPOOFED_SOURCE, {
  "B's IPv4": ip4(B4),
  "an IPv4 address of nobody": ip4(FREE4),
  "0.0.0.0 in what is not DHCP": ip4("0.0.0.0"),
  "B's IPv6": ip6(B6),
  "an IPv6 address of nobody": ip6(FREE6),
  "`::` in what is neither discovery nor a listener's report": ip6("::"),
  "B's address in a later fragment": ethernet(
    BROADCAST,
    A,
    TYPE_IPV4,
    ipv4({ source: B4, destination: A4, protocol: UDP, fragment: 100 }, ramp(64)),
  ),
  "B's address behind a tag": tagged(ip4(B4), { id: 5 }),
  "B's address behind two tags": tagged(ip4(B4), { id: 0 }, { id: 0 }),
  "B's link-local": ip6(nd.eui64(B)),
  "a multicast address": ip6("ff02::1"),
});

refuses("tags that nobody looks behind hide nothing: receivers take priority tags off, however many", reason.SPOOFED_SOURCE, {
  "B's IPv4 behind three": tagged(ip4(B4), { id: 0 }, { id: 0 }, { id: 0 }),
  "ARP for B behind four": tagged(arpFrame(B4, { operation: 2 }), { id: 0 }, { id: 0 }, { id: 0 }, { id: 0 }),
});

// ---------------------------------------------------------------- ARP
function arpFrame(senderAddress: string, { operation = 1, senderMac = A, targetAddress = FREE4, from = A } = {}): Uint8Array {
  return ethernet(BROADCAST, from, TYPE_ARP, arp({ operation, senderMac, senderAddress, targetAddress }));
}

passes("ARP says who has the port's own address, and probes for one", {
  "a question": arpFrame(A4),
  "an announcement": arpFrame(A4, { targetAddress: A4 }),
  "an answer": arpFrame(A4, { operation: 2 }),
  "a probe": arpFrame("0.0.0.0"),
});

const hardware6 = arpFrame(B4, { operation: 2 });
hardware6[15] = 6;
refuses("ARP that speaks for somebody else is a spoofed source", reason.SPOOFED_SOURCE, {
  "an answer for B's address": arpFrame(B4, { operation: 2 }),
  "a question as B": arpFrame(B4),
  "an announcement of B's address": arpFrame(B4, { targetAddress: B4 }),
  "an address of nobody": arpFrame(FREE4, { operation: 2 }),
  "its own address on another MAC": arpFrame(A4, { operation: 2, senderMac: X }),
  "0.0.0.0 in an answer": arpFrame("0.0.0.0", { operation: 2 }),
  "a probe with another MAC": arpFrame("0.0.0.0", { senderMac: X }),
  "B's address as IEEE 802 hardware, which receivers take for Ethernet": hardware6,
  "ARP that is cut short": arpFrame(B4, { operation: 2 }).subarray(0, 41),
});

// ---------------------------------------------------------------- IPv6: what a station says before it has an address
passes("a station may speak from `::` where it must, and from the link-local of its MAC", {
  "duplicate address detection of its address": nd.solicitation(A, "::", A6),
  "duplicate address detection of its link-local": nd.solicitation(A, "::", nd.eui64(A)),
  "a router solicitation from `::`": nd.discovery(
    { from: A, to: "33:33:00:00:00:02" },
    { source: "::", destination: "ff02::2" },
    nd.ROUTER_SOLICITATION,
    [u32(0)],
  ),
  "a listener's report from `::`": nd.listener(A, "::", 143),
  "a report of the first version": nd.listener(A, "::", 131),
  "a listener's report from its link-local": nd.listener(A, nd.eui64(A), 143),
  "a router solicitation from its link-local": nd.discovery(
    { from: A, to: "33:33:00:00:00:02" },
    { source: nd.eui64(A), destination: "ff02::2" },
    nd.ROUTER_SOLICITATION,
    [u32(0), nd.linkOption(nd.SOURCE_LINK, A)],
  ),
  "UDP from its link-local": ip6(nd.eui64(A)),
  "its advertisement": nd.advertisement(A, A6, A6, 0x20, nd.linkOption(nd.TARGET_LINK, A)),
  "its advertisement for its link-local": nd.advertisement(A, nd.eui64(A), nd.eui64(A), 0x20, nd.linkOption(nd.TARGET_LINK, A)),
  "a question with its own MAC": nd.solicitation(A, A6, FREE6, nd.linkOption(nd.SOURCE_LINK, A)),
});

refuses("neighbour discovery that speaks for somebody else is a spoofed source", reason.SPOOFED_SOURCE, {
  "an advertisement of B's address": nd.advertisement(A, A6, B6, 0x20, nd.linkOption(nd.TARGET_LINK, A)),
  "of B's address, without an option": nd.advertisement(A, A6, B6, 0x20),
  "of B's link-local": nd.advertisement(A, A6, nd.eui64(B), 0x20, nd.linkOption(nd.TARGET_LINK, A)),
  "of its own address on another MAC": nd.advertisement(A, A6, A6, 0x20, nd.linkOption(nd.TARGET_LINK, X)),
  "a question that puts its address on another MAC": nd.solicitation(A, A6, FREE6, nd.linkOption(nd.SOURCE_LINK, X)),
  "a question as B": nd.solicitation(A, B6, FREE6, nd.linkOption(nd.SOURCE_LINK, A)),
  "an advertisement from `::`": nd.advertisement(A, "::", A6, 0x20, nd.linkOption(nd.TARGET_LINK, A)),
});

const adv = [[0x20, 0, 0, 0], ipv6Address(B6), nd.linkOption(nd.TARGET_LINK, A)] as const;
const own = [[0x20, 0, 0, 0], ipv6Address(A6), nd.linkOption(nd.TARGET_LINK, A)] as const;
const all = { from: A, to: "33:33:00:00:00:01" };
const ends = { source: A6, destination: "ff02::1" };
refuses("discovery that is padded or malformed does not slip by", reason.SPOOFED_SOURCE, {
  "bytes behind the options": nd.discovery(all, ends, nd.ADVERTISEMENT, [...own, 0, 0, 0]),
  "an option of length 0": nd.discovery(all, ends, nd.ADVERTISEMENT, [...own, 14, 0, u32(0), u16(0)]),
  "an option longer than the message": nd.discovery(all, ends, nd.ADVERTISEMENT, [...own, 14, 9, u32(0), u16(0)]),
  "more options than are walked": nd.discovery(all, ends, nd.ADVERTISEMENT, [
    ...own,
    ...Array.from({ length: 16 }, () => bytes(14, 1, u32(0), u16(0))),
  ]),
  "a code": nd.discovery(all, ends, nd.ADVERTISEMENT, [...own], 1),
  "cut before its target": nd.discovery(all, ends, nd.ADVERTISEMENT, [u32(0), ramp(8)]),
  "the spoofed option behind another one": nd.discovery(all, ends, nd.ADVERTISEMENT, [
    [0, 0, 0, 0],
    ipv6Address(A6),
    14,
    1,
    u32(0),
    u16(0),
    nd.linkOption(nd.TARGET_LINK, X),
  ]),
  "a question with bytes behind its options": nd.discovery(
    { from: A, to: nd.solicitedNode(FREE6).mac },
    { source: A6, destination: "ff02::1" },
    nd.SOLICITATION,
    [u32(0), ipv6Address(FREE6), 1],
  ),
});

const forged = icmpv6(ends, nd.ADVERTISEMENT, 0, ...adv);
const chain = (count: number, last: number, content: Uint8Array) => {
  let packet = content;
  for (let header = 0; header < count; header++) packet = bytes(extension(header === 0 ? last : DESTINATION_OPTIONS), packet);
  return ethernet(all.to, A, TYPE_IPV6, ipv6({ ...ends, next: DESTINATION_OPTIONS, hopLimit: 255 }, packet));
};
refuses("extension headers hide no discovery: not a few, not more than are walked", reason.SPOOFED_SOURCE, {
  one: chain(1, ICMPV6, forged),
  eight: chain(8, ICMPV6, forged),
  nine: chain(9, ICMPV6, forged),
  thirty: chain(30, ICMPV6, forged),
  "one that is longer than is walked": ethernet(
    all.to,
    A,
    TYPE_IPV6,
    ipv6({ ...ends, next: DESTINATION_OPTIONS, hopLimit: 255 }, ICMPV6, 63, ramp(510), forged),
  ),
  "a fragment header": ethernet(
    all.to,
    A,
    TYPE_IPV6,
    ipv6({ ...ends, next: FRAGMENT, hopLimit: 255 }, nd.fragmentHeader(ICMPV6, 0, false), forged),
  ),
  "a first fragment whose chain does not end": ethernet(
    all.to,
    A,
    TYPE_IPV6,
    ipv6({ ...ends, next: FRAGMENT, hopLimit: 255 }, nd.fragmentHeader(DESTINATION_OPTIONS, 0, true), ICMPV6, 3, 1, 4, u32(0)),
  ),
});

passes("extension headers before what is its own are nobody's business", {
  "three before UDP": chain(3, UDP, nd.udp6(all, ends, 4000, 4001).subarray(54)),
  "a later fragment": ethernet(all.to, A, TYPE_IPV6, ipv6({ ...ends, next: FRAGMENT }, nd.fragmentHeader(UDP, 100, false), ramp(64))),
  "no next header": ethernet(all.to, A, TYPE_IPV6, ipv6({ ...ends, next: 59 }, ramp(8))),
});

// ---------------------------------------------------------------- routers and DHCP
refuses("a checked port plays no router", reason.ROGUE_ROUTER, {
  "a router advertisement": nd.discovery(all, { source: nd.eui64(A), destination: "ff02::1" }, nd.ROUTER_ADVERTISEMENT, [
    64,
    0,
    u16(1800),
    u32(0),
    u32(0),
  ]),
  "one from its own address": nd.discovery(all, ends, nd.ROUTER_ADVERTISEMENT, [64, 0, u16(1800), u32(0), u32(0)]),
  "one from B's address": nd.discovery(all, { ...ends, source: nd.eui64(B) }, nd.ROUTER_ADVERTISEMENT, [64, 0, u16(1800), u32(0), u32(0)]),
  "one cut short": nd.discovery(all, ends, nd.ROUTER_ADVERTISEMENT, []),
  "one behind extension headers": chain(5, ICMPV6, icmpv6(ends, nd.ROUTER_ADVERTISEMENT, 0, ramp(12))),
  "one behind a tag": tagged(nd.discovery(all, ends, nd.ROUTER_ADVERTISEMENT, [ramp(12)]), { id: 0 }),
  "a redirect": nd.discovery(all, ends, nd.REDIRECT, [u32(0), ipv6Address(B6), ipv6Address(B6)]),
});

passes("a client asks for its address", {
  "DHCP from 0.0.0.0": nd.udp4(toAll, { source: "0.0.0.0", destination: "255.255.255.255" }, 68, 67),
  "DHCP from its address": nd.udp4(toAll, { source: A4, destination: "255.255.255.255" }, 68, 67),
  DHCPv6: nd.udp6({ from: A, to: "33:33:00:01:00:02" }, { source: nd.eui64(A), destination: "ff02::1:2" }, 546, 547),
});

refuses("a checked port plays no DHCP server, whichever port of its own it uses", reason.ROGUE_DHCP, {
  "an offer": nd.udp4(toAll, { source: A4, destination: "255.255.255.255" }, 67, 68),
  "an offer as B": nd.udp4(toAll, { source: B4, destination: "255.255.255.255" }, 67, 68),
  "an offer to a relay": nd.udp4(toAll, { source: A4, destination: B4 }, 67, 67),
  "an offer from another port": nd.udp4(toAll, { source: A4, destination: "255.255.255.255" }, 1067, 68),
  "an offer in a first fragment": ethernet(
    BROADCAST,
    A,
    TYPE_IPV4,
    ipv4({ source: A4, destination: B4, protocol: UDP, more: true }, u16(67), u16(68), u16(500), u16(0), ramp(16)),
  ),
  "a DHCPv6 reply": nd.udp6(all, { source: nd.eui64(A), destination: nd.eui64(B) }, 547, 546),
  "a DHCPv6 reply from another port": nd.udp6(all, { source: A6, destination: nd.eui64(B) }, 4000, 546),
  "a DHCPv6 reply behind extension headers": chain(3, UDP, nd.udp6(all, ends, 547, 546).subarray(54)),
});

passes("TCP from the ports of DHCP is TCP", {
  "67 to 68": ethernet(
    BROADCAST,
    A,
    TYPE_IPV4,
    ipv4(
      { source: A4, destination: B4, protocol: TCP },
      tcp({ source: A4, destination: B4 }, { sourcePort: 67, targetPort: 68, sequence: 1, flags: 2 }),
    ),
  ),
});

tell("an address is checked in the network that the frame belongs to", (engine) => {
  const [red, blue] = [engine.network(), engine.network()];
  engine.port({ vlans: { 1: red, 2: blue }, mac: A, ...CHECKED });
  engine.port({ network: red });
  engine.port({ network: blue });
  engine.bind(red, 0, A4, A);
  expectOutputs(engine, 0, tagged(ip4(A4), { id: 1 }), { 1: ip4(A4) });
  expectDrop(engine, 0, tagged(ip4(A4), { id: 2 }), reason.SPOOFED_SOURCE);
});

tell("without the check a port says what it likes", (engine) => {
  yard(engine);
  for (const frame of [ip4(B4, X), ip6(B6, X), arpFrame(B4, { operation: 2, from: X })]) expectOutputs(engine, 2, frame, [0, 1]);
  expectOutputs(engine, 2, nd.udp4({ from: X, to: BROADCAST }, { source: FREE4, destination: "255.255.255.255" }, 67, 68), [0, 1]);
});

test.run();
