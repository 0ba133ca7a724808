/** What a port may say: RFC 826, 5227 (ARP), RFC 2131 (DHCP), RFC 4861, 4862 (neighbour discovery), RFC 3590, 3810 (listeners), RFC 7113
 *  (what cannot be seen through). */
import { bytes, ramp, u16, u32 } from "../../../support/packet/bytes.ts";
import { ethernet, tagged, TYPE_ARP, TYPE_IPV6 } from "../../../support/packet/ethernet.ts";
import { extension, ipv6, UDP } from "../../../support/packet/ip.ts";
import { ipv6Address } from "../../../support/packet/address.ts";
import {
  advertisement,
  discovery,
  eui64,
  linkOption,
  listener,
  ROUTER_ADVERTISEMENT,
  REDIRECT,
  solicitation,
  SOURCE_LINK,
  TARGET_LINK,
} from "../../../support/packet/neighbour.ts";
import type { Before, Case } from "./case.ts";
import { ALL_NODES, arpReply, arpRequest, BROADCAST, datagram, raw } from "./frames.ts";
import { A, B, C, X } from "./yards.ts";

const IS_A = `${A} is the station of a`;

const refused = (sentence: string, frame: Uint8Array, text: string, reason = "spoofed-source", before: Before[] = []): Case => ({
  sentence,
  yard: "bound",
  before,
  into: "a",
  frame,
  verdict: "dropped",
  reason,
  drops: [`${reason} at a`],
  steps: [{ step: "source-check", verdict: "drop", reason, isChecked: true, text }],
});

/** To everybody but a. */
const passes = (sentence: string, frame: Uint8Array, text: string, before: Before[] = []): Case => ({
  sentence,
  yard: "bound",
  before,
  into: "a",
  frame,
  verdict: "forwarded",
  leaves: ["b", "c", "d"],
  steps: [{ step: "source-check", verdict: "continue", reason: null, isChecked: true, mss: null, text }],
});

const router = { source: "fe80::1", destination: "ff02::1" };
const detect = (address: string): Uint8Array => solicitation(A, "::", address);
const announced = ["fe80::a1", "fe80::a2", "fe80::a3", "fe80::a4"].map((address): Before => ({ into: "a", frame: detect(address) }));

