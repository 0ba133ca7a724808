/** To everybody: IEEE 802.1Q, section 8.8. */
import { datagram, raw } from "./frames.ts";
import type { Case } from "./case.ts";
import { BROADCAST } from "./frames.ts";
import { A, B } from "./yards.ts";

export const floodCases: Case[] = [
  {
    sentence: "Broadcast reaches every other port of the network, and none of another",
    yard: "open",
    into: "a",
    frame: raw(BROADCAST),
    verdict: "forwarded",
    leaves: ["b", "c"],
    steps: [
      {
        step: "look-up",
        verdict: "continue",
        outcome: "group",
        port: null,
        ageSeconds: null,
        kind: null,
        text: `${BROADCAST} is a group address`,
      },
      { step: "flood", verdict: "continue", reason: null, ports: ["b", "c"], text: "to every other port of the network: b, c" },
      { step: "egress", port: "b", verdict: "continue", text: "leaves by b, 60 bytes" },
      { step: "egress", port: "c", verdict: "continue", text: "leaves by c, 60 bytes" },
    ],
  },
  {
    sentence: "From the middle it goes both ways",
    yard: "open",
    into: "b",
    frame: raw(BROADCAST),
    verdict: "forwarded",
    leaves: ["a", "c"],
    steps: [{ step: "flood", ports: ["a", "c"] }],
  },
  {
    sentence: "Multicast is flooded, whether anybody listens or not",
    yard: "open",
    into: "a",
    frame: datagram(A, "01:00:5e:01:02:03", "10.77.0.2", "239.1.2.3"),
    verdict: "forwarded",
    leaves: ["b", "c"],
    steps: [
      { step: "look-up", outcome: "group", text: "01:00:5e:01:02:03 is a group address" },
      { step: "flood", ports: ["b", "c"] },
    ],
  },
  {
    sentence: "So is what is for a station that nobody heard",
    yard: "open",
    into: "a",
    frame: raw(B),
    verdict: "forwarded",
    leaves: ["b", "c"],
    steps: [
      { step: "look-up", outcome: "unknown", text: `${B} is behind no known port` },
      { step: "flood", ports: ["b", "c"] },
    ],
  },
  {
    sentence: "Where there is no other port broadcast ends",
    yard: "open",
    into: "r",
    frame: raw(BROADCAST),
    verdict: "dropped",
    reason: "no-other-port",
    drops: ["no-other-port at r"],
    steps: [
      { step: "look-up", verdict: "continue", outcome: "group" },
      { step: "flood", verdict: "drop", reason: "no-other-port", ports: [], text: "the network has no port but r" },
    ],
  },
  {
    sentence: "And so does what is for a station that nobody heard",
    yard: "open",
    into: "r",
    frame: raw(B),
    verdict: "dropped",
    reason: "no-other-port",
    drops: ["no-other-port at r"],
    steps: [
      { step: "look-up", verdict: "continue", outcome: "unknown" },
      { step: "flood", verdict: "drop", reason: "no-other-port", ports: [] },
    ],
  },
];
