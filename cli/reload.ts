/** `portyard reload`: a running agent applies what its configuration file says now. */
import { resolve } from "node:path";
import { Command } from "commander";
import type { ReloadView } from "../agent/api/schema.ts";
import { ask, socketOf, type Target } from "./client.ts";
import { print, printJson, remark } from "./format/lines.ts";
import { painter, type Colour } from "./format/text.ts";
import { jsonOption, nameOption, socketOption } from "./option.ts";
import { showWaiting } from "./format/progress.ts";

interface ReloadOptions extends Target {
  config?: string;
  dryRun?: boolean;
  check?: boolean;
  json?: boolean;
}

type Change = ReloadView["changes"][number];

const SIGNS: Record<Change["action"], [sign: string, colour: Colour]> = {
  add: ["+", "green"],
  remove: ["-", "red"],
  change: ["~", "yellow"],
  recreate: ["~", "yellow"],
};

/** The command `portyard reload`. */
export function reloadCommand(): Command {
  return new Command("reload")
    .description("apply what the configuration file of a running instance says now")
    .option("--config <file>", "another file, which is the instance's from then on (default: the one it was started with)")
    .option("--dry-run", "check it and print what would change, and change nothing")
    .option("--check", "the same as --dry-run")
    .addOption(nameOption("name of the instance (default: default)"))
    .addOption(socketOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
What differs is checked as a whole, then applied; what does not differ is not touched, and neither
are ports, networks and services that were made by \`portyard port\`, \`network\` and \`service\`. When a
part of it is impossible nothing is changed, and the message says which. A port that is gone is made
anew when what it stands on is there again.

  + port x                it is added
  - port y                it is removed
  ~ port z: macLimit      it changes while it forwards
  ~ port w: mac (anew)    it is removed and added again: a living port does not take that

Number of workers, sizes of tables, time-outs of flows and name stay: change them by \`portyard up --replace\`.

Examples:
  portyard reload
  portyard reload --config blue.yaml --dry-run`,
    )
    .action(reload);
}

/** @throws PortyardError what the agent answers; nothing is changed then. */
async function reload({ config, dryRun = false, check = false, json, ...target }: ReloadOptions): Promise<void> {
  const asked = { ...(config !== undefined && { config: resolve(config) }), dryRun: dryRun || check };
  const waiting = showWaiting("reloading");
  const { body } = await ask<ReloadView>(socketOf(target), "POST", "/v1/reload", asked).finally(waiting.end);
  if (json) return printJson(body);
  for (const change of body.changes) print(line(change));
  if (body.changes.length === 0) remark(`Nothing differs from ${body.config}.`);
  else if (body.dryRun) remark("Nothing was changed.");
}

function line({ action, kind, name, keys }: Change): string {
  const [sign, colour] = SIGNS[action];
  const what = keys.length === 0 ? "" : `: ${keys.join(", ")}`;
  return painter(process.stdout)(colour, `${sign} ${kind} ${name}${what}${action === "recreate" ? " (anew)" : ""}`);
}
