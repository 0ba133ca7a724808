/** `portyard port add|set|remove`: ports that survive restarts, beside those of the configuration file. */
import { Command, InvalidArgumentError, Option } from "commander";
import type { PortView } from "../agent/api/schema.ts";
import { MAX_MACS_PER_PORT, MAX_MTU, MIN_MTU } from "../assembly/abi/limits.ts";
import { ask, socketOf, type Target, withQuery } from "./client.ts";
import { print, printJson } from "./format/lines.ts";
import { showWaiting } from "./format/progress.ts";
import { fileOption, readObject } from "./object.ts";
import { collect, jsonOption, nameOption, socketOption, wholeNumber } from "./option.ts";
import { type PortWords, portSaid } from "./port-words.ts";

interface PortOptions extends Target, PortWords {
  file?: string;
  recreate?: boolean;
  json?: boolean;
}

const target = (command: Command): Command =>
  command.addOption(nameOption("name of the instance (default: default)")).addOption(socketOption()).addOption(jsonOption());

/** `blue=10`, added to those before it. */
function vlan(text: string, before: Record<string, number> = {}): Record<string, number> {
  const [, network, tag] = /^(.+)=(\d+)$/.exec(text) ?? [];
  if (network === undefined) throw new InvalidArgumentError("A network and its VLAN identifier are wanted, such as blue=10.");
  return { ...before, [network]: Number(tag) };
}

function wordOptions(command: Command): Command {
  return command
    .addOption(fileOption("port"))
    .option("--network <name>", "network of an access port")
    .addOption(new Option("--trunk <network=vlan>", "a network of a trunk and its VLAN identifier; once for each").argParser(vlan))
    .option("--native <name>", "network of a trunk's untagged frames")
    .option("--tap <namespace:interface>", "a TAP whose interface is moved into this network namespace; :eth0 may be left out")
    .option("--packet <interface>", "an interface of the host")
    .option("--address <address>", "of a TAP's interface, else one that is bound to the port; once for each", collect)
    .option("--mac <mac>", "of the station behind it")
    .option("--static-mac <mac>", "a further station that is always there; once for each", collect)
    .option("--mac-limit <count>", `stations learned at most, 1-${MAX_MACS_PER_PORT}`, wholeNumber(1, MAX_MACS_PER_PORT))
    .option("--mtu <bytes>", `largest IP packet, ${MIN_MTU}-${MAX_MTU} (default: the network's)`, wholeNumber(MIN_MTU, MAX_MTU))
    .option("--publish <port>", "port of the host that leads to it, such as 8080:80/tcp; once for each", collect)
    .option("--source-check", "drop frames of other sources than those bound")
    .option("--no-source-check", "let frames of any source pass");
}

/** The command `portyard port`. */
export function portCommand(): Command {
  return new Command("port")
    .description("add, change and remove ports of a running instance, beside those of its file")
    .addCommand(addCommand())
    .addCommand(setCommand())
    .addCommand(removeCommand())
    .addHelpText(
      "after",
      "\nExamples:\n  portyard port add c --network blue --tap c:eth0 --address 10.77.0.4/24\n  portyard port set c --mac-limit 16\n  portyard port remove c",
    );
}

function addCommand(): Command {
  const command = new Command("add")
    .description("make a port; it survives restarts")
    .argument("[port]", "its name, or the whole of it as it stands in a configuration file");
  return target(wordOptions(command))
    .addHelpText(
      "after",
      `
It returns when the port forwards, or with the kernel's reason why it cannot. Options go on top
of what the argument or the file says; the keys are those of \`ports\` in docs/configuration.md.

Examples:
  portyard port add c --network blue --tap c:eth0 --address 10.77.0.4/24
  portyard port add '{ name: c, network: blue, tap: { namespace: c, interface: eth0, address: 10.77.0.4/24 } }'
  portyard port add t --trunk blue=10 --trunk green=20 --packet veth-t`,
    )
    .action(add);
}

function setCommand(): Command {
  const command = new Command("set")
    .description("change a port that was added here")
    .argument("<port>", "its name, or an object with its name and the keys that change; null takes a key back to its default");
  return target(wordOptions(command))
    .option("--recreate", "make it anew where a living port cannot take the change, or where it does not forward")
    .addHelpText(
      "after",
      `
A living port takes addresses, staticMacs, macLimit, sourceCheck and publish: no frame is lost and
its counters go on. Anything else needs --recreate: its device is removed and made again. Lists are
replaced as a whole. When a change fails the port is as it was.

Examples:
  portyard port set c --mac-limit 16 --no-source-check
  portyard port set '{ name: c, addresses: [10.77.0.4, 10.77.0.5] }'
  portyard port set c --tap other:eth0 --recreate`,
    )
    .action(set);
}

function removeCommand(): Command {
  return target(new Command("remove").description("remove a port, with its device").argument("<name>", "of the port"))
    .addHelpText(
      "after",
      "\nIt returns when the device is gone. A port of the configuration file goes when it is taken out of\nthat: `portyard reload`.\n\nExample:\n  portyard port remove c",
    )
    .action(remove);
}

/** @throws PortyardError what the agent answers; nothing is changed then. */
async function add(text: string | undefined, options: PortOptions): Promise<void> {
  const port = await readObject("port", { text, file: options.file }, portSaid(options));
  const { body } = await waited(ask<PortView>(socketOf(options), "POST", "/v1/ports", port));
  if (options.json) return printJson(body);
  print(`Port ${body.name} forwards.`);
}

/** @throws PortyardError what the agent answers; the port is as it was then. */
async function set(text: string, options: PortOptions): Promise<void> {
  const { name, ...patch } = await readObject("port", { text, file: options.file }, portSaid(options));
  const path = withQuery(`/v1/ports/${encodeURIComponent(String(name))}`, { recreate: options.recreate ? "true" : undefined });
  const { body } = await waited(ask<PortView>(socketOf(options), "PATCH", path, patch));
  if (options.json) return printJson(body);
  print(`Port ${body.name} is changed.`);
}

/** @throws PortyardError what the agent answers; nothing is changed then. */
async function remove(name: string, options: Target & { json?: boolean }): Promise<void> {
  await waited(ask(socketOf(options), "DELETE", `/v1/ports/${encodeURIComponent(name)}`));
  if (options.json) printJson({ name, removed: true });
  else print(`Port ${name} is gone.`);
}

function waited<Result>(asked: Promise<Result>): Promise<Result> {
  return asked.finally(showWaiting("waiting for the agent").end);
}
