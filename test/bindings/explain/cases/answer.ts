/** Questions for bound addresses: RFC 826, 5227 (ARP), RFC 4861, 4862 (neighbour discovery). */
import { bytes, ramp, u32 } from "../../../support/packet/bytes.ts";
import { ipv6Address } from "../../../support/packet/address.ts";
import { arp, ethernet, tagged, TYPE_ARP, TYPE_IPV6 } from "../../../support/packet/ethernet.ts";
import { FRAGMENT, ICMPV6, ipv6 } from "../../../support/packet/ip.ts";
import {
  ADVERTISEMENT,
  advertisement,
  discovery,
  fragmentHeader,
  linkOption,
  SOLICITATION,
  solicitation,
  SOURCE_LINK,
  TARGET_LINK,
} from "../../../support/packet/neighbour.ts";
import { icmpv6 } from "../../../support/packet/transport.ts";
import type { Case, Leaving } from "./case.ts";
import { arpReply, arpRequest, BROADCAST, datagram, head } from "./frames.ts";
import { A, B, D, X } from "./yards.ts";

const NO_QUESTION = "neither an ARP request nor a neighbour solicitation";
const SOLICITATION_IS = "a neighbour solicitation";
const NOT = "and is not answered";
const HIDDEN = "what it is cannot be seen, and so whether it asks for an address";
/** "It is here": solicited and override. */
const SOLICITED = 0x60;
const OVERRIDE = 0x20;

const answered = (sentence: string, into: string, frame: Uint8Array, address: string, port: string, answer: Uint8Array): Case => ({
  sentence,
  yard: "bound",
  into,
  frame,
  verdict: "answered",
  leaves: [{ by: into, frame: answer }],
  steps: [
    {
      step: "answer",
      verdict: "answered",
      reason: null,
      address,
      port,
      text: `asks for ${address}, which is bound to ${port}: the engine answers`,
    },
    { step: "egress", port: into, verdict: "continue", bytes: answer.length, text: `leaves by ${into}, ${answer.length} bytes` },
  ],
});

type Station = [port: string, mac: string, address: string];

/** The first station asks for the address of the second one. */
const answeredArp = (sentence: string, [into, mac, sender]: Station, [port, owner, address]: Station): Case =>
  answered(sentence, into, arpRequest(mac, sender, address), address, port, arpReply(owner, address, mac, sender));

interface Facts {
  address: string | null;
  port: string | null;
  text: string;
}

const unanswered = (sentence: string, into: string, frame: Uint8Array, facts: Facts, leaves: Leaving[]): Case => ({
  sentence,
  yard: "bound",
  into,
  frame,
  verdict: "forwarded",
  leaves,
  steps: [{ step: "answer", verdict: "continue", reason: null, ...facts }],
});

const here = (mac: string, address: string, to: string, destination: string, flags: number): Uint8Array =>
  discovery({ from: mac, to }, { source: address, destination }, ADVERTISEMENT, [
    flags,
    0,
    0,
    0,
    ipv6Address(address),
    linkOption(TARGET_LINK, mac),
  ]);

const asks = { source: "fd77::2", destination: "fd77::3" };
const toB = (next: number, hopLimit: number, ...content: Uint8Array[]): Uint8Array =>
  ethernet(B, A, TYPE_IPV6, ipv6({ ...asks, next, hopLimit }, ...content));
const question = icmpv6(asks, SOLICITATION, 0, u32(0), ipv6Address("fd77::3"));
const farAway = (hopLimit: number) => toB(ICMPV6, hopLimit, question);
const ping = (hopLimit: number) => toB(ICMPV6, hopLimit, icmpv6(asks, 128, 0, u32(1)));
const inFragments = (isMore: boolean) =>
  ethernet(BROADCAST, X, TYPE_IPV6, ipv6({ ...asks, next: FRAGMENT, hopLimit: 255 }, fragmentHeader(ICMPV6, 0, isMore), question));
const malformed = discovery({ from: X, to: BROADCAST }, asks, SOLICITATION, [u32(0), ipv6Address("fd77::3"), [1, 2, 0, 0, 0, 0, 0, 0]]);
const whole = arp({ operation: 1, senderMac: X, senderAddress: "10.77.0.9", targetAddress: "10.77.0.3" });
const strangeArp = ethernet(BROADCAST, X, TYPE_ARP, bytes(0, 6, whole.slice(2)));

/** A frame that asks nothing. */
const none = (sentence: string, into: string, frame: Uint8Array, text: string, leaves: Leaving[]): Case =>
  unanswered(sentence, into, frame, { address: null, port: null, text }, leaves);

