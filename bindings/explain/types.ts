/** What is said of a frame's way. Fields are only ever added. */
import type { ReplayedDrop } from "../replay/types.ts";
import type { ResolveStep, ServiceStageStep } from "./service-types.ts";
import type { StepOf, StepVerdict } from "./step-of.ts";

export type { StepOf, StepVerdict };

/** A frame that was cut when it was captured: whether what is needed is there. */
export type CutStep = StepOf<"cut"> & { capturedBytes: number; originalBytes: number };

/** What the frame is. Null is what it has not, or what was not reached. */
export type ParseStep = StepOf<"parse"> & {
  bytes: number;
  source: string | null;
  destination: string | null;
  /** Behind up to two tags. */
  etherType: number | null;
  /** Of IPv4 and IPv6: the number of the protocol that they carry (IANA); of IPv6 behind its extension headers, if it is found there. */
  protocol: number | null;
};

/** Whose network's it is. */
export type VlanStep = StepOf<"vlan"> & {
  network: string | null;
  /** Identifier of its outer tag, of a trunk. */
  vlan: number | null;
};

/** Whether it may come from its port. */
export type SourceStep = StepOf<"source-check"> & {
  /** False: the port is not checked. */
  isChecked: boolean;
  /** Maximum segment size that a SYN from a port of a smaller MTU announces from here on; null: as it came. */
  mss: number | null;
};

/** Whether the engine answers it itself. */
export type AnswerStep = StepOf<"answer"> & {
  /** Address that is asked for, the port that it is bound to, and the service whose virtual address it is. */
  address: string | null;
  port: string | null;
  service: string | null;
};

/** What became of learning; see LearnStep. */
export type LearnOutcome = "off" | "new" | "seen" | "moved" | "held" | "full" | "claimed";

/** Whether its source is learned. Off: the network does not learn. Held: it is a static one. Full: a limit is reached. Claimed: another
 *  worker is learning it just now. */
export type LearnStep = StepOf<"learn"> & {
  outcome: LearnOutcome;
  /** Where it was known before. */
  port: string | null;
};

/** What the look-up found; see LookUpStep. */
export type LookUpOutcome = "group" | "unknown" | "found" | "stale";

/** Where its destination is. Stale: it was behind a port that has been removed since. */
export type LookUpStep = StepOf<"look-up"> & {
  outcome: LookUpOutcome;
  port: string | null;
  /** Since the station was seen; 0 of a static one, null of what is not found. */
  ageSeconds: number | null;
  kind: "learned" | "static" | null;
};

/** The other ports of its network. */
export type FloodStep = StepOf<"flood"> & { ports: string[] };

/** What becomes of it, or of the answer, at one output. */
export type EgressStep = StepOf<"egress"> & {
  port: string;
  /** Without a tag that is put in. */
  bytes: number;
  /** Longest frame for the port, without segments. */
  limitBytes: number;
  /** Frames that a super-frame becomes, null without. */
  segments: number | null;
  /** Of these, those that end here. */
  segmentsLost: number;
  /** A partial checksum was completed. */
  isChecksumCompleted: boolean;
  /** Maximum segment size that a SYN announces from here on; null: as it came. */
  mss: number | null;
  /** VLAN identifier of the tag that was put in. */
  vlan: number | null;
};

/** One of them, by its name. */
export type ExplainedStep =
  | CutStep
  | ParseStep
  | VlanStep
  | SourceStep
  | ResolveStep
  | AnswerStep
  | ServiceStageStep
  | LearnStep
  | LookUpStep
  | FloodStep
  | EgressStep;

/** A frame that would leave. */
export interface ExplainedOutput {
  port: string;
  /** From the destination MAC on; of a cut frame as much as is there. Outputs that are the same may share it. */
  frame: Uint8Array;
  /** On the wire. */
  originalBytes: number;
  /** virtio-net header of a super-frame or a partial checksum, for ports that take them. */
  offload: Uint8Array | null;
}

/** A frame's way, and what comes out. */
export interface Explanation {
  /** The port that it enters by. */
  port: string;
  /** In the pipeline's order. */
  steps: ExplainedStep[];
  /** Dropped: the frame goes nowhere; what leaves then tells its sender so, or asks for a backend. Consumed: it was for the engine itself. */
  verdict: "forwarded" | "answered" | "dropped" | "consumed";
  /** Of the first drop when the frame goes nowhere, else null. */
  reason: string | null;
  outputs: ExplainedOutput[];
  /** Whatever ends undelivered. */
  drops: ReplayedDrop[];
}

/** What a frame has beside its bytes. */
export interface ExplainOptions {
  /** virtio-net header of 10 bytes, of a super-frame or a partial checksum; a frame that was cut has none. */
  offload?: Uint8Array | undefined;
  /** Length before it was cut to a snap length, up to 4,294,967,295; one that is no longer than the frame is a frame like any other. */
  originalBytes?: number | undefined;
}
