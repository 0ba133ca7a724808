/** `portyard install`: an instance as services of systemd, started now and at every boot. */
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { DEFAULT_NAME } from "../bindings/config/defaults.ts";
import { print, printJson } from "./format/lines.ts";
import type { InstallPlan } from "./install/installation.ts";
import { installLines, printLines, remarkLeft, remarkNotRun } from "./install/lines.ts";
import { programPaths, refuseUnreachable } from "./install/program-path.ts";
import { refuseWithoutRights } from "./install/rights.ts";
import { targetOf } from "./install/service.ts";
import { jsonOption, nameOption } from "./option.ts";

interface InstallOptions {
  name?: string;
  docker?: boolean;
  keepConfig?: boolean;
  root?: string;
  dryRun?: boolean;
  json?: boolean;
}

/** Of the two commands that write to a system. */
export const rootOption = () => new Option("--root <folder>", "of another system, such as an image that is being built; nothing is run");

/** The command `portyard install`. */
export function installCommand(): Command {
  return new Command("install")
    .description("make an instance a service of systemd, with an example configuration, and start it")
    .addOption(nameOption("name of the instance (default: default)"))
    .option("--docker", "with the socket by which Docker finds the instance")
    .option("--keep-config", "take the configuration that is there, whoever wrote it")
    .addOption(rootOption())
    .option("--dry-run", "say what would be done, and do nothing")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
It says everything that it will do, then does it: units in /etc/systemd/system that name this
Node.js and this Portyard, /etc/portyard/NAME.yaml, and the links by which they start at every
boot. Nothing is overwritten that it did not write; with anything in the way it changes nothing.
What it wrote stands in /var/lib/portyard/install.json, and \`portyard uninstall\` removes it.
After an update of Portyard or Node.js to another folder, say it again.

Examples:
  portyard install --docker --dry-run
  portyard install --docker
  portyard install --name lab --root /build/image`,
    )
    .action(runInstall);
}

/** @throws PortyardError `file-taken`, `program-unreachable`, `no-rights` before anything is changed; `command-failed`, `disk-full`. */
async function runInstall(options: InstallOptions): Promise<void> {
  const { name = DEFAULT_NAME, docker = false, keepConfig: keepConfiguration = false, json = false } = options;
  const programs = programPaths();
  const target = targetOf(options.root === undefined ? null : resolve(options.root), programs);
  const { planInstall } = await import("./install/installation.ts");
  const plan = await planInstall({ name, docker, keepConfiguration, target });
  if (target.root === "/") refuseUnreachable(programs);
  if (target.root === "/" && !options.dryRun) refuseWithoutRights("portyard install");
  if (!json) sayPlan(plan);
  if (!options.dryRun && !plan.isDone) await carryOut(plan, json);
  if (json) printJson(outcome(plan, options.dryRun === true));
}

async function carryOut(plan: InstallPlan, json: boolean): Promise<void> {
  const { install } = await import("./install/installation.ts");
  try {
    for await (const _ of install(plan));
  } catch (error) {
    if (!json) remarkLeft(plan);
    throw error;
  }
  if (json) return;
  remarkNotRun(plan.commands, plan.target);
  const { name, target } = plan;
  print(target.notRun === null ? `Instance ${name} runs: portyard show ports --name ${name}` : `Instance ${name} is installed.`);
}

function sayPlan(plan: InstallPlan): void {
  const { name, isDone } = plan;
  if (isDone) print(`Nothing to do: instance ${name} is installed.`);
  else printLines(`To install instance ${name}:`, installLines(plan));
}

/** What `--json` prints. */
function outcome({ name, docker, target, isDone, folders, items, commands }: InstallPlan, isDryRun: boolean): object {
  return {
    name,
    docker,
    root: target.root,
    dryRun: isDryRun,
    changed: !isDone && !isDryRun,
    folders,
    files: items.map(({ path, action, content: { kind } }) => ({ path: join(target.root, path), kind, action })),
    commands: commands.map((words) => words.join(" ")),
    notRun: target.notRun,
  };
}
