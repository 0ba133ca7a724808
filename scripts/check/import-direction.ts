/** Imports go one way: abi ← memory ← wire ← tables ← balance, path ← pipeline ← io ← index within assembly/, and
 *  bindings ← agent ← cli, web outside. TypeScript takes nothing from assembly/ but assembly/abi/. */
import { posix } from "node:path";
import type { SourceFile } from "./source-file.ts";

/** Parts of assembly/, each with its height: a file imports from its own part or from lower ones. */
const ASSEMBLY_HEIGHT: Record<string, number> = {
  abi: 0,
  memory: 1,
  wire: 2,
  tables: 3,
  observe: 4,
  balance: 4,
  path: 5,
  "pipeline.ts": 6,
  io: 7,
  "index.ts": 8,
};

/** Folders that a folder of TypeScript may import from, besides itself and assembly/abi. Those not named here may take all. */
const ALLOWED: Record<string, readonly string[]> = {
  bindings: [],
  agent: ["bindings"],
  cli: ["agent", "bindings"],
  web: ["agent", "bindings"],
  plugins: ["agent", "bindings"],
  examples: ["bindings"],
};

/** Folders outside assembly/ that asc compiles: entries for tests and benchmarks, which take what they need. */
const ASSEMBLED = ["test/wasm/", "bench/wasm/"];

const IMPORT = /(?:^\s*(?:import|export)\b[^;"']*?from\s+|^\s*import\s+|\bimport\()["'](\.[^"']*)["']/gm;

/** One sentence for each import that goes the wrong way. */
export function importDirections(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => importsOf(file).flatMap((target) => judge(file.path, target)));
}

function importsOf({ path, text }: SourceFile): string[] {
  return [...text.matchAll(IMPORT)].map((match) => posix.join(posix.dirname(path), match[1] ?? ""));
}

function judge(from: string, to: string): string[] {
  const complain = (why: string): string[] => [`${from} imports ${to}: ${why}`];
  if (ASSEMBLED.some((folder) => from.startsWith(folder))) return [];
  if (from.startsWith("assembly/")) return judgeAssembly(from, to).flatMap(complain);
  if (to.startsWith("assembly/") && !to.startsWith("assembly/abi/")) return complain("TypeScript takes only assembly/abi");
  const allowed = ALLOWED[folderOf(from)];
  const target = folderOf(to);
  if (!allowed || target === "assembly" || target === folderOf(from) || allowed.includes(target)) return [];
  return complain(`${folderOf(from)}/ may import from ${allowed.join("/ and ") || "no other folder"}${allowed.length > 0 ? "/" : ""} only`);
}

function judgeAssembly(from: string, to: string): string[] {
  if (!to.startsWith("assembly/")) return ["assembly/ imports nothing from outside"];
  const [own, other] = [partOf(from), partOf(to)];
  const [ownHeight, otherHeight] = [ASSEMBLY_HEIGHT[own], ASSEMBLY_HEIGHT[other]];
  if (ownHeight === undefined) return [`${own} has no place in the order of imports`];
  if (otherHeight === undefined) return [`${other} has no place in the order of imports`];
  return own === other || otherHeight < ownHeight ? [] : [`${own} stands below ${other}`];
}

function folderOf(path: string): string {
  return path.split("/")[0] ?? "";
}

/** "wire" of assembly/wire/udp, "pipeline.ts" of assembly/pipeline. */
function partOf(path: string): string {
  const [, name = "", rest] = path.split("/");
  return rest === undefined && !name.endsWith(".ts") ? `${name}.ts` : name;
}
