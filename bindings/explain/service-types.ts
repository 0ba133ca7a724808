/** What is said of a packet's way through the service stage. Fields are only ever added. */
import type { FlowInfo } from "../engine/types.ts";
import type { Algorithm } from "../service/types.ts";
import type { StepOf } from "./step-of.ts";

/** A station has said where it is, and backends at its address are there from now on. */
export type ResolveStep = StepOf<"resolve"> & { backend: string; mac: string };

/** A piece of a packet that came in fragments. Follows: it goes where the first one went. */
export type FragmentStep = StepOf<"fragment"> & { outcome: "unknown" | "follows" | "overlaps" };

/** An ICMP error, and whether the packet that it is about is one of a flow. */
export type ErrorStep = StepOf<"icmp-error"> & { isOfFlow: boolean };

/** The connection that the packet belongs to, from the client to the backend (original) or back (reply). New: it begins with this packet. Refused: it
 *  should begin, and cannot. Of `none` and `refused` the rest is null. */
export type FlowStep = StepOf<"flow"> & {
  outcome: "none" | "original" | "reply" | "new" | "refused";
  service: string | null;
  /** Null too where no backend is counted: of echo. */
  backend: string | null;
  state: FlowInfo["state"] | null;
  /** False: it does not go through a virtual address, and is followed as it is. */
  isTranslated: boolean | null;
  /** Its source becomes the virtual address. */
  isSourceTranslated: boolean | null;
};

/** What the destination of a packet of no flow is to services. */
export type ServiceStep = StepOf<"service"> & {
  outcome: "none" | "virtual" | "backend";
  /** The destination. */
  address: string | null;
  /** Whose virtual address it is. */
  service: string | null;
  /** The first backend that has the address. */
  backend: string | null;
  /** TCP or UDP port, null without. */
  port: number | null;
  /** Port of the service's backends that it leads to, where they have none of their own; null: the service has no such port. */
  targetPort: number | null;
};

/** A backend that may be chosen from. */
export interface Candidate {
  backend: string;
  /** Drained: its weight is 0. Full: it has as many flows as it may have. Unusable: its health, or an ejection, forbids it. */
  state: "usable" | "drained" | "full" | "unusable";
  /** Of the configuration, less in a slow start. */
  weight: number;
  /** Flows that it has. */
  active: number;
  /** What the algorithm compares, the less the better; null: it compares nothing, or the backend's weight is 0. */
  score: number | null;
}

/** Which backend a new flow gets. */
export type PickStep = StepOf<"pick"> & {
  algorithm: Algorithm;
  /** Null: there is none. */
  backend: string | null;
  /** Its client had it before (session affinity). */
  isAgain: boolean;
  /** In the order of the service, those that are drained last. */
  candidates: Candidate[];
};

/** No station is known at the backend's address. */
export type AskStep = StepOf<"ask"> & {
  address: string;
  backend: string;
  /** False: it was within this second, or no slot was free for the question. */
  isAsked: boolean;
};

/** Address, and port where it has one; of echo the identifier. */
export interface End {
  address: string;
  port: number | null;
}

/** Other ends for a packet of a flow; null: as it came. */
export type RewriteStep = StepOf<"rewrite"> & {
  source: { from: End; to: End } | null;
  destination: { from: End; to: End } | null;
  /** MACs that it goes on with. */
  sourceMac: string;
  destinationMac: string;
};

/** Nobody serves it. Nothing: its sender is told nothing. */
export type RefuseStep = StepOf<"refuse"> & { told: "reset" | "unreachable" | "nothing" };

/** An echo request to a virtual address. */
export type EchoStep = StepOf<"echo"> & { service: string | null };

/** One of them, by its name. */
export type ServiceStageStep = FragmentStep | ErrorStep | FlowStep | ServiceStep | PickStep | AskStep | RewriteStep | RefuseStep | EchoStep;
