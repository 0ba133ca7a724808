/** What the MAC table said of a frame, in words. */
import * as note from "../../assembly/abi/trace.ts";
import { joinMac, readMac } from "../mac.ts";
import type { Way } from "./steps.ts";
import type { Note } from "./trace.ts";
import type { EgressStep, ExplainedStep, LearnOutcome, LearnStep, LookUpOutcome, StepVerdict } from "./types.ts";

const LEARNED: Record<number, LearnOutcome> = {
  [note.LEARN_OFF]: "off",
  [note.LEARN_NEW]: "new",
  [note.LEARN_SEEN]: "seen",
  [note.LEARN_MOVED]: "moved",
  [note.LEARN_HELD]: "held",
  [note.LEARN_FULL]: "full",
  [note.LEARN_CLAIMED]: "claimed",
};

const LOOKED_UP: Record<number, LookUpOutcome> = {
  [note.LOOKUP_GROUP]: "group",
  [note.LOOKUP_UNKNOWN]: "unknown",
  [note.LOOKUP_FOUND]: "found",
  [note.LOOKUP_STALE]: "stale",
};

/** Of notes LEARN. */
export function learnSteps(looked: readonly Note[], way: Way): LearnStep[] {
  return looked.filter(({ step }) => step === note.LEARN).map((each) => learnStep(each, way));
}

function learnStep({ outcome: number, port: index }: Note, { frame, port: here, names }: Way): LearnStep {
  const outcome = LEARNED[number] as LearnOutcome;
  const mac = joinMac(...readMac(frame, 6));
  const port = ["seen", "moved", "held"].includes(outcome) ? names.port(index) : null;
  const texts: Record<LearnOutcome, string> = {
    off: "its network does not learn",
    new: `${mac} is new, and behind ${here} from now on`,
    seen: `${mac} is behind ${here}, as before`,
    moved: `${mac} was behind ${port}, and is behind ${here} from now on`,
    held: `${mac} is a static station behind ${port}, and stays there`,
    full: `${mac} is not learned: a limit of stations is reached`,
    claimed: `${mac} is being learned by another worker just now`,
  };
  return { step: "learn", verdict: "continue", reason: null, text: texts[outcome], outcome, port };
}

/** Of a note LOOKUP: where the destination is, and where it is flooded if that is not known.
 *  @param found what the switch came to. @param mac the destination, as services left it. */
export function lookUpSteps(
  { outcome: number, port: index, number: seconds, low }: Note,
  found: { verdict: StepVerdict; reason: string | null },
  outputs: readonly EgressStep[],
  mac: string,
  { port: from, names }: Way,
): ExplainedStep[] {
  const outcome = LOOKED_UP[number] as LookUpOutcome;
  const pass = { verdict: "continue", reason: null } as const;
  if (outcome !== "found") {
    const texts = { group: "is a group address", unknown: "is behind no known port", stale: "was behind a port that has been removed" };
    const ports = outputs.map(({ port }) => port);
    const text = ports.length === 0 ? `the network has no port but ${from}` : `to every other port of the network: ${ports.join(", ")}`;
    return [
      { step: "look-up", ...pass, text: `${mac} ${texts[outcome]}`, outcome, port: null, ageSeconds: null, kind: null },
      { step: "flood", ...found, text, ports },
    ];
  }
  const port = names.port(index);
  const isStatic = low !== 0n;
  const seen = isStatic ? "as a static station" : seconds === 0 ? "seen just now" : `seen ${seconds} s ago`;
  const end = found.verdict === "drop" ? ", where it comes from" : "";
  const kind = isStatic ? "static" : "learned";
  return [
    { step: "look-up", ...found, text: `${mac} is behind ${port}${end}, ${seen}`, outcome, port, ageSeconds: isStatic ? 0 : seconds, kind },
  ];
}
