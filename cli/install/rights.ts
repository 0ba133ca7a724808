/** Who may install. */
import { PortyardError } from "../../bindings/error.ts";

/** @param command as `portyard install`. @throws PortyardError `no-rights` unless this is root. */
export function refuseWithoutRights(command: string): void {
  if (process.geteuid?.() === 0) return;
  throw new PortyardError("no-rights", `\`${command}\` changes the system, which only root may.`, {
    value: process.geteuid?.() ?? null,
    remedy: "Run it as root, look with --dry-run at what it would do, or name another system with --root FOLDER.",
  });
}
