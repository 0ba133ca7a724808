/** `portyard version`: what to write into a report of a fault. */
import { arch, release } from "node:os";
import { Command } from "commander";
import { packageVersion } from "../agent/package-version.ts";
import { ABI_VERSION, LAYOUT_VERSION } from "../assembly/abi/limits.ts";
import { print, printJson } from "./format/lines.ts";
import { jsonOption } from "./option.ts";

/** The command `portyard version`. */
export function versionCommand(): Command {
  return new Command("version")
    .description("version of Portyard, of its tables and of what it runs on")
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  portyard version --json")
    .action(version);
}

function version({ json }: { json?: boolean }): void {
  const facts = {
    version: packageVersion(),
    layoutVersion: LAYOUT_VERSION,
    abiVersion: ABI_VERSION,
    node: process.versions.node,
    v8: process.versions.v8,
    platform: process.platform,
    kernel: release(),
    architecture: arch(),
  };
  if (json) return printJson(facts);
  print(`portyard ${facts.version}`);
  print(`tables layout ${facts.layoutVersion}, module ABI ${facts.abiVersion}`);
  print(`Node.js ${facts.node} (V8 ${facts.v8}) on ${facts.platform} ${facts.kernel} ${facts.architecture}`);
}
