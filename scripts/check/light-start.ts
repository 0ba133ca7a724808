/** A command of the command line starts fast: what `portyard version` or `show` does not need is imported by the commands that do, when they
 *  run. Of the packages only the one that reads command lines is loaded before that. */
import { posix } from "node:path";
import type { SourceFile } from "./source-file.ts";

const START = "cli/program.ts";
const PACKAGES = ["commander"];
/** What is imported when a module is loaded, types left out: clause, where there is one, and target. */
const STATIC_IMPORT = /^(?:import|export)\s+(?!type\b)(?:([^;"']*?)from\s+)?["']([^"']+)["']/gm;
const TYPES_ALONE = /^\{\s*(?:type\s+[^,}]+,?\s*)+\}\s*$/;

/** One sentence for each package that the start loads against that, with the way to it. */
export function lightStart(files: readonly SourceFile[]): string[] {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const reached = new Map<string, string[]>();
  const problems: string[] = [];
  const visit = (path: string, way: string[]): void => {
    if (reached.has(path)) return;
    reached.set(path, way);
    for (const target of staticImports(texts.get(path) ?? "")) {
      if (target.startsWith(".")) visit(posix.join(posix.dirname(path), target), [...way, path]);
      else if (!target.startsWith("node:") && !PACKAGES.includes(target)) problems.push(complaint(target, [...way, path]));
    }
  };
  visit(START, []);
  return problems;
}

function staticImports(text: string): string[] {
  return [...text.matchAll(STATIC_IMPORT)].flatMap(([, clause = "", target = ""]) => (TYPES_ALONE.test(clause) ? [] : [target]));
}

function complaint(name: string, way: string[]): string {
  return `${way.at(-1)} loads ${name} at every start (${way.join(", ")}): import it where a command needs it`;
}
