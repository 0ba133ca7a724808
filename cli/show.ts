/** `portyard show ports|networks|services|backends|flows|macs|drops|published|workers`: what a running agent knows. */
import { Command, Option } from "commander";
import { FLOW_STATES, MAX_FLOW_ROWS } from "../agent/api/flow-list.ts";
import { ask, socketOf, type Target, withQuery } from "./client.ts";
import { printJson, printTable, remark } from "./format/lines.ts";
import { count } from "./format/text.ts";
import type { FilterName, List } from "./show/list.ts";
import { lists } from "./show/lists.ts";
import { jsonOption, nameOption, socketOption, wholeNumber } from "./option.ts";

/** Rows of a table unless --limit says otherwise; JSON has them all. */
const TABLE_ROWS = 1000;
const MAX_ROWS = 2 ** 31 - 1;

interface ShowOptions extends Target, Partial<Record<FilterName, string>> {
  from?: number;
  limit?: number;
  json?: boolean;
}

/** What is shown, and a sentence of what is not. */
interface Shown {
  rows: unknown[];
  more: string | null;
}

/** @throws PortyardError what `ask` throws. */
async function show(list: List<unknown>, options: ShowOptions): Promise<void> {
  const { json, limit = json ? undefined : TABLE_ROWS } = options;
  const filter = Object.fromEntries(list.filters.map((name) => [name, options[name]]));
  const { rows, more } = await (list.isPaged ? pages : whole)(list, { ...options, limit }, filter);
  if (json) return printJson(rows);
  printTable(rows, list.columns, Object.values(filter).every((value) => value === undefined) ? list.none : "Nothing fits these filters.");
  if (more !== null) remark(`  ${more}`);
}

type Filter = Partial<Record<FilterName, string>>;
type Asked = Omit<ShowOptions, "limit"> & { limit: number | undefined };

async function whole({ name }: List<unknown>, { limit, ...options }: Asked, filter: Filter): Promise<Shown> {
  const { body: rows, total } = await ask<unknown[]>(socketOf(options), "GET", withQuery(`/v1/${name}`, { ...filter, limit }));
  const isCut = total !== null && total > rows.length;
  return { rows, more: isCut ? `${count(total - rows.length)} more: --limit ${total} shows all` : null };
}

/** Page by page, until there are as many as are wanted: a page may be empty and not be the last. */
async function pages({ name }: List<unknown>, { limit = Number.POSITIVE_INFINITY, ...options }: Asked, filter: Filter): Promise<Shown> {
  const rows: unknown[] = [];
  let from: number | null = options.from ?? 0;
  while (from !== null && rows.length < limit) {
    const asked = { ...filter, from, limit: Math.min(limit - rows.length, MAX_FLOW_ROWS) };
    const page: { body: unknown[]; next: number | null } = await ask<unknown[]>(socketOf(options), "GET", withQuery(`/v1/${name}`, asked));
    for (const row of page.body) rows.push(row);
    from = page.next;
  }
  return { rows, more: from === null ? null : `There are more: --from ${from} shows the next, --limit more at once` };
}

const filterOptions: Record<FilterName, () => Option> = {
  network: () => new Option("--network <name>", "only what is in this network"),
  port: () => new Option("--port <name>", "only what is on this port"),
  service: () => new Option("--service <name>", "only what is of this service"),
  backend: () => new Option("--backend <name>", "only what is of backends of this name"),
  client: () => new Option("--client <address>", "only what comes from this address"),
  state: () => new Option("--state <state>", "only what is in this state").choices(FLOW_STATES),
};

function listCommand(list: List<unknown>): Command {
  const command = new Command(list.name).description(list.description);
  for (const filter of list.filters) command.addOption(filterOptions[filter]());
  command.option("--limit <rows>", `rows at most (default: ${count(TABLE_ROWS)} in a table, all as JSON)`, wholeNumber(1, MAX_ROWS));
  if (list.isPaged) command.option("--from <place>", "begin where another page ended, as it said", wholeNumber(0, MAX_ROWS));
  return command
    .addOption(nameOption("name of the instance (default: default)"))
    .addOption(socketOption())
    .addOption(jsonOption())
    .addHelpText("after", `\nExample:\n  ${list.example}`)
    .action((options: ShowOptions) => show(list, options));
}

/** The command `portyard show`. */
export function showCommand(): Command {
  const names = lists.map(({ name }) => name).join(", ");
  const command = new Command("show").description(`what a running agent knows: ${names}`);
  for (const list of lists) command.addCommand(listCommand(list));
  return command.addHelpText("after", "\nExamples:\n  portyard show ports\n  portyard show macs --network blue --json");
}
