/** Packets to virtual addresses, of flows, and to backends: which one they get, what becomes of their ends, and what is said to those who get none. */
import { virtualMac } from "../../../../bindings/config/mac-address.ts";
import { ipv6Address } from "../../../support/packet/address.ts";
import { ramp } from "../../../support/packet/bytes.ts";
import { arp, BROADCAST, ethernet, TYPE_ARP, TYPE_IPV4, TYPE_IPV6 } from "../../../support/packet/ethernet.ts";
import { type Ends, ICMP, ipv4, ipv6, TCP, UDP } from "../../../support/packet/ip.ts";
import { ADVERTISEMENT, discovery, linkOption, solicitation, SOURCE_LINK, TARGET_LINK } from "../../../support/packet/neighbour.ts";
import { ACK, echo, FIN, icmp, RST, SYN, tcp, udp } from "../../../support/packet/transport.ts";
import type { Before, Case, Told } from "./case.ts";
import { arpReply, arpRequest } from "./frames.ts";
import { A, B, D, X } from "./yards.ts";

const [CLIENT, WEB, BUSY, FAR, EMPTY, KEPT] = ["2", "100", "101", "102", "103", "104"].map((last) => `10.77.0.${last}`) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const [B4, D4, X4] = ["10.77.0.3", "10.77.0.5", "10.77.0.9"];
const macOf = (address: string): string => virtualMac("blue", address);
const V = macOf(WEB);

interface Segment extends Ends {
  ports?: [source: number, target: number];
  flags?: number;
  sequence?: number;
  acknowledged?: number;
  window?: number;
}

const segment = (
  from: string,
  to: string,
  { source, destination, ports = [40_000, 80], flags = SYN, sequence = 100, acknowledged = 0, window = 64240 }: Segment,
) => {
  const ends = { source, destination };
  const [sourcePort, targetPort] = ports;
  const content = tcp(ends, { sourcePort, targetPort, sequence, acknowledged, flags, window });
  return source.includes(":")
    ? ethernet(to, from, TYPE_IPV6, ipv6({ ...ends, next: TCP }, content))
    : ethernet(to, from, TYPE_IPV4, ipv4({ ...ends, protocol: TCP }, content));
};
/** Of the client to a virtual address. */
const asks = (virtual: string, more: Partial<Segment> = {}): Uint8Array =>
  segment(A, macOf(virtual), { source: virtual.includes(":") ? "fd77::2" : CLIENT, destination: virtual, ...more });
/** The same as its backend gets it. */
const reaches = (virtual: string, mac: string, destination: string, targetPort = 8080, more: Partial<Segment> = {}): Uint8Array =>
  segment(macOf(virtual), mac, {
    source: destination.includes(":") ? "fd77::2" : CLIENT,
    destination,
    ...more,
    ports: [more.ports?.[0] ?? 40_000, targetPort],
  });
/** The answer of a backend to the client, and as the client gets it. */
const replies = (flags = SYN | ACK): Uint8Array =>
  segment(B, A, { source: B4, destination: CLIENT, ports: [8080, 40_000], flags, sequence: 900, acknowledged: 101 });
const heard = (flags = SYN | ACK): Uint8Array =>
  segment(V, A, { source: WEB, destination: CLIENT, ports: [80, 40_000], flags, sequence: 900, acknowledged: 101 });

const into = (port: string, ...frames: Uint8Array[]): Before[] => frames.map((frame) => ({ into: port, frame }));
const NONE = { service: null, backend: null, state: null, isTranslated: null, isSourceTranslated: null };
const newFlow: Told = { step: "flow", outcome: "none", text: "of no known flow", ...NONE };
const virtual = (service: string, address: string): Told => ({
  step: "service",
  outcome: "virtual",
  address,
  service,
  backend: null,
  port: 80,
  targetPort: 8080,
  text: `${address} is the virtual address of ${service}, and TCP port 80 leads to its port 8080`,
});
const begun = (service: string, backend: string, more: object = {}): Told => ({
  step: "flow",
  outcome: "new",
  service,
  backend,
  state: "half-open",
  isTranslated: true,
  isSourceTranslated: false,
  ...more,
});

type Rest = Omit<Case, "yard" | "into" | "verdict"> & { into?: string };
const forwarded = (rest: Rest): Case => ({ yard: "served", into: "a", verdict: "forwarded", ...rest });
const answered = (rest: Rest): Case => ({ yard: "served", into: "a", verdict: "answered", ...rest });
const dropped = (reason: string, rest: Rest): Case => ({
  yard: "served",
  into: "a",
  verdict: "dropped",
  reason,
  drops: [`${reason} at ${rest.into ?? "a"}`],
  ...rest,
});

