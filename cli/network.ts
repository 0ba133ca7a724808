/** `portyard network add|remove`: networks that survive restarts, beside those of the configuration file. */
import { Command, Option } from "commander";
import type { NetworkView } from "../agent/api/schema.ts";
import { MAX_MAC_AGE_SECONDS, MAX_MTU, MIN_MAC_AGE_SECONDS, MIN_MTU } from "../assembly/abi/limits.ts";
import { ask, socketOf, type Target } from "./client.ts";
import { print, printJson } from "./format/lines.ts";
import { fileOption, readObject } from "./object.ts";
import { collect, jsonOption, nameOption, socketOption, wholeNumber } from "./option.ts";

interface AddOptions extends Target {
  file?: string;
  subnet?: string[];
  gateway?: string[];
  internal?: boolean;
  publish?: string[];
  mtu?: number;
  learning: boolean;
  macAge?: number;
  json?: boolean;
}

const target = (command: Command): Command =>
  command.addOption(nameOption("name of the instance (default: default)")).addOption(socketOption()).addOption(jsonOption());

/** The command `portyard network`. */
export function networkCommand(): Command {
  return new Command("network")
    .description("add and remove networks of a running instance, beside those of its file")
    .addCommand(addCommand())
    .addCommand(removeCommand())
    .addHelpText("after", "\nExamples:\n  portyard network add green --subnet 10.78.0.0/24\n  portyard network remove green");
}

function addCommand(): Command {
  const command = new Command("add")
    .description("make a network; it survives restarts")
    .argument("[network]", "its name, or the whole of it as it stands in a configuration file")
    .addOption(fileOption("network"))
    .addOption(new Option("--subnet <prefix>", "prefix of its addresses; once for each family").argParser(collect))
    .addOption(new Option("--gateway <address>", "its address of the host: the way out; once for each family").argParser(collect))
    .option("--internal", "no way out behind the gateway")
    .option("--publish <port>", "port of the host that leads into it, such as 8080:10.78.0.2:80/tcp; once for each", collect)
    .option("--mtu <bytes>", `largest IP packet, ${MIN_MTU}-${MAX_MTU}`, wholeNumber(MIN_MTU, MAX_MTU))
    .option("--no-learning", "do not learn where stations are")
    .option("--mac-age <seconds>", "until an unused station is forgotten", wholeNumber(MIN_MAC_AGE_SECONDS, MAX_MAC_AGE_SECONDS));
  return target(command)
    .addHelpText(
      "after",
      `
Options go on top of what the argument or the file says; the keys are those of \`networks\` in
docs/configuration.md.

Examples:
  portyard network add green --subnet 10.78.0.0/24 --subnet fd78::/64
  portyard network add '{ name: green, subnet: 10.78.0.0/24, mtu: 9000 }'`,
    )
    .action(add);
}

function removeCommand(): Command {
  return target(new Command("remove").description("remove a network that has no ports").argument("<name>", "of the network"))
    .addHelpText(
      "after",
      "\nA network of the configuration file goes when it is taken out of that: `portyard reload`.\n\nExample:\n  portyard network remove green",
    )
    .action(remove);
}

/** @throws PortyardError what the agent answers; nothing is changed then. */
async function add(text: string | undefined, options: AddOptions): Promise<void> {
  const { file, subnet, gateway, internal, publish, mtu, learning, macAge, json } = options;
  const said = {
    ...(subnet && { subnet }),
    ...(gateway && { gateway }),
    ...(internal && { internal }),
    ...(publish && { publish }),
    ...(mtu !== undefined && { mtu }),
    ...(!learning && { learning }),
    ...(macAge !== undefined && { macAgeSeconds: macAge }),
  };
  const { body } = await ask<NetworkView>(socketOf(options), "POST", "/v1/networks", await readObject("network", { text, file }, said));
  if (json) return printJson(body);
  print(`Network ${body.name} is there.`);
}

/** @throws PortyardError what the agent answers; nothing is changed then. */
async function remove(name: string, options: Target & { json?: boolean }): Promise<void> {
  await ask(socketOf(options), "DELETE", `/v1/networks/${encodeURIComponent(name)}`);
  if (options.json) printJson({ name, removed: true });
  else print(`Network ${name} is gone.`);
}
