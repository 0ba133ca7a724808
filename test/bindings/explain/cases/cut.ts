/** Frames that a capture cut to a snap length: they go by the headers that are there. */
import { ramp } from "../../../support/packet/bytes.ts";
import { ethernet, tagged, TYPE_IPV6 } from "../../../support/packet/ethernet.ts";
import { extension, HOP_BY_HOP, ipv6, UDP } from "../../../support/packet/ip.ts";
import { solicitation } from "../../../support/packet/neighbour.ts";
import { udp } from "../../../support/packet/transport.ts";
import type { Case } from "./case.ts";
import { arpReply, arpRequest, datagram, FOUR, head, raw, SIX, syn } from "./frames.ts";
import { A, B, X } from "./yards.ts";

const long = datagram(A, B, "10.77.0.2", "10.77.0.3");
/** Of the step that ends such a frame. */
const tooShort = (captured: number, original: number) =>
  ({
    step: "cut",
    verdict: "drop",
    reason: "snapped-short",
    capturedBytes: captured,
    originalBytes: original,
    text: `${captured} of ${original} bytes were captured: a header that is needed is not whole`,
  }) as const;

/** IPv4 whose header is not wholly there: by how much of it the protocol is known. */
const halfHeader = (length: number, protocol: number | null): Case => ({
  sentence: `Of ${length} bytes the protocol is ${protocol === null ? "not" : ""} known`.replace("  ", " "),
  yard: "open",
  into: "a",
  frame: head(long, length),
  originalBytes: long.length,
  verdict: "forwarded",
  leaves: ["b", "c"],
  steps: [{ step: "parse", text: "IPv4, cut off", etherType: 0x0800, protocol }],
});

const extended = ethernet(
  B,
  A,
  TYPE_IPV6,
  ipv6({ ...SIX, next: HOP_BY_HOP }, extension(UDP), udp(SIX, { sourcePort: 1, targetPort: 2 }, ramp(300))),
);
const chain = (length: number, text: string, protocol: number | null): Case => ({
  sentence: `Extension headers lead on as far as they were captured: ${length} bytes`,
  yard: "open",
  into: "a",
  frame: head(extended, length),
  originalBytes: extended.length,
  verdict: "forwarded",
  leaves: ["b", "c"],
  steps: [{ step: "parse", text: `IPv6 fd77::2 > fd77::3, ${text}`, protocol }],
});

