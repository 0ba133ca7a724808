/** What a case says. */
import type { ExplainedStep, Explanation } from "../../../../bindings/explain/types.ts";
import type { YardName } from "./yards.ts";

/** A frame into a port, or the time. */
export type Before = { into: string; frame: Uint8Array } | { nowMs: number };

/** One frame that leaves; only the port when it is the frame that entered, as it came. */
export type Leaving =
  | string
  | {
      by: string;
      frame: Uint8Array;
      /** Of a frame that was cut. */
      originalBytes?: number;
      /** For ports that take super-frames. */
      offload?: Uint8Array | null;
    };

/** Fields that a step must have. Steps of one name are told in their order; those that are not told may be anything. */
export type Told = {
  [Name in ExplainedStep["step"]]: Partial<Extract<ExplainedStep, { step: Name }>> & { step: Name };
}[ExplainedStep["step"]];

export interface Case {
  /** What somebody who knows networks expects. */
  sentence: string;
  yard: YardName;
  before?: Before[];
  into: string;
  frame: Uint8Array;
  offload?: Uint8Array;
  /** Its length before it was cut. */
  originalBytes?: number;
  verdict: Explanation["verdict"];
  /** Of a frame that is dropped. */
  reason?: string;
  leaves?: Leaving[];
  /** "reason at port", in their order. */
  drops?: string[];
  steps: Told[];
}