const usable = { state: "usable", active: 0, weight: 1, score: null } as const;
const old = { backend: "old", state: "drained", active: 0, weight: 0, score: null } as const;

const picks: Case[] = [
  forwarded({
    sentence: "A connection to a virtual address gets the backend whose turn it is",
    frame: asks(WEB),
    leaves: [{ by: "b", frame: reaches(WEB, B, B4) }],
    steps: [
      newFlow,
      virtual("web", WEB),
      {
        step: "pick",
        text: "round-robin chooses b",
        algorithm: "round-robin",
        backend: "b",
        isAgain: false,
        candidates: [{ backend: "b", ...usable }, { backend: "d", ...usable }, old],
      },
      begun("web", "b", { text: "a new flow to b of web: half-open" }),
      {
        step: "rewrite",
        text: `destination ${WEB}:80 becomes ${B4}:8080; to ${B} from ${V}`,
        source: null,
        destination: { from: { address: WEB, port: 80 }, to: { address: B4, port: 8080 } },
        sourceMac: V,
        destinationMac: B,
      },
      { step: "look-up", port: "b", text: `${B} is behind b, as a static station` },
    ],
  }),
  forwarded({
    sentence: "IPv6 has backends of its own",
    frame: asks("fd77::100"),
    leaves: [{ by: "b", frame: reaches("fd77::100", B, "fd77::3") }],
    steps: [
      virtual("web", "fd77::100"),
      { step: "pick", backend: "b6", candidates: [{ backend: "b6", ...usable }] },
      { step: "rewrite", text: `destination [fd77::100]:80 becomes [fd77::3]:8080; to ${B} from ${macOf("fd77::100")}` },
    ],
  }),
  forwarded({
    sentence: "A backend that has as many flows as it may have is passed over",
    before: into("a", asks(WEB), asks(WEB, { ports: [40_001, 80] })),
    frame: asks(WEB, { ports: [40_003, 80] }),
    leaves: [{ by: "b", frame: reaches(WEB, B, B4, 8080, { ports: [40_003, 80] }) }],
    steps: [
      {
        step: "pick",
        backend: "b",
        candidates: [{ backend: "b", ...usable, active: 1 }, { backend: "d", ...usable, state: "full", active: 1 }, old],
      },
    ],
  }),
  forwarded({
    sentence: "Scores are those that the algorithm compares: flows and one more, by weight",
    before: into("a", asks(BUSY), asks(BUSY, { ports: [40_001, 80] })),
    frame: asks(BUSY, { ports: [40_002, 80] }),
    leaves: [{ by: "b", frame: reaches(BUSY, B, B4, 9000, { ports: [40_002, 80] }) }],
    steps: [
      {
        step: "pick",
        text: "least-load chooses b",
        algorithm: "least-load",
        candidates: [
          { backend: "b", state: "usable", active: 1, weight: 2, score: 1 },
          { backend: "d", state: "usable", active: 1, weight: 1, score: 2 },
        ],
      },
    ],
  }),
  forwarded({
    sentence: "A port of its own comes before the one that the service says",
    frame: asks(BUSY),
    leaves: [{ by: "b", frame: reaches(BUSY, B, B4, 9000) }],
    steps: [
      { step: "pick", backend: "b" },
      { step: "rewrite", destination: { from: { address: BUSY, port: 80 }, to: { address: B4, port: 9000 } } },
    ],
  }),
  forwarded({
    sentence: "A client that had a backend has it again",
    before: into("a", asks(KEPT)),
    frame: asks(KEPT, { ports: [40_001, 80] }),
    leaves: [{ by: "b", frame: reaches(KEPT, B, B4, 8080, { ports: [40_001, 80] }) }],
    steps: [{ step: "pick", backend: "b", isAgain: true, text: "b again, which its client had before" }],
  }),
  forwarded({
    sentence: "A backend that calls its own service is seen by itself as the virtual address",
    into: "b",
    frame: segment(B, V, { source: B4, destination: WEB }),
    leaves: [{ by: "b", frame: segment(V, B, { source: WEB, destination: B4, ports: [40_000, 8080] }) }],
    steps: [
      newFlow,
      begun("web", "b", { isSourceTranslated: true, text: "a new flow to b of web: half-open, its source becomes the virtual address" }),
      {
        step: "rewrite",
        text: `source ${B4}:40000 becomes ${WEB}:40000; destination ${WEB}:80 becomes ${B4}:8080; to ${B} from ${V}`,
        source: { from: { address: B4, port: 40_000 }, to: { address: WEB, port: 40_000 } },
      },
    ],
  }),
];

