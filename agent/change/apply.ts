/** Applies steps to an engine, all or nothing: when one fails, those before it are taken back, the newest first. */
import type { EngineLike } from "../../bindings/engine/types.ts";
import { PortyardError } from "../../bindings/error.ts";
import { inverse, run, type Step, subjectOf } from "./step.ts";

/** Answered to who asks for what there is. */
const IS_THERE: readonly string[] = ["port-exists", "network-exists", "service-exists"];

/** A step failed. */
export interface Failure {
  /** Names the object; the rest is the engine's. */
  error: PortyardError;
  /** Steps back that failed as well: their objects are not there any more. */
  lost: { step: Step; error: PortyardError }[];
}

/** @returns null when all is applied. */
export async function applySteps(engine: EngineLike, steps: readonly Step[]): Promise<Failure | null> {
  const done: Step[] = [];
  for (const step of steps) {
    // one that could not be removed may be half gone: it is made again as well
    if (step.action.startsWith("remove")) done.push(step);
    try {
      await run(engine, step);
    } catch (cause) {
      return { error: failed(subjectOf(step), cause), lost: await takeBack(engine, done.reverse()) };
    }
    if (!step.action.startsWith("remove")) done.push(step);
  }
  return null;
}

async function takeBack(engine: EngineLike, steps: readonly Step[]): Promise<Failure["lost"]> {
  const lost: Failure["lost"] = [];
  for (const step of steps.map(inverse)) {
    try {
      await run(engine, step);
    } catch (cause) {
      const error = failed(subjectOf(step), cause);
      if (!IS_THERE.includes(error.code)) lost.push({ step, error });
    }
  }
  return lost;
}

/** `cause` with the name of the object in front. */
export function failed(subject: string, cause: unknown): PortyardError {
  if (!(cause instanceof PortyardError))
    return new PortyardError("internal", `${subject}: ${(cause as Error).message}`, { path: subject, cause });
  const { code, message, value, remedy } = cause;
  return new PortyardError(code, `${subject}: ${message}`, { path: subject, value, cause, ...(remedy !== null && { remedy }) });
}
