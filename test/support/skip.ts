/** A test that cannot run says so in a line which the runner (scripts/test.mjs) counts and names at its end. */

/** Why a test did not run. In CI only `machine` and `scale` are accepted: packages and rights can be had there. */
export type SkipCause =
  /** A program or a package is missing. */
  | "package"
  /** This process has not the rights. */
  | "right"
  /** The kernel, the processor or the operating system cannot do it. */
  | "machine"
  /** The full scale only. */
  | "scale";

/** Prints the skip line of a test, which then returns at once. The runner takes it from the passed ones.
 *  @param reason one sentence without a line break. */
export function skip(name: string, cause: SkipCause, reason: string): void {
  console.log(`# skip: ${name}: ${cause}: ${reason}`);
}
