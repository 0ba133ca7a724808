/** Units of systemd as a test reads them, and runs them where no systemd does: what the unit says of the command and of the
 *  rights of its process, set by setpriv and a read-only root. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../scripts/check/source-file.ts";

export const UNIT_FOLDER = join(root, "packaging/systemd");

/** The unit files of the project: `portyard-agent@.service`, `portyard-docker@.socket`. */
export function unitFiles(): string[] {
  return readdirSync(UNIT_FOLDER).sort();
}

export class Unit {
  readonly #instance: string;
  readonly #lines: readonly (readonly [key: string, value: string])[];

  /** @param name as `portyard-agent`; @param instance what stands behind the @. */
  constructor(name: string, instance: string, kind: "service" | "socket" = "service") {
    this.#instance = instance;
    this.#lines = readFileSync(join(UNIT_FOLDER, `${name}@.${kind}`), "utf8")
      .split("\n")
      .filter((line) => /^[A-Z]\w*=/.test(line))
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const);
  }

  /** The last value of `key`; null when the unit does not say it. */
  value(key: string): string | null {
    return this.#lines.findLast(([name]) => name === key)?.[1].replaceAll("%i", this.#instance) ?? null;
  }

  list(key: string): string[] {
    return (this.value(key) ?? "").split(" ").filter((word) => word !== "");
  }

  get stopSignal(): NodeJS.Signals {
    return (this.value("KillSignal") ?? "SIGTERM") as NodeJS.Signals;
  }

  /** The words of `key` (ExecStart, ExecReload), run with no more rights than the unit leaves.
   *  @param path value of PATH: folders where systemd looks for programs. */
  command(key: string, path: string): string[] {
    const capabilities = this.list("CapabilityBoundingSet").map((name) => `,+${name.replace("CAP_", "").toLowerCase()}`);
    const rights = [`--bounding-set=-all${capabilities.join("")}`, "--inh-caps=-all"];
    const network = this.value("PrivateNetwork") === "yes" ? ["unshare", "--net"] : [];
    const readOnly = ["unshare", "--mount", "sh", "-c", 'mount -o remount,bind,ro / && exec "$@"', "sh"];
    const noNew = this.value("NoNewPrivileges") === "yes" ? ["--no-new-privs"] : [];
    return [...network, ...readOnly, "setpriv", ...rights, ...noNew, "env", `PATH=${path}`, ...this.list(key)];
  }
}
