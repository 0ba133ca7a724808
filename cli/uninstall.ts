/** `portyard uninstall`: ends an instance that `portyard install` made a service, and removes exactly what that wrote. */
import { join, resolve } from "node:path";
import { Command } from "commander";
import { DEFAULT_NAME } from "../bindings/config/defaults.ts";
import { print, printJson } from "./format/lines.ts";
import { printLines, remarkNotRun, removalLines } from "./install/lines.ts";
import { programPaths } from "./install/program-path.ts";
import type { RemovalPlan } from "./install/removal.ts";
import { refuseWithoutRights } from "./install/rights.ts";
import { targetOf } from "./install/service.ts";
import { rootOption } from "./install.ts";
import { jsonOption, nameOption } from "./option.ts";

interface UninstallOptions {
  name?: string;
  purge?: boolean;
  root?: string;
  dryRun?: boolean;
  json?: boolean;
}

/** The command `portyard uninstall`. */
export function uninstallCommand(): Command {
  return new Command("uninstall")
    .description("end an instance that is a service, and remove exactly what `portyard install` wrote")
    .addOption(nameOption("name of the instance (default: default)"))
    .option("--purge", "also what was changed since, and what the API and Docker made")
    .addOption(rootOption())
    .option("--dry-run", "say what would be done, and do nothing")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
The instance ends as by \`portyard down\`: its devices go, and containers lose their network. A file
that was changed stays, and is named. Where nothing is installed, that is no error.

Examples:
  portyard uninstall --dry-run
  portyard uninstall --name lab --purge`,
    )
    .action(runUninstall);
}

/** @throws PortyardError `command-failed`, `no-rights`, `state-unreadable`; asked again it goes on from there. */
async function runUninstall(options: UninstallOptions): Promise<void> {
  const { name = DEFAULT_NAME, purge = false, dryRun = false, json = false } = options;
  const target = targetOf(options.root === undefined ? null : resolve(options.root), programPaths());
  const { planRemoval, remove } = await import("./install/removal.ts");
  const plan = await planRemoval({ name, target, purge });
  if (target.root === "/" && !dryRun && !plan.isAbsent) refuseWithoutRights("portyard uninstall");
  if (!json) sayPlan(plan);
  if (!dryRun && !plan.isAbsent) {
    for await (const _ of remove(plan));
    if (!json) sayOutcome(plan);
  }
  if (json) printJson(outcome(plan, dryRun));
}

function sayPlan(plan: RemovalPlan): void {
  const { name, others } = plan;
  if (!plan.isAbsent) return printLines(`To uninstall instance ${name}:`, removalLines(plan));
  print(`No instance ${name} is installed${others.length > 0 ? `; there is ${others.join(", ")}` : ""}.`);
}

function sayOutcome(plan: RemovalPlan): void {
  remarkNotRun([...plan.before, ...plan.after], plan.target);
  const kept = keptIn(plan);
  print(`Instance ${plan.name} is uninstalled${kept.length > 0 ? `, but for what was changed: ${kept.join(", ")}` : ""}.`);
}

const keptIn = ({ items, target }: RemovalPlan): string[] =>
  items.filter(({ action }) => action === "keep").map(({ path }) => join(target.root, path));

/** What `--json` prints. */
function outcome(plan: RemovalPlan, dryRun: boolean): object {
  const { name, target, isAbsent, items, before, after } = plan;
  return {
    name,
    root: target.root,
    dryRun,
    changed: !isAbsent && !dryRun,
    files: items.map(({ path, action }) => ({ path: join(target.root, path), action })),
    kept: keptIn(plan),
    commands: [...before, ...after].map((words) => words.join(" ")),
    notRun: target.notRun,
  };
}
