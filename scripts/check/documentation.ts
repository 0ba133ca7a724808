/** Every file but unit tests begins with prose that says what it is, and every exported function of the library, the agent
 *  and the hot path with a documentation comment. Accessors of one line in assembly/ say it all by their name; a class is
 *  what its file's head is about. */
import type { SourceFile } from "./source-file.ts";

const DOCUMENTED_FOLDERS = ["agent/", "assembly/", "bindings/", "cli/", "plugins/"];
const EXPORTED_FUNCTION = /^export (?:default )?(?:async )?function\*? (\w+)/;
const ONE_LINE = /\}\s*$/;

/** One sentence for each file without a head and each exported function without a comment. */
export function documentation(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => [...missingHead(file), ...missingComments(file)]);
}

function missingHead({ path, text }: SourceFile): string[] {
  if (path.startsWith("test/") && path.endsWith(".test.ts")) return [];
  const start = text.replace(/^#!.*\n/, "").replace(/^(\/\/.*\n)*/, "");
  if (/^(\/\*\*|\/\/)/.test(start) || text.startsWith("//")) return [];
  return [`${path} does not begin with prose that says what it is`];
}

function missingComments({ path, text }: SourceFile): string[] {
  if (!DOCUMENTED_FOLDERS.some((folder) => path.startsWith(folder))) return [];
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    const name = EXPORTED_FUNCTION.exec(line)?.[1];
    if (name === undefined || (path.startsWith("assembly/") && ONE_LINE.test(line))) return [];
    return isDocumented(lines, index) ? [] : [`${path}:${index + 1}: ${name} has no documentation comment`];
  });
}

/** The line before is the end of a comment, or, of an overload, the declaration that has one. */
function isDocumented(lines: readonly string[], index: number): boolean {
  const before = lines[index - 1]?.trim() ?? "";
  if (before.startsWith("@") || before.startsWith("// @ts-") || before.startsWith("// biome-ignore")) return isDocumented(lines, index - 1);
  return before.endsWith("*/") || (EXPORTED_FUNCTION.test(before) && before.endsWith(";"));
}
