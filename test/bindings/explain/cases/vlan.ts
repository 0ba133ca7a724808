/** Whose network's a frame is: IEEE 802.1Q. On a trunk the outer tag says it; it is taken off, and put on where it leaves. */
import { bytes, hex, u16 } from "../../../support/packet/bytes.ts";
import { tagged, TYPE_QINQ, TYPE_VLAN } from "../../../support/packet/ethernet.ts";
import type { Case, Leaving } from "./case.ts";
import { BROADCAST, raw } from "./frames.ts";
import { A, B } from "./yards.ts";

const plain = raw(BROADCAST);
const vlan = (...ids: number[]): Uint8Array => tagged(plain, ...ids.map((id) => ({ id })));
const by = (port: string, ...ids: number[]): Leaving => ({ by: port, frame: vlan(...ids) });

interface Facts {
  network: string | null;
  vlan: number | null;
  text: string;
}

const reaches = (sentence: string, into: string, frame: Uint8Array, facts: Facts, leaves: Leaving[], drops: string[] = []): Case => ({
  sentence,
  yard: "trunks",
  into,
  frame,
  verdict: "forwarded",
  leaves,
  drops,
  steps: [{ step: "vlan", verdict: "continue", reason: null, ...facts }],
});

const refused = (sentence: string, into: string, frame: Uint8Array, reason: string, id: number | null, text: string): Case => ({
  sentence,
  yard: "trunks",
  into,
  frame,
  verdict: "dropped",
  reason,
  drops: [`${reason} at ${into}`],
  steps: [{ step: "vlan", verdict: "drop", reason, network: null, vlan: id, text }],
});

const NATIVE = { network: "green", vlan: null, text: "untagged: green is the native network of trunk n" };
const TEN = { network: "blue", vlan: 10, text: "VLAN 10 of trunk t is network blue; the tag is taken off" };

export const vlanCases: Case[] = [
  reaches(
    "What enters an access port is its network's",
    "b",
    plain,
    { network: "blue", vlan: null, text: "b is an access port of network blue" },
    [by("t", 10), by("n", 10)],
  ),
  reaches("A trunk's tag names the network", "t", vlan(10), TEN, [by("b"), by("n", 10)]),
  reaches("A priority goes with the tag that carries it", "t", tagged(plain, { id: 10, priority: 5 }), TEN, [by("b"), by("n", 10)]),
  reaches("A service tag is a tag too", "t", tagged(plain, { id: 10, type: TYPE_QINQ }), TEN, [by("b"), by("n", 10)]),
  reaches("The inner tag is the tenant's, and stays", "t", vlan(10, 7), TEN, [by("b", 7), by("n", 10, 7)]),
  reaches(
    "Another tag is another network, which n has untagged",
    "t",
    vlan(20),
    { network: "green", vlan: 20, text: "VLAN 20 of trunk t is network green; the tag is taken off" },
    [by("g"), by("n")],
  ),
  reaches("What is untagged is the native network's", "n", plain, NATIVE, [by("g"), by("t", 20)]),
  reaches(
    "A priority tag names no VLAN: it is untagged",
    "n",
    tagged(plain, { id: 0, priority: 6 }),
    { network: "green", vlan: 0, text: "a priority tag, which is taken off: green is the native network of trunk n" },
    [by("g"), by("t", 20)],
  ),
  reaches(
    "The tag of a trunk with a native network names the other one",
    "n",
    vlan(10),
    { network: "blue", vlan: 10, text: "VLAN 10 of trunk n is network blue; the tag is taken off" },
    [by("b"), by("t", 10)],
  ),
  refused("A VLAN that the trunk does not have ends", "t", vlan(30), "vlan-unknown", 30, "the trunk has no network for VLAN 30"),
  refused("So does the reserved one", "t", vlan(4095), "vlan-unknown", 4095, "the trunk has no network for VLAN 4095"),
  refused(
    "Another trunk's tag for its native network is none of n's",
    "n",
    vlan(20),
    "vlan-unknown",
    20,
    "the trunk has no network for VLAN 20",
  ),
  refused(
    "Without a native network an untagged frame ends",
    "t",
    plain,
    "vlan-untagged",
    null,
    "untagged, and the trunk has no native network",
  ),
  refused("So does one with a priority tag", "t", vlan(0), "vlan-untagged", 0, "a priority tag only, and the trunk has no native network"),
  refused(
    "Half a tag names nothing",
    "t",
    bytes(hex(B), hex(A), u16(TYPE_VLAN), 0, 10),
    "vlan-untagged",
    null,
    "untagged, and the trunk has no native network",
  ),
  {
    sentence: "A tenant's tag may not become the tag of a trunk: it would hop to another VLAN",
    yard: "trunks",
    into: "g",
    frame: vlan(10),
    verdict: "forwarded",
    leaves: [by("t", 20, 10)],
    drops: ["vlan-hop at n"],
    steps: [
      { step: "parse", text: "VLAN 10, EtherType 0x88b5" },
      { step: "vlan", network: "green", vlan: null, text: "g is an access port of network green" },
      { step: "flood", verdict: "continue", ports: ["t", "n"] },
      { step: "egress", port: "t", verdict: "continue", vlan: 20, text: "leaves by t, 64 bytes, tagged with VLAN 20" },
      {
        step: "egress",
        port: "n",
        verdict: "drop",
        reason: "vlan-hop",
        vlan: null,
        text: "ends at n: it carries a tag, and would leave untagged: the tag would be taken for another network's",
      },
    ],
  },
  {
    sentence: "A station is known in the network where it spoke, and in no other",
    yard: "trunks",
    before: [{ into: "b", frame: plain }],
    into: "g",
    frame: raw(A, B),
    verdict: "forwarded",
    leaves: [{ by: "t", frame: tagged(raw(A, B), { id: 20 }) }, "n"],
    steps: [{ step: "look-up", outcome: "unknown", port: null, text: `${A} is behind no known port` }],
  },
  {
    sentence: "Where it spoke it is found through the trunk, by its tag",
    yard: "trunks",
    before: [{ into: "b", frame: plain }],
    into: "t",
    frame: tagged(raw(A, B), { id: 10 }),
    verdict: "forwarded",
    leaves: [{ by: "b", frame: raw(A, B) }],
    steps: [
      { step: "vlan", ...TEN },
      { step: "look-up", outcome: "found", port: "b", kind: "learned" },
      { step: "egress", port: "b", bytes: 60, vlan: null, text: "leaves by b, 60 bytes" },
    ],
  },
];
