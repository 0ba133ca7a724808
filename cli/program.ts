/** The command line as a whole: every command, how they fail, what the help says. */
import { Command } from "commander";
import { packageVersion } from "../agent/package-version.ts";
import { completionCommand } from "./completion.ts";
import { demoCommand } from "./demo.ts";
import { dockerCommand } from "./docker.ts";
import { doctorCommand } from "./doctor.ts";
import { downCommand } from "./down.ts";
import { report } from "./error.ts";
import { explainCommand } from "./explain.ts";
import { exportCommand } from "./export.ts";
import { installCommand } from "./install.ts";
import { networkCommand } from "./network.ts";
import { portCommand } from "./port.ts";
import { replayCommand } from "./replay.ts";
import { reloadCommand } from "./reload.ts";
import { serviceCommand } from "./service.ts";
import { showCommand } from "./show.ts";
import { uninstallCommand } from "./uninstall.ts";
import { upCommand } from "./up.ts";
import { versionCommand } from "./version.ts";

/** A program of its own at every call. */
export function createProgram(): Command {
  const program = new Command("portyard")
    .description("A switch for container networks whose hot path is WebAssembly.")
    .version(packageVersion(), "-V, --version", "print the version")
    .addHelpText(
      "after",
      `
Examples:
  portyard demo --once
  portyard up --config blue.yaml
  portyard show ports
  portyard down

Exit status: 0 done, 1 failed, 2 wrong usage. Each command has --help.`,
    );
  const instance = [
    upCommand(),
    downCommand(),
    reloadCommand(),
    portCommand(),
    networkCommand(),
    serviceCommand(),
    showCommand(),
    exportCommand(),
  ];
  const unit = [installCommand(), uninstallCommand()];
  const commands = [
    demoCommand(),
    ...instance,
    ...unit,
    dockerCommand(),
    replayCommand(),
    explainCommand(),
    doctorCommand(),
    versionCommand(),
    completionCommand(),
  ];
  for (const command of commands) program.addCommand(command);
  settle(program);
  return program;
}

/** The same manners for every command, also below others. */
function settle(command: Command): void {
  command.exitOverride().showSuggestionAfterError().helpCommand(false).helpOption("-h, --help", "print this help");
  for (const child of command.commands) settle(child);
}

/** Commander's own words go to standard error, unless a program reads the error as JSON. */
function silence(command: Command): void {
  command.configureOutput({ outputError: () => {} });
  for (const child of command.commands) silence(child);
}

/** Runs one command line. @param words behind the program's name. @returns the exit status. */
export async function run(words: readonly string[]): Promise<number> {
  const json = words.includes("--json");
  const program = createProgram();
  if (json) silence(program);
  try {
    await program.parseAsync(words, { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error, json);
  }
}
