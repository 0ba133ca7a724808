/** `portyard service add|set|remove|drain`: services that survive restarts, beside those of the configuration file. */
import { Command, InvalidArgumentError, Option } from "commander";
import type { DrainedView, ServiceView } from "../agent/api/service-schema.ts";
import { PortyardError } from "../bindings/error.ts";
import { ALGORITHMS } from "../bindings/service/algorithms.ts";
import { ask, socketOf, type Target, withQuery } from "./client.ts";
import { print, printJson } from "./format/lines.ts";
import { count } from "./format/text.ts";
import { fileOption, readObject } from "./object.ts";
import { collect, jsonOption, nameOption, socketOption, wholeNumber } from "./option.ts";
import { backendWord, portWord, type ServiceWords, serviceSaid, weightWord } from "./service-words.ts";

const MAX_SECONDS = 86_400;

interface ServiceOptions extends Target, ServiceWords {
  file?: string;
  weight?: Map<string, number>;
  recreate?: boolean;
  json?: boolean;
}

const target = (command: Command): Command =>
  command.addOption(nameOption("name of the instance (default: default)")).addOption(socketOption()).addOption(jsonOption());

function share(text: string): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 1) return value;
  throw new InvalidArgumentError("A number from 0 to 1 is wanted.");
}

function wordOptions(command: Command): Command {
  return command
    .addOption(fileOption("service"))
    .option("--network <name>", "network of its virtual address")
    .option("--address <address>", "virtual address; once for each family; without any it is found by name only", collect)
    .option("--port <ports>", "ports of that, target and protocol, such as 80:8080/tcp or 8000-8010/udp; once for each", portWord)
    .addOption(new Option("--algorithm <name>", "how a backend is chosen").choices(ALGORITHMS))
    .option("--backend <backend>", "address, with port and more, such as 10.77.0.2:8080,weight=3,name=web-1; once for each", backendWord)
    .option("--affinity <seconds>", "a client has the same backend again until it was silent for so long", wholeNumber(0, MAX_SECONDS))
    .option("--slow-start <seconds>", "in which the weight of a backend that comes grows", wholeNumber(0, MAX_SECONDS))
    .option("--panic-share <share>", "when fewer of the backends are left, all are chosen from, 0-1", share)
    .option("--no-ejection", "leave no backend out that fails");
}

/** The command `portyard service`. */
export function serviceCommand(): Command {
  return new Command("service")
    .description("add, change, drain and remove services of a running instance, beside those of its file")
    .addCommand(addCommand())
    .addCommand(setCommand())
    .addCommand(removeCommand())
    .addCommand(drainCommand())
    .addHelpText(
      "after",
      `
Examples:
  portyard service add web --network blue --address 10.77.0.100 --port 80:8080 --backend 10.77.0.2 --backend 10.77.0.3
  portyard service set web --algorithm least-response-time
  portyard service drain web 10.77.0.2
  portyard service remove web`,
    );
}

function addCommand(): Command {
  const command = new Command("add")
    .description("make a service; it survives restarts")
    .argument("[service]", "its name, or the whole of it as it stands in a configuration file");
  return target(wordOptions(command))
    .addHelpText(
      "after",
      `
Options go on top of what the argument or the file says; the keys are those of \`services\` in
docs/configuration.md.

Examples:
  portyard service add web --network blue --address 10.77.0.100 --port 80 --backend 10.77.0.2,weight=3 --backend 10.77.0.3
  portyard service add dns --network blue --address fd77::53 --port 53/udp --port 53/tcp --backend fd77::2
  portyard service add '{ name: db, network: blue, backends: [{ address: 10.77.0.9, port: 5432 }] }'`,
    )
    .action(add);
}

function setCommand(): Command {
  const command = new Command("set")
    .description("change a service that was added here")
    .argument("<service>", "its name, or an object with its name and the keys that change; null takes a key back to its default");
  return target(wordOptions(command))
    .option("--weight <backend=weight>", "weight of a backend that it has; once for each; the others stay", weightWord)
    .option("--recreate", "make it anew where a living service cannot take the change: its connections end")
    .addHelpText(
      "after",
      `
A living service takes everything but another network: connections keep their backends. Lists are
replaced as a whole. When a change fails the service is as it was.

Examples:
  portyard service set web --algorithm maglev --affinity 600
  portyard service set web --weight web-1=3 --weight web-2=0
  portyard service set '{ name: web, ejection: { failures: 3 } }'`,
    )
    .action(set);
}