export const answerCases: Case[] = [
  answeredArp("Who has a bound address is answered in its name", ["a", A, "10.77.0.2"], ["b", B, "10.77.0.3"]),
  answeredArp("Whoever asks: a stranger too", ["c", X, "10.77.0.9"], ["b", B, "10.77.0.3"]),
  answeredArp("A bound address whose port is not checked is answered like the others", ["a", A, "10.77.0.2"], ["d", D, "10.77.0.5"]),
  answeredArp("A probe learns that the address is taken", ["c", X, "0.0.0.0"], ["b", B, "10.77.0.3"]),
  answered(
    "A neighbour solicitation is answered, solicited",
    "a",
    solicitation(A, "fd77::2", "fd77::3", linkOption(SOURCE_LINK, A)),
    "fd77::3",
    "b",
    here(B, "fd77::3", A, "fd77::2", SOLICITED),
  ),
  answered(
    "Duplicate address detection is answered to all nodes, and not as solicited",
    "c",
    solicitation(X, "::", "fd77::3"),
    "fd77::3",
    "b",
    here(B, "fd77::3", "33:33:00:00:00:01", "ff02::1", OVERRIDE),
  ),
  unanswered(
    "Who asks for an address of its own is left to others: its address would be a duplicate",
    "a",
    arpRequest(A, "0.0.0.0", "10.77.0.2"),
    { address: "10.77.0.2", port: "a", text: "asks for 10.77.0.2, its own: others may answer" },
    ["b", "c", "d"],
  ),
  unanswered(
    "So is its duplicate address detection",
    "a",
    solicitation(A, "::", "fd77::2"),
    { address: "fd77::2", port: "a", text: "asks for fd77::2, its own: others may answer" },
    ["b", "c", "d"],
  ),
  unanswered(
    "What nobody has is asked of everybody",
    "a",
    arpRequest(A, "10.77.0.2", "10.77.0.77"),
    { address: "10.77.0.77", port: null, text: "asks for 10.77.0.77, which is bound to no port" },
    ["b", "c", "d"],
  ),
  unanswered(
    "An announcement asks for its sender's address, and nobody answers it",
    "c",
    arpRequest(X, "10.77.0.3", "10.77.0.3"),
    { address: "10.77.0.3", port: "b", text: "asks for 10.77.0.3 of b, and is not answered: its sender announces it" },
    ["a", "b", "d"],
  ),
  unanswered("A reply asks nothing", "a", arpReply(A, "10.77.0.2", B, "10.77.0.3"), { address: null, port: null, text: NO_QUESTION }, [
    "b",
  ]),
  unanswered(
    "Nor does an advertisement",
    "a",
    advertisement(A, "fd77::2", "fd77::2", OVERRIDE, linkOption(TARGET_LINK, A)),
    { address: null, port: null, text: NO_QUESTION },
    ["b", "c", "d"],
  ),
  unanswered("Nor a datagram", "a", datagram(A, B, "10.77.0.2", "10.77.0.3"), { address: null, port: null, text: NO_QUESTION }, ["b"]),
  none(
    "A solicitation that crossed a router is none",
    "a",
    farAway(64),
    `${SOLICITATION_IS} whose hop limit is not 255: it may come through a router, ${NOT}`,
    ["b"],
  ),
  none(
    "Nor one that says it crossed 254",
    "c",
    farAway(1),
    `${SOLICITATION_IS} whose hop limit is not 255: it may come through a router, ${NOT}`,
    ["b"],
  ),
  none("A ping asks nothing, from wherever it comes", "c", ping(64), NO_QUESTION, ["b"]),
  none("A solicitation in fragments may not be", "c", inFragments(true), `${SOLICITATION_IS} in fragments, which is not answered`, [
    "a",
    "b",
    "d",
  ]),
  none("One whole fragment is a fragment", "c", inFragments(false), `${SOLICITATION_IS} in fragments, which is not answered`, [
    "a",
    "b",
    "d",
  ]),
  none(
    "One whose last option is longer than it is no question",
    "c",
    malformed,
    "a malformed neighbour solicitation, which is not answered",
    ["a", "b", "d"],
  ),
  none("ARP of other than Ethernet asks nothing that can be seen", "c", strangeArp, HIDDEN, ["a", "b", "d"]),
  none("Nor does IPv6 whose header is malformed", "c", ethernet(BROADCAST, X, TYPE_IPV6, ramp(60)), HIDDEN, ["a", "b", "d"]),
  unanswered(
    "A question with a tenant's tag is the tenant's",
    "c",
    tagged(arpRequest(X, "10.77.0.9", "10.77.0.3"), { id: 5 }),
    { address: null, port: null, text: "it carries a tag, and what is asked within one is not for the engine" },
    ["a", "b", "d"],
  ),
  {
    sentence: "A request of which half was captured floods",
    yard: "open",
    into: "a",
    frame: head(arpRequest(A, "10.77.0.2", "10.77.0.3"), 30),
    originalBytes: 42,
    verdict: "forwarded",
    leaves: ["b", "c"],
    steps: [{ step: "answer", verdict: "continue", address: null, port: null, text: HIDDEN }],
  },
  {
    sentence: "So does a solicitation",
    yard: "open",
    into: "a",
    frame: head(solicitation(A, "fd77::2", "fd77::3"), 60),
    originalBytes: 78,
    verdict: "forwarded",
    leaves: ["b", "c"],
    steps: [{ step: "answer", verdict: "continue", address: null, port: null, text: HIDDEN }],
  },
  {
    sentence: "Where nothing is bound every question floods",
    yard: "open",
    into: "a",
    frame: arpRequest(A, "10.77.0.2", "10.77.0.3"),
    verdict: "forwarded",
    leaves: ["b", "c"],
    steps: [
      { step: "parse", text: "ARP who has 10.77.0.3, says 10.77.0.2", etherType: 0x0806 },
      { step: "answer", verdict: "continue", address: "10.77.0.3", port: null, text: "asks for 10.77.0.3, which is bound to no port" },
      { step: "look-up", outcome: "group", text: `${BROADCAST} is a group address` },
    ],
  },
];
