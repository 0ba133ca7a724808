/** Super-frames and partial checksums: linux/virtio_net.h, RFC 9293 and 768 for what they become. */
import { ramp, u16 } from "../../../support/packet/bytes.ts";
import { tagged } from "../../../support/packet/ethernet.ts";
import { checksum } from "../../../support/packet/bytes.ts";
import { pseudoHeader, UDP } from "../../../support/packet/ip.ts";
import { DATA_VALID, NEEDS_CHECKSUM, offload, partial, TSO4, TSO6 } from "../../../support/packet/offload.ts";
import { segmentsOf, type SuperFrame, superFrame } from "../../../support/packet/super-frame.ts";
import type { Before, Case, Leaving } from "./case.ts";
import { BROADCAST, datagram, FOUR, raw, SIX } from "./frames.ts";
import { A, B } from "./yards.ts";

const heard = (port: string): Before[] => [{ into: port, frame: raw(BROADCAST, B) }];
const whole: SuperFrame = { from: A, to: B, ends: FOUR, payload: ramp(2500), segmentBytes: 1000 };
const tcp = superFrame(whole);
const udp = superFrame({ ...whole, isUdp: true });
const six = superFrame({ ...whole, ends: SIX });
const segments = (by: string, of: SuperFrame, vlan?: number): Leaving[] =>
  segmentsOf(of).map((frame) => ({ by, frame: vlan === undefined ? frame : tagged(frame, { id: vlan }) }));

/** A datagram whose checksum is that of the pseudo header alone, and the whole one. */
const complete = datagram(A, B, FOUR.source, FOUR.destination);
const unfinished = complete.slice();
unfinished.set(u16(checksum(pseudoHeader(FOUR, UDP, complete.length - 34)) ^ 0xffff), 40);
const toFinish = partial(34, 6);

/** Of as many segments as a super-frame may become, to everybody. */
export const many: SuperFrame = { ...whole, payload: ramp(128 * 10), segmentBytes: 10, to: BROADCAST };
const tooMany: SuperFrame = { ...whole, payload: ramp(129 * 10), segmentBytes: 10 };