function removeCommand(): Command {
  return target(new Command("remove").description("remove a service; its connections end").argument("<name>", "of the service"))
    .addHelpText(
      "after",
      "\nA service of the configuration file goes when it is taken out of that: `portyard reload`.\n\nExample:\n  portyard service remove web",
    )
    .action(remove);
}

function drainCommand(): Command {
  const command = new Command("drain")
    .description("give a backend no new connections; its weight becomes 0")
    .argument("<service>", "name of the service")
    .argument("<backend>", "name of the backend, as `portyard show backends` has it")
    .option("--hard", "end the connections that it has as well");
  return target(command)
    .addHelpText(
      "after",
      `
It returns at once: \`portyard show backends\` has how many connections are left. Give it a weight again
by \`portyard service set NAME --weight BACKEND=WEIGHT\`. A backend of the configuration file is drained
there, by \`weight: 0\` and \`portyard reload\`; --hard ends its connections then.

Examples:
  portyard service drain web web-1
  portyard service drain web 10.77.0.2:8080 --hard`,
    )
    .action(drain);
}

const pathOf = (name: unknown): string => `/v1/services/${encodeURIComponent(String(name))}`;

/** @throws PortyardError what the agent answers; nothing is changed then. */
async function add(text: string | undefined, options: ServiceOptions): Promise<void> {
  const service = await readObject("service", { text, file: options.file }, serviceSaid(options));
  const { body } = await ask<ServiceView>(socketOf(options), "POST", "/v1/services", service);
  if (options.json) return printJson(body);
  print(`Service ${body.name} is there.`);
}

/** @throws PortyardError what the agent answers; the service is as it was then. */
async function set(text: string, options: ServiceOptions): Promise<void> {
  const { name, ...said } = await readObject("service", { text, file: options.file }, serviceSaid(options));
  const patch = options.weight ? { ...said, backends: await weighed(name, said.backends, options) } : said;
  const path = withQuery(pathOf(name), { recreate: options.recreate ? "true" : undefined });
  const { body } = await ask<ServiceView>(socketOf(options), "PATCH", path, patch);
  if (options.json) return printJson(body);
  print(`Service ${body.name} is changed.`);
}

/** The backends that the service has, with the weights that were said. @throws PortyardError `backend-missing`, `bad-request`. */
async function weighed(name: unknown, said: unknown, options: ServiceOptions): Promise<object[]> {
  if (said !== undefined) {
    const remedy = "Say weights with the backends, such as --backend 10.77.0.2,weight=3.";
    throw new PortyardError("bad-request", "Backends are given as a whole, and one by one as well.", { path: "--weight", remedy });
  }
  const { backends } = (await ask<ServiceView>(socketOf(options), "GET", pathOf(name))).body;
  const weights = options.weight ?? new Map();
  const unknown = [...weights.keys()].find((backend) => !backends.some((each) => each.name === backend));
  if (unknown !== undefined) {
    const remedy = `List them with \`portyard show backends --service ${name}\`.`;
    throw new PortyardError("backend-missing", `Service ${name} has no backend named ${unknown}.`, {
      path: "--weight",
      value: unknown,
      remedy,
    });
  }
  return backends.map(({ name: backend, address, port, weight, maxFlows }) => ({
    name: backend,
    address,
    ...(port !== null && { port }),
    weight: weights.get(backend) ?? weight,
    ...(maxFlows !== null && { maxFlows }),
  }));
}

/** @throws PortyardError what the agent answers; nothing is changed then. */
async function remove(name: string, options: Target & { json?: boolean }): Promise<void> {
  await ask(socketOf(options), "DELETE", pathOf(name));
  if (options.json) printJson({ name, removed: true });
  else print(`Service ${name} is gone.`);
}

/** @throws PortyardError what the agent answers. */
async function drain(
  name: string,
  backend: string,
  { hard = false, json, ...options }: Target & { hard?: boolean; json?: boolean },
): Promise<void> {
  const path = `${pathOf(name)}/backends/${encodeURIComponent(backend)}/drain`;
  const { body } = await ask<DrainedView>(socketOf(options), "POST", path, { hard });
  if (json) return printJson(body);
  const ended = hard ? `, ${count(body.endedFlows)} were ended` : "";
  print(`Backend ${backend} of service ${name} gets nothing new: ${count(body.active)} connections are left${ended}.`);
}
