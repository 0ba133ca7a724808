/** `portyard show ports|networks|macs|drops|published|workers`: what a running agent knows. */
import { Command } from "commander";
import { ask, socketOf, type Target, withQuery } from "./client.ts";
import { printJson, printTable, remark } from "./format/lines.ts";
import { count } from "./format/text.ts";
import { type List, lists } from "./show/lists.ts";
import { jsonOption, nameOption, socketOption, wholeNumber } from "./option.ts";

/** Rows of a table unless --limit says otherwise; JSON has them all. */
const TABLE_ROWS = 1000;
const MAX_ROWS = 2 ** 31 - 1;

interface ShowOptions extends Target {
  network?: string;
  port?: string;
  limit?: number;
  json?: boolean;
}

/** @throws PortyardError what `ask` throws. */
async function show(list: List<unknown>, options: ShowOptions): Promise<void> {
  const { network, port, json, limit = json ? undefined : TABLE_ROWS } = options;
  const { body, total } = await ask<unknown[]>(socketOf(options), "GET", withQuery(`/v1/${list.name}`, { network, port, limit }));
  if (json) return printJson(body);
  printTable(body, list.columns, network === undefined && port === undefined ? list.none : "Nothing fits these filters.");
  if (total !== null && total > body.length) remark(`  ${count(total - body.length)} more: --limit ${total} shows all`);
}

const filterHelp = {
  network: { flags: "--network <name>", description: "only what is in this network" },
  port: { flags: "--port <name>", description: "only what is on this port" },
};

function listCommand(list: List<unknown>): Command {
  const command = new Command(list.name).description(list.description);
  for (const filter of list.filters) command.option(filterHelp[filter].flags, filterHelp[filter].description);
  return command
    .option("--limit <rows>", `rows at most (default: ${count(TABLE_ROWS)} in a table, all as JSON)`, wholeNumber(1, MAX_ROWS))
    .addOption(nameOption("name of the instance (default: default)"))
    .addOption(socketOption())
    .addOption(jsonOption())
    .addHelpText("after", `\nExample:\n  ${list.example}`)
    .action((options: ShowOptions) => show(list, options));
}

/** The command `portyard show`. */
export function showCommand(): Command {
  const command = new Command("show").description("what a running agent knows: ports, networks, macs, drops, published, workers");
  for (const list of lists) command.addCommand(listCommand(list));
  return command.addHelpText("after", "\nExamples:\n  portyard show ports\n  portyard show macs --network blue --json");
}
