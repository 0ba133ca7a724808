/** Questions for bound addresses: RFC 826, 5227 (ARP), RFC 4861, 4862 (neighbour discovery). */
import { u32 } from "../../../support/packet/bytes.ts";
import { ipv6Address } from "../../../support/packet/address.ts";
import { ethernet, tagged, TYPE_IPV6 } from "../../../support/packet/ethernet.ts";
import { ICMPV6, ipv6 } from "../../../support/packet/ip.ts";
import {
  ADVERTISEMENT,
  advertisement,
  discovery,
  linkOption,
  SOLICITATION,
  solicitation,
  SOURCE_LINK,
  TARGET_LINK,
} from "../../../support/packet/neighbour.ts";
import { icmpv6 } from "../../../support/packet/transport.ts";
import type { Case, Leaving } from "./case.ts";
import { arpReply, arpRequest, BROADCAST, datagram } from "./frames.ts";
import { A, B, D, X } from "./yards.ts";

const NO_QUESTION = "neither an ARP request nor a neighbour solicitation";
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
const farAway = ethernet(
  B,
  A,
  TYPE_IPV6,
  ipv6({ ...asks, next: ICMPV6, hopLimit: 64 }, icmpv6(asks, SOLICITATION, 0, u32(0), ipv6Address("fd77::3"))),
);

export const answerCases: Case[] = [
  answered(
    "Who has a bound address is answered in its name",
    "a",
    arpRequest(A, "10.77.0.2", "10.77.0.3"),
    "10.77.0.3",
    "b",
    arpReply(B, "10.77.0.3", A, "10.77.0.2"),
  ),
  answered(
    "Whoever asks: a stranger too",
    "c",
    arpRequest(X, "10.77.0.9", "10.77.0.3"),
    "10.77.0.3",
    "b",
    arpReply(B, "10.77.0.3", X, "10.77.0.9"),
  ),
  answered(
    "A bound address whose port is not checked is answered like the others",
    "a",
    arpRequest(A, "10.77.0.2", "10.77.0.5"),
    "10.77.0.5",
    "d",
    arpReply(D, "10.77.0.5", A, "10.77.0.2"),
  ),
  answered(
    "A probe learns that the address is taken",
    "c",
    arpRequest(X, "0.0.0.0", "10.77.0.3"),
    "10.77.0.3",
    "b",
    arpReply(B, "10.77.0.3", X, "0.0.0.0"),
  ),
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
    { address: "10.77.0.3", port: "b", text: "asks for 10.77.0.3 of b, and is not answered" },
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
  unanswered("A solicitation that crossed a router is none", "a", farAway, { address: null, port: null, text: NO_QUESTION }, ["b"]),
  unanswered(
    "A question with a tenant's tag is the tenant's",
    "c",
    tagged(arpRequest(X, "10.77.0.9", "10.77.0.3"), { id: 5 }),
    { address: null, port: null, text: NO_QUESTION },
    ["a", "b", "d"],
  ),
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
