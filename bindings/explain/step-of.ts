/** What every step of a frame's way says. */

/** What a step came to: the frame goes on, or it ended with a reason, or the engine answered it, or took it in: it was for the engine itself. */
export type StepVerdict = "continue" | "drop" | "answered" | "consumed";

/** What every step says. */
export interface StepOf<Name extends string> {
  step: Name;
  verdict: StepVerdict;
  /** Of a drop: a constant of assembly/abi/drop-reason.ts in kebab-case. */
  reason: string | null;
  /** One sentence for people. */
  text: string;
}
