/** What tests of configurations ask of one that is refused. */
import { BadConfiguration } from "../../bindings/config/problem.ts";

/** What is wrong with a configuration. @throws Error when it was taken; whatever else `run` throws. */
export function fault(run: () => unknown): BadConfiguration {
  try {
    run();
  } catch (error) {
    if (error instanceof BadConfiguration) return error;
    throw error;
  }
  throw new Error("the configuration was taken");
}
