/** Where the programs of this installation lie. Units name them by absolute paths: a service manager looks for programs in few folders, and
 *  an installation may be in none of them. */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { PortyardError } from "../../bindings/error.ts";

/** Absolute paths. */
export interface ProgramPaths {
  node: string;
  /** Scripts that node runs. */
  portyard: string;
  standby: string;
}

/** Three folders up from dist/cli/install, where both the repository and the installed package have them. */
const script = (name: string): string => fileURLToPath(new URL(`../../../scripts/${name}.mjs`, import.meta.url));

/** Units have a /tmp and a /var/tmp of their own (PrivateTmp=). */
const HIDDEN = /^\/(var\/)?tmp\//;

/** Those of the process that asks. */
export function programPaths(): ProgramPaths {
  return { node: process.execPath, portyard: script("portyard"), standby: script("portyard-standby") };
}

/** The units are root without the right to pass by permissions (CAP_DAC_OVERRIDE), and without the host's /tmp.
 *  @throws PortyardError `program-unreachable` for what they could not start. */
export function refuseUnreachable(programs: ProgramPaths): void {
  for (const path of Object.values(programs)) {
    const obstacle = HIDDEN.test(path) ? "/tmp" : foldersOf(path).find((folder) => !isOpenToRoot(folder));
    if (obstacle === undefined) continue;
    throw new PortyardError("program-unreachable", `The services cannot run ${path}: ${obstacle} is closed to them.`, {
      path,
      value: obstacle,
      remedy: "Install Portyard and Node.js where root owns the folders, as `npm install --global` does, and run that `portyard install`.",
    });
  }
}

function foldersOf(path: string): string[] {
  const folder = dirname(path);
  return folder === path ? [] : [...foldersOf(folder), folder];
}

/** True when root may pass through a folder by its permissions alone. */
export function isOpenToRoot(folder: string): boolean {
  const { uid, gid, mode } = statSync(folder);
  const [owner, group, others] = [0o100, 0o010, 0o001];
  return (mode & (uid === 0 ? owner : gid === 0 ? group : others)) !== 0;
}