export const cutCases: Case[] = [
  ...[18, 19, 22, 23].map((length) => halfHeader(length, null)),
  halfHeader(24, 17),
  ...[54, 55, 61].map((length) => chain(length, "extension headers, cut off", null)),
  chain(62, "UDP", 17),
  chain(66, "UDP 1 > 2", 17),
  {
    sentence: "An Ethernet header is enough for a switch",
    yard: "open",
    into: "a",
    frame: head(raw(B, A, 1000), 14),
    originalBytes: 1000,
    verdict: "forwarded",
    leaves: ["b", "c"],
    steps: [
      { step: "cut", verdict: "continue", capturedBytes: 14, originalBytes: 1000, text: "14 of 1000 bytes were captured" },
      { step: "parse", bytes: 1000, text: "EtherType 0x88b5" },
      { step: "egress", port: "b", bytes: 1000, text: "leaves by b, 1000 bytes" },
    ],
  },
  {
    sentence: "Less than that is too little",
    yard: "open",
    into: "a",
    frame: head(raw(B, A, 1000), 13),
    originalBytes: 1000,
    verdict: "dropped",
    reason: "snapped-short",
    drops: ["snapped-short at a"],
    steps: [tooShort(13, 1000)],
  },
  {
    sentence: "A tag that is announced is needed",
    yard: "trunks",
    into: "t",
    frame: head(tagged(raw(B, A, 1000), { id: 10 }), 17),
    originalBytes: 1004,
    verdict: "dropped",
    reason: "snapped-short",
    drops: ["snapped-short at t"],
    steps: [tooShort(17, 1004)],
  },
  {
    sentence: "A whole tag is taken off",
    yard: "trunks",
    into: "t",
    frame: head(tagged(raw(B, A, 1000), { id: 20 }), 40),
    originalBytes: 1004,
    verdict: "forwarded",
    leaves: ["g", "n"].map((by) => ({ by, frame: head(raw(B, A, 1000), 36), originalBytes: 1000 })),
    steps: [
      { step: "cut", verdict: "continue", capturedBytes: 40 },
      { step: "vlan", network: "green", vlan: 20 },
    ],
  },
  {
    sentence: "The original length is what an MTU is about",
    yard: "small",
    before: [{ into: "s", frame: raw(A, B) }],
    into: "a",
    frame: head(raw(B, A, 1019), 64),
    originalBytes: 1019,
    verdict: "dropped",
    reason: "too-big",
    drops: ["too-big at s"],
    steps: [{ step: "egress", port: "s", bytes: 1019, limitBytes: 1018, verdict: "drop", reason: "too-big" }],
  },
  {
    sentence: "What is not checked needs no IP header",
    yard: "open",
    into: "a",
    frame: head(long, 30),
    originalBytes: long.length,
    verdict: "forwarded",
    leaves: ["b", "c"],
    steps: [{ step: "parse", text: "IPv4, cut off" }],
  },
  {
    sentence: "Of ports that were not captured none are told",
    yard: "open",
    into: "a",
    frame: head(long, 34),
    originalBytes: long.length,
    verdict: "forwarded",
    leaves: ["b", "c"],
    steps: [{ step: "parse", text: "IPv4 10.77.0.2 > 10.77.0.3, UDP" }],
  },
  {
    sentence: "Who is checked must be seen",
    yard: "bound",
    into: "a",
    frame: head(long, 30),
    originalBytes: long.length,
    verdict: "dropped",
    reason: "snapped-short",
    drops: ["snapped-short at a"],
    steps: [
      { step: "cut", verdict: "continue" },
      { step: "parse", text: "IPv4, cut off" },
      { step: "vlan", verdict: "continue" },
      tooShort(30, long.length),
    ],
  },
  {
    sentence: "Who is seen may pass",
    yard: "bound",
    into: "a",
    frame: head(long, 42),
    originalBytes: long.length,
    verdict: "forwarded",
    leaves: ["b"],
    steps: [
      { step: "cut", verdict: "continue", capturedBytes: 42 },
      { step: "parse", text: "IPv4 10.77.0.2 > 10.77.0.3, UDP 4000 > 4001" },
      { step: "source-check", verdict: "continue", isChecked: true, text: `${A} is the station of a; 10.77.0.2 is bound to a` },
    ],
  },
  {
    sentence: "Half a question is not answered",
    yard: "bound",
    into: "c",
    frame: head(arpRequest(X, "10.77.0.9", "10.77.0.3"), 41),
    originalBytes: 60,
    verdict: "forwarded",
    leaves: ["a", "b", "d"],
    steps: [
      { step: "parse", text: "ARP, cut off" },
      { step: "answer", verdict: "continue", address: null, port: null },
    ],
  },
  {
    sentence: "A whole one is, with a whole answer",
    yard: "bound",
    into: "c",
    frame: arpRequest(X, "10.77.0.9", "10.77.0.3"),
    originalBytes: 60,
    verdict: "answered",
    leaves: [{ by: "c", frame: arpReply(B, "10.77.0.3", X, "10.77.0.9") }],
    steps: [{ step: "answer", verdict: "answered", address: "10.77.0.3", port: "b" }],
  },
  {
    sentence: "A solicitation says what it says by all of its bytes",
    yard: "bound",
    into: "c",
    frame: head(solicitation(X, "fd77::9", "fd77::3"), 70),
    originalBytes: 78,
    verdict: "forwarded",
    leaves: ["a", "b", "d"],
    steps: [{ step: "answer", verdict: "continue", address: null }],
  },
  {
    sentence: "What comes from a port of a smaller MTU is looked at too: it may be a SYN that announces too much",
    yard: "small",
    into: "s",
    frame: head(syn(B, A, FOUR, 1460), 40),
    originalBytes: 58,
    verdict: "dropped",
    reason: "snapped-short",
    drops: ["snapped-short at s"],
    steps: [{ step: "parse", text: "IPv4 10.77.0.2 > 10.77.0.3, TCP 40000 > 80" }, tooShort(40, 58)],
  },
  {
    sentence: "Half of the option that announces a segment size is not changed",
    yard: "small",
    before: [{ into: "a", frame: raw(A, A) }],
    into: "s",
    frame: head(syn(B, A, FOUR, 1460), 57),
    originalBytes: 58,
    verdict: "forwarded",
    leaves: [{ by: "a", frame: head(syn(B, A, FOUR, 1460), 57), originalBytes: 58 }],
    steps: [
      { step: "cut", verdict: "continue" },
      { step: "source-check", mss: null, text: "port s is not checked" },
      { step: "egress", port: "a", mss: null },
    ],
  },
];
