/** Reads the constants of an assembly/abi file with the comments that belong to them. Values come from the compiled
 *  module, so that no expression is worked out twice. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../check/source-file.ts";

export interface Constant {
  name: string;
  value: number;
  /** Its documentation comment, on one line; empty without one. */
  text: string;
}

/** Constants between two empty lines. */
export interface Paragraph {
  /** The line comment above it, on one line; empty without one. */
  heading: string;
  constants: Constant[];
}

/** A stretch of the file under a ruled line (`// ---- title`); the first has no title. */
export interface Section {
  title: string;
  paragraphs: Paragraph[];
}

export interface AbiFile {
  /** The comment at the file's head, line by line, without its marks. */
  head: string[];
  sections: Section[];
}

const RULED_LINE = /^\/\/ -{8,} (.+)$/;
const CONSTANT = /^export const (\w+)/;

/** Reads `assembly/abi/NAME.ts`, whose compiled exports are `values`. */
export function readAbi(name: string, values: Record<string, number>): AbiFile {
  const text = readFileSync(join(root, "assembly/abi", `${name}.ts`), "utf8");
  const head = /^\/\*\*([\s\S]*?)\*\/\n/.exec(text);
  const body = text.slice(head?.[0].length ?? 0).replace(/^import[\s\S]*?;\n/gm, "");
  return { head: linesOf(head?.[1] ?? ""), sections: sectionsOf(body, values) };
}

function sectionsOf(body: string, values: Record<string, number>): Section[] {
  const sections: Section[] = [{ title: "", paragraphs: [] }];
  for (const block of body.split(/\n{2,}/)) {
    const lines = block.split("\n");
    const title = RULED_LINE.exec(lines[0] ?? "")?.[1];
    if (title) sections.push({ title, paragraphs: [] });
    const paragraph = paragraphOf(title ? lines.slice(1) : lines, values);
    if (paragraph.constants.length > 0) sections.at(-1)?.paragraphs.push(paragraph);
  }
  return sections;
}

function paragraphOf(lines: readonly string[], values: Record<string, number>): Paragraph {
  const paragraph: Paragraph = { heading: "", constants: [] };
  let comment: string[] = [];
  for (const line of lines) {
    const name = CONSTANT.exec(line)?.[1];
    if (name) {
      paragraph.constants.push({ name, value: compiledValue(values, name), text: linesOf(comment.join("\n")).join(" ") });
      comment = [];
    } else if (line.startsWith("// ")) {
      paragraph.heading = `${paragraph.heading} ${line.slice(3)}`.trim();
    } else if (/^\s*(\/\*\*|\*)/.test(line)) {
      comment.push(line.replace(/^\s*\/\*\*/, "").replace(/\*\/\s*$/, ""));
    }
  }
  return paragraph;
}

function compiledValue(values: Record<string, number>, name: string): number {
  const value = values[name];
  if (value === undefined) throw new Error(`${name} is in the source but not in its compiled module: run \`npm run build\``);
  return value;
}

/** Lines of a comment without the stars before them. */
function linesOf(comment: string): string[] {
  const lines = comment.split("\n").map((line) => line.replace(/^\s*\* ?/, "").trimEnd());
  while (lines.length > 0 && lines.at(-1) === "") lines.pop();
  return lines.map((line, index) => (index === 0 ? line.trim() : line.replace(/^ /, "")));
}
