/** Which backend was chosen, and among which, in words. */
import { WEIGHT_ONE } from "../../assembly/abi/backend.ts";
import * as note from "../../assembly/abi/trace.ts";
import { ALGORITHM_NUMBERS } from "../service/published-slate.ts";
import type { Algorithm } from "../service/types.ts";
import type { Candidate, PickStep } from "./service-types.ts";
import type { Names } from "./steps.ts";
import type { Note } from "./trace.ts";

const ALGORITHMS = new Map(Object.entries(ALGORITHM_NUMBERS).map(([name, number]) => [number, name as Algorithm]));
/** Those that compare scores. */
const SCORING: Algorithm[] = ["least-response-time", "least-load", "power-of-two"];
const STATES: Record<number, Candidate["state"]> = {
  [note.CANDIDATE_UNUSABLE]: "unusable",
  [note.CANDIDATE_USABLE]: "usable",
  [note.CANDIDATE_DRAINED]: "drained",
  [note.CANDIDATE_FULL]: "full",
};

/** Of a note of a backend that may be chosen from. */
export function isCandidate({ step }: Note): boolean {
  return step === note.CANDIDATE;
}

/** Of a note CHOSEN. @param candidates the notes of those that it was chosen from. @param drained backends that stand aside. */
export function pickStep(
  { outcome, port, number }: Note,
  candidates: readonly Note[],
  drained: ReturnType<Names["drained"]>,
  names: Names,
): PickStep {
  const algorithm = ALGORITHMS.get(number) ?? "round-robin";
  const isAgain = outcome === note.CHOSEN_AGAIN;
  const backend = port === 0 ? null : names.backend(port - 1);
  return {
    step: "pick",
    verdict: "continue",
    reason: null,
    text: pickText(algorithm, backend, isAgain, candidates.length + drained.length),
    algorithm,
    backend,
    isAgain,
    candidates: [
      ...candidates.map((each) => candidateOf(each, SCORING.includes(algorithm), names)),
      ...drained.map((each): Candidate => ({ ...each, state: "drained", weight: 0, score: null })),
    ],
  };
}

function pickText(algorithm: Algorithm, backend: string | null, isAgain: boolean, count: number): string {
  if (backend === null) return count === 0 ? "it has no backend" : `${algorithm}: none of ${count} may be chosen`;
  return isAgain ? `${backend} again, which its client had before` : `${algorithm} chooses ${backend}`;
}

function candidateOf({ outcome, port, number, low, high }: Note, isScoring: boolean, names: Names): Candidate {
  const weight = Number(high) / WEIGHT_ONE;
  return {
    backend: names.backend(port),
    state: STATES[outcome] ?? "unusable",
    weight,
    active: number,
    score: isScoring && weight > 0 ? floatOf(low) : null,
  };
}

function floatOf(bits: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}
