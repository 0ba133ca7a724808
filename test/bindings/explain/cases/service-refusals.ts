/** Packets that no flow is made of: refused, answered, in pieces, and errors about others. */
import { ipv6Address } from "../../../support/packet/address.ts";
import { ramp } from "../../../support/packet/bytes.ts";
import { arp, BROADCAST, ethernet, TYPE_ARP, TYPE_IPV4 } from "../../../support/packet/ethernet.ts";
import { type Ends, ICMP, ipv4, UDP } from "../../../support/packet/ip.ts";
import { ADVERTISEMENT, discovery, linkOption, solicitation, SOURCE_LINK, TARGET_LINK } from "../../../support/packet/neighbour.ts";
import { ACK, echo, icmp, RST, udp } from "../../../support/packet/transport.ts";
import type { Case } from "./case.ts";
import { arpReply, arpRequest } from "./frames.ts";
import { A, B, X } from "./yards.ts";
import {
  B4,
  CLIENT,
  EMPTY,
  FAR,
  V,
  WEB,
  X4,
  answered,
  asks,
  dropped,
  forwarded,
  into,
  macOf,
  newFlow,
  segment,
  virtual,
} from "./service-ground.ts";

const refusedSegment = (destination: string, port: number, acknowledged: number, flags: number, sequence = 0): Uint8Array =>
  segment(macOf(destination), A, {
    source: destination,
    destination: CLIENT,
    ports: [port, 40_000],
    flags,
    sequence,
    acknowledged,
    window: 0,
  });
const datagram = ethernet(
  V,
  A,
  TYPE_IPV4,
  ipv4({ source: CLIENT, destination: WEB, protocol: UDP }, udp({ source: CLIENT, destination: WEB }, { sourcePort: 5, targetPort: 9 })),
);
const unreachable = ethernet(
  A,
  V,
  TYPE_IPV4,
  ipv4({ source: WEB, destination: CLIENT, protocol: ICMP, ttl: 64 }, icmp(3, 3, [0, 0, 0, 0], datagram.subarray(14))),
);
const gre = ethernet(V, A, TYPE_IPV4, ipv4({ source: CLIENT, destination: WEB, protocol: 47 }, ramp(20)));

export const refusals: Case[] = [
  dropped("no-service", {
    sentence: "Who asks a port that the service has not gets a reset",
    frame: asks(WEB, { ports: [40_000, 81] }),
    leaves: [{ by: "a", frame: refusedSegment(WEB, 81, 101, RST | ACK) }],
    steps: [
      newFlow,
      { step: "service", targetPort: null, port: 81, text: `${WEB} is the virtual address of web, which has no TCP port 81` },
      { step: "refuse", verdict: "drop", reason: "no-service", told: "reset", text: "nobody serves this port: its sender gets a reset" },
      { step: "egress", port: "a" },
    ],
  }),
  dropped("no-service", {
    sentence: "Of UDP the sender hears that the port is unreachable",
    frame: datagram,
    leaves: [{ by: "a", frame: unreachable }],
    steps: [
      { step: "service", text: `${WEB} is the virtual address of web, which has no UDP port 9` },
      { step: "refuse", told: "unreachable", text: "nobody serves this port: its sender gets ICMP, port unreachable" },
    ],
  }),
  dropped("no-service", {
    sentence: "A protocol without ports is nobody's at a virtual address",
    frame: gre,
    leaves: [],
    steps: [
      newFlow,
      {
        step: "service",
        verdict: "drop",
        reason: "no-service",
        port: null,
        targetPort: null,
        text: `${WEB} is the virtual address of web`,
      },
    ],
  }),
  dropped("no-backend", {
    sentence: "A service without a backend refuses",
    frame: asks(EMPTY),
    leaves: [{ by: "a", frame: refusedSegment(EMPTY, 80, 101, RST | ACK) }],
    steps: [
      virtual("empty", EMPTY),
      { step: "pick", backend: null, candidates: [], text: "it has no backend" },
      { step: "refuse", reason: "no-backend", told: "reset", text: "there is no backend for it: its sender gets a reset" },
    ],
  }),
  dropped("no-flow", {
    sentence: "The middle of a connection that is not known is reset",
    frame: asks(WEB, { flags: ACK, acknowledged: 777 }),
    leaves: [{ by: "a", frame: refusedSegment(WEB, 80, 0, RST, 777) }],
    steps: [
      virtual("web", WEB),
      {
        step: "refuse",
        reason: "no-flow",
        told: "reset",
        text: "in the middle of a connection that is not known: its sender gets a reset",
      },
    ],
  }),
  dropped("no-flow", {
    sentence: "Nobody answers a reset",
    frame: asks(WEB, { flags: RST }),
    leaves: [],
    steps: [
      {
        step: "refuse",
        verdict: "drop",
        told: "nothing",
        text: "in the middle of a connection that is not known: its sender is told nothing",
      },
    ],
  }),
  dropped("backend-unresolved", {
    sentence: "A backend whose station is not known is asked for",
    frame: asks(FAR),
    leaves: ["a", "b", "c", "d"].map((by) => ({ by, frame: arpRequest(macOf(FAR), FAR, X4!) })),
    steps: [
      { step: "pick", backend: "x" },
      {
        step: "ask",
        verdict: "drop",
        reason: "backend-unresolved",
        address: X4!,
        backend: "x",
        isAsked: true,
        text: "no station is known at 10.77.0.9 of x: the engine asks for it",
      },
      { step: "egress", port: "b", bytes: 42 },
    ],
  }),
  dropped("backend-unresolved", {
    sentence: "Not more than once a second",
    before: into("a", asks(FAR)),
    frame: asks(FAR, { ports: [40_001, 80] }),
    leaves: [],
    steps: [{ step: "ask", isAsked: false, text: "no station is known at 10.77.0.9 of x: the engine has asked for it just now" }],
  }),
];

