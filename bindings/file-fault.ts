/** What a file system says no with, in words. */
import { PortyardError } from "./error.ts";

/** A file system's refusal as an error with a remedy: `no-rights`, `disk-full` or `file-failed`.
 *  @param action what was tried, as "Making the folder". */
export function fileFault(action: string, path: string, cause: unknown): PortyardError {
  const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
  if (["EACCES", "EPERM"].includes(reason)) {
    return new PortyardError("no-rights", `${action} ${path} is not allowed (${reason}).`, {
      path,
      value: reason,
      remedy: "Run it as root.",
      cause,
    });
  }
  if (["ENOSPC", "EDQUOT"].includes(reason)) {
    const remedy = "Free space on that file system, or make it larger.";
    return new PortyardError("disk-full", `${action} ${path} failed: no space left (${reason}).`, { path, value: reason, remedy, cause });
  }
  return new PortyardError("file-failed", `${action} ${path} failed: ${reason}.`, {
    path,
    value: reason,
    remedy: "Check the path.",
    cause,
  });
}
