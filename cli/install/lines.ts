/** What `install` and `uninstall` say before they do it: one line for each folder, file, link and command. */
import { join } from "node:path";
import { print, remark } from "../format/lines.ts";
import type { InstallPlan } from "./installation.ts";
import { RECORD } from "./record-path.ts";
import type { RemovalPlan } from "./removal.ts";
import type { Target, Words } from "./service.ts";

/** A verb, what it is done to, and why where that is not plain. */
type Line = readonly [verb: string, what: string, why?: string | null];

const INSTALL = { write: "write", replace: "replace", same: "keep", keep: "keep" } as const;
const REMOVE = { remove: "remove", keep: "keep", share: "keep", gone: "gone" } as const;
const WHY_KEPT = { keep: "it was changed since", share: "another instance needs it" } as const;
const VERB_COLUMNS = 8;

/** Of `portyard install`. */
export function installLines({ target, folders, items, commands }: InstallPlan): Line[] {
  const wanted = items.map(({ path, action, isConfiguration, content }): Line => {
    if (content.kind === "link" && action !== "same") return ["link", `${join(target.root, path)} -> ${content.text}`];
    const why = action === "keep" ? "yours" : action === "same" ? "as it is" : isConfiguration ? "an example" : null;
    return [INSTALL[action], join(target.root, path), why];
  });
  const record: Line = ["write", join(target.root, RECORD), "what `portyard uninstall` removes"];
  return [...folders.map((path): Line => ["make", path]), record, ...wanted, ...commandLines(commands, target)];
}

/** Of `portyard uninstall`. */
export function removalLines({ target, items, folders, before, after, others }: RemovalPlan): Line[] {
  const found = items.map(({ path, action }): Line => {
    return [REMOVE[action], join(target.root, path), action === "keep" || action === "share" ? WHY_KEPT[action] : null];
  });
  const record: Line[] = others.length === 0 ? [["remove", join(target.root, RECORD)]] : [["write", join(target.root, RECORD)]];
  const empty = folders.map((path): Line => ["remove", join(target.root, path), "when it is empty"]);
  return [...commandLines(before, target), ...found, ...commandLines(after, target), ...record, ...empty];
}

const commandLines = (commands: readonly Words[], { notRun }: Target): Line[] =>
  commands.map((words) => (notRun === null ? ["run", words.join(" ")] : ["not run", words.join(" "), notRun]));

/** Under a heading, on standard output. */
export function printLines(heading: string, lines: readonly Line[]): void {
  print(heading);
  for (const [verb, what, why] of lines) print(`  ${verb.padEnd(VERB_COLUMNS)}${what}${why ? `  (${why})` : ""}`);
}

/** What to do by hand where commands were not run; nothing where they were. */
export function remarkNotRun(commands: readonly Words[], { notRun, root }: Target): void {
  if (notRun === null || root !== "/" || commands.length === 0) return;
  remark(`Not run, since ${notRun}: ${commands.map((words) => words.join(" ")).join("; ")}`);
}

/** How what an install wrote before it failed goes again. */
export function remarkLeft({ name, target: { root } }: Pick<InstallPlan, "name" | "target">): void {
  remark(`What was written so far goes with \`portyard uninstall --name ${name}${root === "/" ? "" : ` --root ${root}`}\`.`);
}
