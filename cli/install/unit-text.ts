/** The units of packaging/systemd as they are installed: the same, with absolute paths of the programs. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ProgramPaths } from "./program-path.ts";

/** Three folders up from dist/cli/install, as programs are. */
const PACKAGING = new URL("../../../packaging/systemd/", import.meta.url);

/** A line that runs one of our programs by its name. */
const OWN_COMMAND = /^(Exec\w+=)(portyard|portyard-standby)(?= )/gm;

/** @param file name of the unit's file, `portyard-agent@.service`. */
export function unitText(file: string, { node, portyard, standby }: ProgramPaths): string {
  const text = readFileSync(fileURLToPath(new URL(file, PACKAGING)), "utf8");
  return text.replace(OWN_COMMAND, (_line, key: string, name: string) => {
    return `${key}${quoted(node)} ${quoted(name === "portyard" ? portyard : standby).replaceAll("$", "$$$$")}`;
  });
}

/** A path as one word of a command line of systemd.syntax(7). */
function quoted(path: string): string {
  const escaped = path.replaceAll("%", "%%");
  return /^[\w./+@:%-]*$/.test(escaped) ? escaped : `"${escaped.replace(/[\\"]/g, "\\$&")}"`;
}
