/** The commands' own help, as docs/command-line.md shows it. */
import type { Command } from "commander";
import { createProgram } from "./program.ts";

const WIDTH = 100;

/** Every command that does something, with the words that lead to it. */
function walk(command: Command, path: string): { path: string; command: Command }[] {
  const below = command.commands.flatMap((child) => walk(child, `${path} ${child.name()}`));
  return command.commands.length === 0 ? [{ path, command }] : below;
}

/** What `--help` prints, without its examples' blank lines at the end. */
function help(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => WIDTH, getOutHasColors: () => false });
  command.outputHelp();
  return text.trimEnd();
}

/** Markdown: a heading and the help for each command. */
export function commandReference(): string {
  return walk(createProgram(), "portyard")
    .map(({ path, command }) => `### ${path}\n\n\`\`\`text\n${help(command)}\n\`\`\``)
    .join("\n\n");
}
