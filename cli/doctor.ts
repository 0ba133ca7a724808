/** `portyard doctor`: what this machine can and cannot do for Portyard, and what to do about it. */
import { Command } from "commander";
import type { ProbeResult } from "../bindings/ports/probe.ts";
import { FAILED } from "./error.ts";
import { print, printJson, printTable } from "./format/lines.ts";
import { painter } from "./format/text.ts";
import { jsonOption } from "./option.ts";

const COLOURS = { ok: "green", limited: "yellow", missing: "red" } as const;

/** The command `portyard doctor`. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("try out what this machine can do, with the remedy for what it cannot")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
  ok       it was tried and works
  limited  Portyard works without it, or with less of it
  missing  devices cannot be used without it; exit status 1

Example:
  portyard doctor --json`,
    )
    .action(doctor);
}

async function doctor({ json }: { json?: boolean }): Promise<void> {
  const [{ probeHost }, { probeWayOut }] = await Promise.all([import("../bindings/ports/probe.ts"), import("../agent/host/probe.ts")]);
  const results = [...(await probeHost()), ...(await probeWayOut())];
  if (json) printJson(results);
  else show(results);
  if (results.some(({ state }) => state === "missing")) process.exitCode = FAILED;
}

function show(results: ProbeResult[]): void {
  const paint = painter(process.stdout);
  printTable(
    results,
    [
      { title: "STATE", cell: ({ state }) => state, colour: ({ state }) => COLOURS[state] },
      { title: "WHAT", cell: ({ name }) => name },
      { title: "FOUND", cell: ({ detail }) => detail },
    ],
    "Nothing was tried.",
  );
  const remedies = results.filter(({ state, remedy }) => state !== "ok" && remedy !== null);
  if (remedies.length > 0) print();
  for (const { name, state, remedy } of remedies) print(`  ${paint(COLOURS[state], name)}: ${remedy}`);
}