export const sourceCases: Case[] = [
  passes(
    "A container may speak from its MAC and its IPv4 address",
    datagram(A, BROADCAST, "10.77.0.2", "10.77.0.255"),
    `${IS_A}; 10.77.0.2 is bound to a`,
  ),
  passes("And from its IPv6 address", datagram(A, ALL_NODES, "fd77::2", "ff02::1"), `${IS_A}; fd77::2 is bound to a`),
  passes("What has no address of IP claims none", raw(BROADCAST), `${IS_A}; it claims no address`),
  refused("It may not speak from another MAC", raw(BROADCAST, X), `${X} is not the station of a, which is ${A}`),
  refused("Nor from its neighbour's address", datagram(A, BROADCAST, "10.77.0.3", "10.77.0.255"), `${IS_A}; 10.77.0.3 is bound to b`),
  refused(
    "Nor from an address that nobody has",
    datagram(A, BROADCAST, "10.77.0.77", "10.77.0.255"),
    `${IS_A}; 10.77.0.77 is bound to no port`,
  ),
  refused("Nor from its neighbour's IPv6 address", datagram(A, ALL_NODES, "fd77::3", "ff02::1"), `${IS_A}; fd77::3 is bound to b`),
  refused("It may not answer ARP for its neighbour", arpReply(A, "10.77.0.3", B, "10.77.0.3"), `${IS_A}; 10.77.0.3 is bound to b`),
  refused(
    "Nor put another station's MAC into ARP",
    arpRequest(A, "10.77.0.2", "10.77.0.77", X),
    `${IS_A}; the sender in its ARP is another station`,
  ),
  passes("An ARP probe claims nothing yet", arpRequest(A, "0.0.0.0", "10.77.0.77"), `${IS_A}; it claims no address`),
  refused(
    "ARP of other lengths than those of IPv4 over Ethernet could say anything",
    ethernet(BROADCAST, A, TYPE_ARP, u16(6), u16(0x0800), 6, 4, u16(1), ramp(40)),
    `${IS_A}; what it is cannot be seen, and receivers may see ARP or an address in it`,
  ),
  refused(
    "So could what lies behind three priority tags",
    tagged(arpRequest(A, "10.77.0.3", "10.77.0.5"), { id: 0 }, { id: 0 }, { id: 0 }),
    `${IS_A}; what it is cannot be seen, and receivers may see ARP or an address in it`,
  ),
  passes("A DHCP client has no address yet", datagram(A, BROADCAST, "0.0.0.0", "255.255.255.255", 68, 67), `${IS_A}; it claims no address`),
  refused(
    "Without DHCP 0.0.0.0 is no source",
    datagram(A, BROADCAST, "0.0.0.0", "255.255.255.255", 4000, 67),
    `${IS_A}; 0.0.0.0 is bound to no port`,
  ),
  refused(
    "A container is no DHCP server",
    datagram(A, BROADCAST, "10.77.0.2", "255.255.255.255", 67, 68),
    `${IS_A}; a checked port may not play DHCP server`,
    "rogue-dhcp",
  ),
  refused(
    "Nor one of DHCPv6",
    datagram(A, B, "fd77::2", "fd77::3", 547, 546),
    `${IS_A}; a checked port may not play DHCP server`,
    "rogue-dhcp",
  ),
  refused(
    "Nor a router",
    discovery({ from: A, to: ALL_NODES }, router, ROUTER_ADVERTISEMENT, [64, 0, u16(1800), u32(0), u32(0)]),
    `${IS_A}; a checked port may not play router`,
    "rogue-router",
  ),
  refused(
    "Which alone may redirect",
    discovery({ from: A, to: B }, { source: "fe80::1", destination: "fd77::3" }, REDIRECT, [
      u32(0),
      ipv6Address("fd77::9"),
      ipv6Address("fd77::9"),
    ]),
    `${IS_A}; a checked port may not play router`,
    "rogue-router",
  ),
  passes(
    "The link-local address made from its MAC is its own",
    datagram(A, ALL_NODES, eui64(A), "ff02::1"),
    `${IS_A}; fe80::ff:fe00:1 is made from the MAC`,
  ),
  refused(
    "Another link-local address is not, before it was announced",
    datagram(A, ALL_NODES, "fe80::a1", "ff02::1"),
    `${IS_A}; fe80::a1 is neither made from the MAC nor announced; fe80::a1 is bound to no port`,
  ),
  passes(
    "Duplicate address detection announces it",
    detect("fe80::a1"),
    `${IS_A}; fe80::a1 is bound to no port; fe80::a1 is announced by a from now on`,
  ),
  passes(
    "Once more it changes nothing",
    detect("fe80::a1"),
    `${IS_A}; fe80::a1 is bound to no port; fe80::a1 is announced by a`,
    announced.slice(0, 1),
  ),
  passes("Nor does that of the one made from its MAC", detect(eui64(A)), `${IS_A}; fe80::ff:fe00:1 is made from the MAC`),
  passes(
    "A question for the one made from its neighbour's MAC goes on, and announces nothing",
    detect(eui64(B)),
    `${IS_A}; fe80::ff:fe00:2 is bound to no port; fe80::ff:fe00:2 is another station's, which may answer`,
  ),
  passes(
    "So does one for what its neighbour has announced",
    detect("fe80::b1"),
    `${IS_A}; fe80::b1 is bound to no port; fe80::b1 is another station's, which may answer`,
    [{ into: "b", frame: solicitation(B, "::", "fe80::b1") }],
  ),
  passes("Then it is", datagram(A, ALL_NODES, "fe80::a1", "ff02::1"), `${IS_A}; fe80::a1 is announced by a`, announced.slice(0, 1)),
  refused(
    "Four are enough",
    detect("fe80::a5"),
    `${IS_A}; fe80::a5 is bound to no port; a port may announce 4 link-local addresses, and has`,
    "spoofed-source",
    announced,
  ),
  passes("A listener report may come from ::", listener(A, "::", 143), `${IS_A}; it claims no address`),
  refused(
    "A datagram may not",
    datagram(A, ALL_NODES, "::", "ff02::1"),
    `${IS_A}; it comes from ::, which only neighbour, router and listener discovery may`,
  ),
  refused(
    "An advertisement of a neighbour's address takes it over",
    advertisement(A, "fd77::2", "fd77::3", 0x20, linkOption(TARGET_LINK, A)),
    `${IS_A}; fd77::3 is bound to b`,
  ),
  refused(
    "So does one that names another station",
    advertisement(A, "fd77::2", "fd77::2", 0x20, linkOption(TARGET_LINK, X)),
    `${IS_A}; the link-layer address in its neighbour discovery is another station's`,
  ),
  refused(
    "And a solicitation that does",
    solicitation(A, "fd77::2", "fd77::77", linkOption(SOURCE_LINK, X)),
    `${IS_A}; the link-layer address in its neighbour discovery is another station's`,
  ),
  refused(
    "Options of length 0 have no end",
    solicitation(A, "fd77::2", "fd77::77", bytes(1, 0, ramp(6))),
    `${IS_A}; its neighbour discovery is malformed`,
  ),
  refused(
    "Extension headers without end may hide a router advertisement",
    ethernet(
      ALL_NODES,
      A,
      TYPE_IPV6,
      ipv6({ source: "fd77::2", destination: "ff02::1", next: 60 }, ...Array(9).fill(extension(60)), extension(UDP)),
    ),
    `${IS_A}; its extension headers have no end that can be seen`,
  ),
  {
    sentence: "A port that is not checked may say anything",
    yard: "bound",
    into: "c",
    frame: datagram(X, BROADCAST, "10.77.0.2", "10.77.0.255"),
    verdict: "forwarded",
    leaves: ["a", "b", "d"],
    steps: [{ step: "source-check", verdict: "continue", isChecked: false, mss: null, text: "port c is not checked" }],
  },
  {
    sentence: "So may one whose addresses are bound, but whose check is off",
    yard: "bound",
    into: "d",
    frame: datagram(C, BROADCAST, "10.77.0.99", "10.77.0.255"),
    verdict: "forwarded",
    leaves: ["a", "b", "c"],
    steps: [{ step: "source-check", isChecked: false, text: "port d is not checked" }],
  },
];