export const offloadCases: Case[] = [
  {
    sentence: "A super-frame stays one for a port that takes it",
    yard: "offload",
    before: heard("p"),
    into: "o",
    ...tcp,
    verdict: "forwarded",
    leaves: [{ by: "p", frame: tcp.frame, offload: tcp.offload }],
    steps: [{ step: "egress", port: "p", bytes: 2554, segments: null, isChecksumCompleted: false, text: "leaves by p, 2554 bytes" }],
  },
  {
    sentence: "For a port that takes none it becomes segments",
    yard: "offload",
    before: heard("x"),
    into: "o",
    ...tcp,
    verdict: "forwarded",
    leaves: segments("x", whole),
    steps: [{ step: "egress", port: "x", bytes: 2554, segments: 3, segmentsLost: 0, text: "leaves by x, 2554 bytes, as 3 segments" }],
  },
  {
    sentence: "UDP becomes datagrams",
    yard: "offload",
    before: heard("x"),
    into: "o",
    ...udp,
    verdict: "forwarded",
    leaves: segments("x", { ...whole, isUdp: true }),
    steps: [{ step: "egress", port: "x", bytes: 2542, segments: 3 }],
  },
  {
    sentence: "So does TCP over IPv6",
    yard: "offload",
    before: heard("x"),
    into: "o",
    ...six,
    verdict: "forwarded",
    leaves: segments("x", { ...whole, ends: SIX }),
    steps: [{ step: "egress", port: "x", bytes: 2574, segments: 3 }],
  },
  {
    sentence: "Each segment gets the tag of a trunk",
    yard: "offload",
    before: [{ into: "t", frame: tagged(raw(BROADCAST, B), { id: 10 }) }],
    into: "o",
    ...tcp,
    verdict: "forwarded",
    leaves: segments("t", whole, 10),
    steps: [{ step: "egress", port: "t", segments: 3, vlan: 10, text: "leaves by t, 2554 bytes, as 3 segments, tagged with VLAN 10" }],
  },
  {
    sentence: "Flooded, it leaves by each port in the form that this takes",
    yard: "offload",
    into: "o",
    ...superFrame({ ...whole, to: BROADCAST }),
    verdict: "forwarded",
    leaves: [
      { by: "p", ...superFrame({ ...whole, to: BROADCAST }) },
      ...segments("x", { ...whole, to: BROADCAST }),
      ...segments("t", { ...whole, to: BROADCAST }, 10),
    ],
    steps: [
      { step: "flood", ports: ["p", "x", "t"] },
      { step: "egress", port: "p", segments: null },
      { step: "egress", port: "x", segments: 3 },
      { step: "egress", port: "t", segments: 3 },
    ],
  },
  {
    sentence: "A partial checksum is completed for a port that does not do it",
    yard: "offload",
    before: heard("x"),
    into: "o",
    frame: unfinished,
    offload: toFinish,
    verdict: "forwarded",
    leaves: [{ by: "x", frame: complete }],
    steps: [{ step: "egress", port: "x", isChecksumCompleted: true, text: "leaves by x, 82 bytes, its checksum completed" }],
  },
  {
    sentence: "And left to one that does",
    yard: "offload",
    before: heard("p"),
    into: "o",
    frame: unfinished,
    offload: toFinish,
    verdict: "forwarded",
    leaves: [{ by: "p", frame: unfinished, offload: toFinish }],
    steps: [{ step: "egress", port: "p", isChecksumCompleted: false }],
  },
  {
    sentence: "A checksum that was verified stays so",
    yard: "offload",
    before: heard("p"),
    into: "o",
    frame: complete,
    offload: offload({ flags: DATA_VALID }),
    verdict: "forwarded",
    leaves: [{ by: "p", frame: complete, offload: offload({ flags: DATA_VALID }) }],
    steps: [{ step: "parse", verdict: "continue", text: "IPv4 10.77.0.2 > 10.77.0.3, UDP 4000 > 4001" }],
  },
  {
    sentence: "A checksum behind the frame's end is a lie",
    yard: "offload",
    into: "o",
    frame: complete,
    offload: partial(90, 6),
    verdict: "dropped",
    reason: "bad-offload-header",
    drops: ["bad-offload-header at o"],
    steps: [
      {
        step: "parse",
        verdict: "drop",
        reason: "bad-offload-header",
        text: "IPv4 10.77.0.2 > 10.77.0.3, UDP 4000 > 4001; its virtio-net header contradicts it",
      },
    ],
  },
  {
    sentence: "A super-frame with segments of nothing as well",
    yard: "offload",
    into: "o",
    frame: tcp.frame,
    offload: offload({ flags: NEEDS_CHECKSUM, type: TSO4, segmentBytes: 0, start: 34, offset: 16 }),
    verdict: "dropped",
    reason: "bad-offload-header",
    drops: ["bad-offload-header at o"],
    steps: [{ step: "parse", verdict: "drop", reason: "bad-offload-header" }],
  },
  {
    sentence: "Checksums of what is not IP's own field are refused",
    yard: "offload",
    into: "o",
    frame: complete,
    offload: partial(14, 10),
    verdict: "dropped",
    reason: "bad-offload-header",
    drops: ["bad-offload-header at o"],
    steps: [{ step: "parse", verdict: "drop", reason: "bad-offload-header" }],
  },
  {
    sentence: "A super-frame of IPv6 that carries IPv4 cannot be segmented",
    yard: "offload",
    before: heard("x"),
    into: "o",
    frame: tcp.frame,
    offload: offload({ flags: NEEDS_CHECKSUM, type: TSO6, segmentBytes: 1000, start: 34, offset: 16 }),
    verdict: "dropped",
    reason: "bad-super-frame",
    drops: ["bad-super-frame at x"],
    steps: [
      {
        step: "egress",
        port: "x",
        verdict: "drop",
        reason: "bad-super-frame",
        text: "ends at x: it cannot be segmented: its headers are not those that its virtio-net header names",
      },
    ],
  },
  {
    sentence: "128 segments are the most that a super-frame becomes",
    yard: "offload",
    before: heard("x"),
    into: "o",
    ...superFrame(tooMany),
    verdict: "dropped",
    reason: "too-many-segments",
    drops: ["too-many-segments at x"],
    steps: [
      {
        step: "egress",
        port: "x",
        verdict: "drop",
        reason: "too-many-segments",
        segments: null,
        text: "ends at x: the super-frame would become too many segments",
      },
    ],
  },
  {
    sentence: "Segments that a port of 1,000 bytes cannot take are too big",
    yard: "offloadSmall",
    before: heard("s"),
    into: "o",
    ...superFrame({ ...whole, segmentBytes: 1400 }),
    verdict: "dropped",
    reason: "too-big",
    drops: ["too-big at s"],
    steps: [{ step: "egress", port: "s", verdict: "drop", reason: "too-big", limitBytes: 1018, segments: null }],
  },
  {
    sentence: "Those that it can take are not, whatever the super-frame's length",
    yard: "offloadSmall",
    before: heard("s"),
    into: "o",
    ...superFrame({ ...whole, segmentBytes: 900 }),
    verdict: "forwarded",
    leaves: segments("s", { ...whole, segmentBytes: 900 }),
    steps: [{ step: "egress", port: "s", verdict: "continue", segments: 3 }],
  },
  {
    sentence: "512 slots are one frame and 511 segments: of five times 128 a part ends",
    yard: "offloadMany",
    into: "o",
    ...superFrame(many),
    verdict: "forwarded",
    leaves: ["v", "w", "x", "y"].flatMap((by, index) => segments(by, many).slice(0, index === 3 ? 127 : 128)),
    drops: [...Array<string>(1).fill("pool-empty at y"), ...Array<string>(128).fill("pool-empty at z")],
    steps: [
      { step: "egress", port: "v", verdict: "continue", segments: 128, segmentsLost: 0 },
      {
        step: "egress",
        port: "y",
        verdict: "drop",
        reason: "pool-empty",
        segments: 128,
        segmentsLost: 1,
        text: "1 of 128 segments ends at y: no slot is free for a frame of its own",
      },
      {
        step: "egress",
        port: "z",
        verdict: "drop",
        reason: "pool-empty",
        segmentsLost: 128,
        text: "128 of 128 segments end at z: no slot is free for a frame of its own",
      },
    ],
  },
];
