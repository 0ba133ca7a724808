/** `portyard completion bash|zsh`: a script that completes commands, options and their values, made from the commands
 *  themselves. It starts no program while somebody types. */
import { Argument, Command, type Option } from "commander";
import { print } from "./format/lines.ts";

const SHELLS = ["bash", "zsh"] as const;

/** Options whose value is a file. */
const FILES = ["--config", "--pcap", "--socket", "--log-file", "--file", "--root"];

/** The command `portyard completion bash|zsh`. */
export function completionCommand(): Command {
  return new Command("completion")
    .description("print a script that completes portyard's commands and options")
    .addArgument(new Argument("<shell>", "the shell that reads it").choices(SHELLS))
    .addHelpText(
      "after",
      `
Examples:
  source <(portyard completion bash)                           # this shell
  portyard completion bash > /etc/bash_completion.d/portyard   # every bash
  portyard completion zsh > "\${fpath[1]}/_portyard"            # every zsh`,
    )
    .action((shell: (typeof SHELLS)[number], _options: unknown, command: Command) => {
      print(completionScript(command.parent as Command, shell));
    });
}

/** The script for `shell`. zsh reads bash's by its own bashcompinit. */
export function completionScript(program: Command, shell: (typeof SHELLS)[number]): string {
  const script = bashScript(program);
  if (shell === "bash") return `# bash completion of portyard\n${script}`;
  return `#compdef portyard\nautoload -Uz +X compinit && compinit\nautoload -Uz +X bashcompinit && bashcompinit\n${script}`;
}

/** Every command with the words that lead to it: "", "show", "show ports". */
function walk(command: Command, path: string): { path: string; command: Command }[] {
  const below = command.commands.flatMap((child) => walk(child, path === "" ? child.name() : `${path} ${child.name()}`));
  return [{ path, command }, ...below];
}

const flags = (option: Option): string[] => [option.long, option.short].filter((flag) => flag !== undefined && flag !== null);

function words(command: Command): string {
  const shown = command.createHelp();
  const options = shown.visibleOptions(command).flatMap(flags);
  const shells = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  return [...shown.visibleCommands(command).map((child) => child.name()), ...shells, ...options].join(" ");
}

function choices(commands: { command: Command }[]): string[] {
  const options = commands.flatMap(({ command }) => command.options).filter(({ argChoices }) => argChoices);
  const byFlag = new Map(options.map((option) => [flags(option).join("|"), option.argChoices!.join(" ")]));
  return [...byFlag].map(([flag, values]) => `    ${flag}) COMPREPLY=($(compgen -W "${values}" -- "$current")); return ;;`);
}

function bashScript(program: Command): string {
  const commands = walk(program, "");
  const values = commands.flatMap(({ command }) => command.options).filter((option) => option.required || option.optional);
  const takesValue = [...new Set(values.flatMap(flags))];
  return `_portyard() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path="" word skip=""
  case "$previous" in
${choices(commands).join("\n")}
    ${FILES.join("|")}) COMPREPLY=($(compgen -f -- "$current")); return ;;
    ${takesValue.join("|")}) COMPREPLY=(); return ;;
  esac
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD-1))}"; do
    if [[ -n $skip ]]; then skip=""; continue; fi
    case "$word" in
      ${takesValue.join("|")}) skip=1 ;;
      -*) ;;
      *) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${commands.map(({ path, command }) => `    "${path}") COMPREPLY=($(compgen -W "${words(command)}" -- "$current")) ;;`).join("\n")}
    *) COMPREPLY=() ;;
  esac
}
complete -F _portyard portyard`;
}