const flows: Case[] = [
  forwarded({
    sentence: "An answer comes from the virtual address",
    before: into("a", asks(WEB)),
    into: "b",
    frame: replies(),
    leaves: [{ by: "a", frame: heard() }],
    steps: [
      {
        step: "flow",
        outcome: "reply",
        service: "web",
        backend: "b",
        state: "half-open",
        isTranslated: true,
        text: "answer in the flow to b of web: half-open",
      },
      {
        step: "rewrite",
        source: { from: { address: B4, port: 8080 }, to: { address: WEB, port: 80 } },
        destination: null,
        text: `source ${B4}:8080 becomes ${WEB}:80; to ${A} from ${V}`,
      },
    ],
  }),
  forwarded({
    sentence: "What belongs to a flow goes where that began",
    before: [...into("a", asks(WEB)), ...into("b", replies()), ...into("a", asks(WEB, { flags: ACK, sequence: 101, acknowledged: 901 }))],
    frame: asks(WEB, { flags: ACK, sequence: 101, acknowledged: 901 }),
    leaves: [{ by: "b", frame: reaches(WEB, B, B4, 8080, { flags: ACK, sequence: 101, acknowledged: 901 }) }],
    steps: [{ step: "flow", outcome: "original", state: "established", text: "flow to b of web: established" }, { step: "rewrite" }],
  }),
  forwarded({
    sentence: "A new connection takes the place of one that is over",
    before: [
      ...into("a", asks(WEB)),
      ...into("b", replies()),
      ...into("a", asks(WEB, { flags: FIN | ACK, sequence: 101, acknowledged: 901 })),
      ...into(
        "b",
        segment(B, A, { source: B4, destination: CLIENT, ports: [8080, 40_000], flags: FIN | ACK, sequence: 901, acknowledged: 102 }),
      ),
      ...into("a", asks(WEB, { flags: ACK, sequence: 102, acknowledged: 902 })),
    ],
    frame: asks(WEB, { sequence: 5000 }),
    leaves: [{ by: "d", frame: reaches(WEB, D, D4, 8080, { sequence: 5000 }) }],
    steps: [
      { step: "flow", outcome: "original", state: "time-wait" },
      { step: "flow", outcome: "none", text: "that one is over: another may begin" },
      { step: "pick", backend: "d" },
      begun("web", "d"),
    ],
  }),
  forwarded({
    sentence: "A connection to a backend itself is followed as it is",
    frame: segment(A, B, { source: CLIENT, destination: B4, ports: [40_000, 8080] }),
    leaves: ["b"],
    steps: [
      newFlow,
      { step: "service", outcome: "backend", address: B4, service: null, backend: "b", port: 8080, text: `${B4} is that of backend b` },
      begun("web", "b", { isTranslated: false, text: "a new flow to b of web itself: half-open, followed as it is" }),
    ],
  }),
  forwarded({
    sentence: "One to a port of a backend that no service has is nobody's business",
    frame: segment(A, B, { source: CLIENT, destination: B4, ports: [40_000, 22] }),
    leaves: ["b"],
    steps: [newFlow, { step: "service", outcome: "backend", backend: "b" }, { step: "look-up" }],
  }),
  forwarded({
    sentence: "What comes from a backend, and belongs to nothing, goes to whom it is addressed",
    into: "b",
    frame: segment(B, A, { source: B4, destination: CLIENT, ports: [40_000, 22] }),
    leaves: ["a"],
    steps: [
      newFlow,
      { step: "service", outcome: "none", address: CLIENT, service: null, text: `${CLIENT} has nothing to do with services` },
    ],
  }),
  forwarded({
    sentence: "Echo to a backend is followed, and no load of it",
    frame: ethernet(B, A, TYPE_IPV4, ipv4({ source: CLIENT, destination: B4, protocol: ICMP }, echo(8, 7, 1))),
    leaves: ["b"],
    steps: [
      newFlow,
      { step: "service", outcome: "backend" },
      { ...begun("web", "b"), backend: null, state: "icmp", isTranslated: false } as Told,
    ],
  }),
  forwarded({
    sentence: "Between two that are no backends services have nothing to do",
    into: "c",
    frame: segment(X, A, { source: "10.77.0.10", destination: CLIENT }),
    leaves: ["a"],
    steps: [{ step: "service", outcome: "none", address: null, text: "services have nothing to do with it" }],
  }),
];

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

const refusals: Case[] = [
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

const neighbours: Case[] = [
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

const pieces: Case[] = [
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

export const serviceCases: Case[] = [...picks, ...flows, ...refusals, ...neighbours, ...pieces];
