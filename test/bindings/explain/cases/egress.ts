/** Whether it fits where it leaves: an MTU, the Ethernet header and one tag, as Linux bridges have it (net/bridge/br_forward.c); the maximum
 *  segment size as RFC 9293, section 3.7.1 has it. */
import { tagged } from "../../../support/packet/ethernet.ts";
import { ACK, SYN } from "../../../support/packet/transport.ts";
import type { Before, Case } from "./case.ts";
import { BACK, BROADCAST, FOUR, raw, SIX, syn } from "./frames.ts";
import { A, B } from "./yards.ts";

const heard: Before[] = [{ into: "s", frame: raw(BROADCAST, B) }];
const LOWERED = 1000 - 40;
const LOWERED_SIX = 1000 - 60;

export const egressCases: Case[] = [
  {
    sentence: "The longest frame of an MTU of 1,000 is 1,018 bytes: a packet, its header and a tag",
    yard: "small",
    before: heard,
    into: "a",
    frame: raw(B, A, 1018),
    verdict: "forwarded",
    leaves: ["s"],
    steps: [{ step: "egress", port: "s", bytes: 1018, limitBytes: 1018, verdict: "continue", text: "leaves by s, 1018 bytes" }],
  },
  {
    sentence: "One byte more is too big",
    yard: "small",
    before: heard,
    into: "a",
    frame: raw(B, A, 1019),
    verdict: "dropped",
    reason: "too-big",
    drops: ["too-big at s"],
    steps: [
      { step: "look-up", verdict: "continue", port: "s" },
      {
        step: "egress",
        port: "s",
        bytes: 1019,
        limitBytes: 1018,
        verdict: "drop",
        reason: "too-big",
        text: "ends at s: 1019 bytes, and the port takes frames of up to 1018",
      },
    ],
  },
  {
    sentence: "What is too big for one port reaches the others",
    yard: "small",
    into: "a",
    frame: raw(BROADCAST, A, 1514),
    verdict: "forwarded",
    leaves: ["b"],
    drops: ["too-big at s"],
    steps: [
      { step: "flood", verdict: "continue", ports: ["s", "b"] },
      { step: "egress", port: "s", verdict: "drop", reason: "too-big" },
      { step: "egress", port: "b", verdict: "continue", bytes: 1514, limitBytes: 1518, text: "leaves by b, 1514 bytes" },
    ],
  },
  {
    sentence: "What is too big for all of them ends with the reason of the first",
    yard: "small",
    into: "a",
    frame: raw(BROADCAST, A, 1600),
    verdict: "dropped",
    reason: "too-big",
    drops: ["too-big at s", "too-big at b"],
    steps: [
      { step: "egress", port: "s", verdict: "drop" },
      { step: "egress", port: "b", verdict: "drop", text: "ends at b: 1600 bytes, and the port takes frames of up to 1518" },
    ],
  },
  {
    sentence: "A frame that was read is not too big: only where it leaves it is measured",
    yard: "small",
    before: [{ into: "a", frame: raw(BROADCAST) }],
    into: "s",
    frame: raw(A, B, 1514),
    verdict: "forwarded",
    leaves: ["a"],
    steps: [{ step: "egress", port: "a", bytes: 1514 }],
  },
  {
    sentence: "A SYN to a port of 1,000 bytes announces what fits there",
    yard: "small",
    before: heard,
    into: "a",
    frame: syn(A, B, FOUR, 1460),
    verdict: "forwarded",
    leaves: [{ by: "s", frame: syn(A, B, FOUR, LOWERED) }],
    steps: [{ step: "egress", port: "s", mss: LOWERED, text: "leaves by s, 58 bytes, its maximum segment size lowered to 960" }],
  },
  {
    sentence: "Of IPv6 it is 20 bytes less",
    yard: "small",
    before: heard,
    into: "a",
    frame: syn(A, B, SIX, 1440),
    verdict: "forwarded",
    leaves: [{ by: "s", frame: syn(A, B, SIX, LOWERED_SIX) }],
    steps: [{ step: "egress", port: "s", mss: LOWERED_SIX }],
  },
  {
    sentence: "The answer to a SYN as well",
    yard: "small",
    before: heard,
    into: "a",
    frame: syn(A, B, FOUR, 1460, SYN | ACK),
    verdict: "forwarded",
    leaves: [{ by: "s", frame: syn(A, B, FOUR, LOWERED, SYN | ACK) }],
    steps: [
      { step: "parse", text: "IPv4 10.77.0.2 > 10.77.0.3, TCP 40000 > 80 SYN ACK" },
      { step: "egress", mss: LOWERED },
    ],
  },
  {
    sentence: "What is small enough stays",
    yard: "small",
    before: heard,
    into: "a",
    frame: syn(A, B, FOUR, 536),
    verdict: "forwarded",
    leaves: ["s"],
    steps: [{ step: "egress", port: "s", mss: null, text: "leaves by s, 58 bytes" }],
  },
  {
    sentence: "A SYN without the option stays",
    yard: "small",
    before: heard,
    into: "a",
    frame: syn(A, B, FOUR, null),
    verdict: "forwarded",
    leaves: ["s"],
    steps: [{ step: "egress", port: "s", mss: null }],
  },
  {
    sentence: "One that comes from the small port is lowered where it enters: the other end answers in kind",
    yard: "small",
    before: [{ into: "a", frame: raw(BROADCAST) }],
    into: "s",
    frame: syn(B, A, BACK, 1460),
    verdict: "forwarded",
    leaves: [{ by: "a", frame: syn(B, A, BACK, LOWERED) }],
    steps: [
      { step: "source-check", isChecked: false, mss: LOWERED, text: "port s is not checked; its maximum segment size is lowered to 960" },
      { step: "egress", port: "a", mss: null, text: "leaves by a, 58 bytes" },
    ],
  },
  {
    sentence: "Also where the port is checked",
    yard: "smallBound",
    before: [{ into: "a", frame: raw(BROADCAST) }],
    into: "s",
    frame: syn(B, A, BACK, 1460),
    verdict: "forwarded",
    leaves: [{ by: "a", frame: syn(B, A, BACK, LOWERED) }],
    steps: [
      {
        step: "source-check",
        isChecked: true,
        mss: LOWERED,
        text: `${B} is the station of s; 10.77.0.3 is bound to s; its maximum segment size is lowered to 960`,
      },
    ],
  },
  {
    sentence: "A flooded SYN is lowered for the small port alone",
    yard: "small",
    into: "a",
    frame: syn(A, BROADCAST, FOUR, 1460),
    verdict: "forwarded",
    leaves: [{ by: "s", frame: syn(A, BROADCAST, FOUR, LOWERED) }, "b"],
    steps: [
      { step: "egress", port: "s", mss: LOWERED },
      { step: "egress", port: "b", mss: null },
    ],
  },
  {
    sentence: "A tag comes on where the frame leaves by a trunk, behind the measure",
    yard: "trunks",
    into: "b",
    frame: raw(BROADCAST, A, 1518),
    verdict: "forwarded",
    leaves: ["t", "n"].map((by) => ({ by, frame: tagged(raw(BROADCAST, A, 1518), { id: 10 }) })),
    steps: [
      { step: "egress", port: "t", bytes: 1518, limitBytes: 1518, vlan: 10, text: "leaves by t, 1518 bytes, tagged with VLAN 10" },
      { step: "egress", port: "n", vlan: 10 },
    ],
  },
];
