/** `portyard export`: the complete running configuration of an instance, as a file for a replay elsewhere. */
import { Command } from "commander";
import type { ExportView } from "../agent/api/schema.ts";
import type { ConfigRemarks } from "../bindings/config/write.ts";
import { ask, socketOf, type Target } from "./client.ts";
import { printJson } from "./format/lines.ts";
import { jsonOption, nameOption, socketOption } from "./option.ts";

interface ExportOptions extends Target {
  json?: boolean;
}

/** The command `portyard export`. */
export function exportCommand(): Command {
  return new Command("export")
    .description("write the complete running configuration, for a replay elsewhere")
    .addOption(nameOption("name of the instance (default: default)"))
    .addOption(socketOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
It prints YAML, with --json the same as JSON: networks, ports and services of every owner, that is of the file,
the API and Docker, with every default spelt out, addresses that were lent and MACs that were made
from names. Owners, and host ports with their MACs, stand in comments; the MAC of a host port follows
from the names of instance and network, so keep both. What could not be made again is left out, and
named at the end. What stations have told since the start is no configuration: learned MACs, and
link-local addresses that they announced, are not in it.

Examples:
  portyard export > network.yaml
  portyard export --name lab --json
  portyard replay --config network.yaml --split traffic.pcap`,
    )
    .action(exportConfig);
}

/** @throws PortyardError what `ask` throws. */
async function exportConfig(options: ExportOptions): Promise<void> {
  const { body } = await ask<ExportView>(socketOf(options), "GET", "/v1/config");
  if (options.json) return printJson(body.config);
  const { formatConfig } = await import("../bindings/config/write.ts");
  process.stdout.write(formatConfig(body.config, remarksOf(body)));
}

/** What the configuration itself does not say. */
export function remarksOf({ config, networks, ports, services, held }: ExportView): ConfigRemarks {
  return {
    head: [`The running configuration of instance ${config.name}.`, "portyard replay --config THIS-FILE --split CAPTURE"],
    networks: new Map(networks.map((network) => [network.name, networkWords(network)])),
    ports: new Map(ports.map((port) => [port.name, portWords(port)])),
    services: new Map(services.map(({ name, owner }) => [name, `owner: ${owner}`])),
    tail: held.map(({ kind, name, owner, code }) => `left out: ${kind} ${name}, owner: ${owner}, is not there (${code ?? "pending"})`),
  };
}

function networkWords({ owner, hostPort, chosenHostPorts }: ExportView["networks"][number]): string {
  const host = hostPort === null ? [] : [`host port: ${hostPort.name}, ${hostPort.mac}`];
  return [`owner: ${owner}`, ...host, ...chosenWords(chosenHostPorts)].join("; ");
}

function portWords({ owner, state, chosenHostPorts }: ExportView["ports"][number]): string {
  return [`owner: ${owner}`, ...(state === "up" ? [] : [`state: ${state}`]), ...chosenWords(chosenHostPorts)].join("; ");
}

function chosenWords(hostPorts: readonly number[]): string[] {
  return hostPorts.length === 0 ? [] : [`chosen host ports: ${hostPorts.join(", ")}`];
}