const ping = (type: 8 | 0, from: string, to: string, ends: Ends): Uint8Array =>
  ethernet(to, from, TYPE_IPV4, ipv4({ ...ends, protocol: ICMP, id: 1 }, echo(type, 7, 1, ramp(20))));

const here = discovery({ from: macOf("fd77::100"), to: A }, { source: "fd77::100", destination: "fd77::2" }, ADVERTISEMENT, [
  0x60,
  0,
  0,
  0,
  ipv6Address("fd77::100"),
  linkOption(TARGET_LINK, macOf("fd77::100")),
]);

export const neighbours: Case[] = [
  answered({
    sentence: "A virtual address is answered for in the name of its service",
    frame: arpRequest(A, CLIENT, WEB),
    leaves: [{ by: "a", frame: arpReply(V, WEB, A, CLIENT) }],
    steps: [
      {
        step: "answer",
        verdict: "answered",
        address: WEB,
        port: null,
        service: "web",
        text: `asks for ${WEB}, the virtual address of web: the engine answers`,
      },
      { step: "egress", port: "a" },
    ],
  }),
  answered({
    sentence: "So is one of IPv6",
    frame: solicitation(A, "fd77::2", "fd77::100", linkOption(SOURCE_LINK, A)),
    leaves: [{ by: "a", frame: here }],
    steps: [{ step: "answer", verdict: "answered", address: "fd77::100", service: "web" }],
  }),
  forwarded({
    sentence: "Who announces a virtual address as its own is not answered",
    into: "c",
    frame: ethernet(BROADCAST, X, TYPE_ARP, arp({ operation: 1, senderMac: X, senderAddress: WEB, targetAddress: WEB })),
    leaves: ["a", "b", "d"],
    steps: [{ step: "answer", service: "web", text: `asks for ${WEB} of web, and is not answered: its sender announces it` }],
  }),
  {
    yard: "served",
    sentence: "The answer of a backend that was asked for is the engine's own",
    into: "c",
    before: into("a", asks(FAR)),
    frame: arpReply(X, X4!, macOf(FAR), FAR),
    verdict: "consumed",
    leaves: [],
    steps: [
      { step: "resolve", backend: "x", mac: X, text: `backend x is at ${X} from now on` },
      {
        step: "answer",
        verdict: "consumed",
        address: null,
        text: "an answer to the engine, which has asked for its sender: it goes no further",
      },
      { step: "learn", outcome: "new", text: `${X} is new, and behind c from now on` },
    ],
  },
  answered({
    sentence: "Echo to a virtual address is answered by the engine",
    frame: ping(8, A, V, { source: CLIENT, destination: WEB }),
    leaves: [{ by: "a", frame: ping(0, V, A, { source: WEB, destination: CLIENT }) }],
    steps: [{ step: "echo", verdict: "answered", service: "web", text: "echo to the virtual address of web: the engine answers" }],
  }),
];

