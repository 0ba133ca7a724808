/** What a file may not be or hold: too long, an address as a number, a test that keeps others from running, a note that
 *  something is left undone. */
import type { SourceFile } from "./source-file.ts";

const MAX_LINES = 350;
/** The pointer argument of a load, store or atomic begins with a number. */
const NUMERIC_ADDRESS =
  /\b(?:load|store|memory\.(?:copy|fill)|atomic\.\w+|load\d+|store\d+)\s*(?:<\w+>)?\(\s*(?:<usize>\s*)?(?:0x[0-9a-f]+|\d+)\s*[,)+]/i;
const LEFT_UNDONE = new RegExp(`\\b(?:${["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].join("|")})\\b`);
const FOCUSED_TEST = /\b(?:test|suite|it)\.only\(/;

interface Rule {
  applies: (path: string) => boolean;
  pattern: RegExp;
  sentence: string;
}

const RULES: readonly Rule[] = [
  {
    applies: (path) => path.startsWith("assembly/") && !path.startsWith("assembly/abi/"),
    pattern: NUMERIC_ADDRESS,
    sentence: "an address is written as a number; addresses stand in assembly/abi/memory-map.ts",
  },
  { applies: () => true, pattern: LEFT_UNDONE, sentence: "something is left undone" },
  { applies: (path) => path.endsWith(".test.ts"), pattern: FOCUSED_TEST, sentence: "a focused test keeps others from running" },
];

/** One sentence for each file or line that breaks a rule. */
export function shape(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const lines = file.text.trimEnd().split("\n");
    const long = lines.length > MAX_LINES ? [`${file.path} has ${lines.length} lines, ${MAX_LINES} at most`] : [];
    return [...long, ...lines.flatMap((line, index) => brokenRules(file.path, line, index + 1))];
  });
}

function brokenRules(path: string, line: string, number: number): string[] {
  return RULES.filter((rule) => rule.applies(path) && rule.pattern.test(line)).map((rule) => `${path}:${number}: ${rule.sentence}`);
}
