/** Packets to a virtual address that begin a flow, and those of flows. */
import { ethernet, TYPE_IPV4 } from "../../../support/packet/ethernet.ts";
import { ICMP, ipv4 } from "../../../support/packet/ip.ts";
import { ACK, echo, FIN } from "../../../support/packet/transport.ts";
import type { Case, Told } from "./case.ts";
import { A, B, D, X } from "./yards.ts";
import {
  B4,
  BUSY,
  CLIENT,
  D4,
  KEPT,
  V,
  WEB,
  asks,
  begun,
  forwarded,
  heard,
  into,
  macOf,
  newFlow,
  old,
  reaches,
  replies,
  segment,
  usable,
  virtual,
} from "./service-ground.ts";

export const picks: Case[] = [
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

export const flows: Case[] = [
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