const piece = (offset: number, more: boolean, source = CLIENT, destination = WEB, [from, to] = [A, V], port = 5000): Uint8Array => {
  const first = udp({ source, destination }, { sourcePort: 40_000, targetPort: port }, ramp(24));
  const content = offset === 0 ? first : ramp(32);
  return ethernet(to, from, TYPE_IPV4, ipv4({ source, destination, protocol: UDP, id: 7, fragment: offset, more }, content));
};
const quoted = segment(V, B, { source: CLIENT, destination: B4, ports: [40_000, 8080] }).subarray(14);
const seen = asks(WEB).subarray(14);
const tooBig = (source: string, about: Uint8Array, [from, to]: [string, string]): Uint8Array =>
  ethernet(to, from, TYPE_IPV4, ipv4({ source, destination: CLIENT, protocol: ICMP }, icmp(3, 4, [0, 0, 5, 0x78], about)));

export const pieces: Case[] = [
  forwarded({
    sentence: "A fragment goes where the first one of its packet went",
    before: into("a", piece(0, true)),
    frame: piece(4, false),
    leaves: [{ by: "b", frame: piece(4, false, CLIENT, B4, [V, B]) }],
    steps: [
      { step: "fragment", outcome: "follows", text: "a fragment, which goes where the first one of its packet went" },
      { step: "flow", outcome: "original", backend: "b", state: "udp-unanswered" },
      {
        step: "rewrite",
        destination: { from: { address: WEB, port: null }, to: { address: B4, port: null } },
        text: `destination ${WEB} becomes ${B4}; to ${B} from ${V}`,
      },
    ],
  }),
  dropped("fragment-unknown", {
    sentence: "A fragment whose first one was not seen goes nowhere",
    frame: piece(4, false),
    leaves: [],
    steps: [
      { step: "fragment", outcome: "unknown", text: "a fragment whose first one is not known" },
      { step: "service", verdict: "drop", reason: "fragment-unknown", service: "web" },
    ],
  }),
  dropped("fragment-overlap", {
    sentence: "One that overlaps another goes nowhere either",
    before: into("a", piece(0, true), piece(4, true)),
    frame: piece(2, true),
    leaves: [],
    steps: [{ step: "fragment", verdict: "drop", reason: "fragment-overlap", outcome: "overlaps" }],
  }),
  forwarded({
    sentence: "An error about a packet of a flow is translated, and so is the packet within",
    before: into("a", asks(WEB)),
    into: "b",
    frame: tooBig(B4, quoted, [B, A]),
    leaves: [{ by: "a", frame: tooBig(WEB, seen, [B, A]) }],
    steps: [
      { step: "icmp-error", isOfFlow: true, text: "an error about a packet of a flow, which is translated as well" },
      { step: "flow", outcome: "reply", backend: "b" },
      { step: "rewrite", source: { from: { address: B4, port: null }, to: { address: WEB, port: null } } },
    ],
  }),
  dropped("no-flow", {
    sentence: "An error to a virtual address about nothing that is known goes nowhere",
    frame: ethernet(V, A, TYPE_IPV4, ipv4({ source: CLIENT, destination: WEB, protocol: ICMP }, icmp(3, 3, [0, 0, 0, 0], quoted))),
    leaves: [],
    steps: [
      { step: "icmp-error", isOfFlow: false, text: "an error about a packet of no known flow" },
      { step: "service", verdict: "drop", reason: "no-flow" },
    ],
  }),
];
