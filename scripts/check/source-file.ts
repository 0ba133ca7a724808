/** The project's own sources as the checks see them: paths from the root, with "/", and text. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface SourceFile {
  path: string;
  text: string;
}

/** The project's folder; this file runs from dist/scripts/check/. */
export const root = fileURLToPath(new URL("../../../", import.meta.url));

const FOLDERS = ["agent", "assembly", "bench", "bindings", "cli", "examples", "native-test", "plugins", "scripts", "test", "web"];
const IGNORED = ["node_modules", "dist"];

/** Every TypeScript, AssemblyScript and JavaScript file below the project's source folders, in alphabetical order. */
export function readSources(): SourceFile[] {
  const paths = FOLDERS.flatMap((folder) => listFiles(folder)).filter(isSource);
  return paths.sort().map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** The documents that people read first, and all of docs/. */
export function readDocuments(): SourceFile[] {
  const paths = [...readEntries(".").map((entry) => entry.name), ...listFiles("docs")].filter((path) => path.endsWith(".md"));
  return paths.sort().map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

function listFiles(folder: string): string[] {
  const entries = readEntries(folder).filter((entry) => !IGNORED.includes(entry.name));
  return entries.flatMap((entry) => (entry.isDirectory() ? listFiles(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]));
}

function readEntries(folder: string) {
  try {
    return readdirSync(join(root, folder), { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** asc writes bindings/wasm/abi.d.ts: it is no source. */
function isSource(path: string): boolean {
  return /\.(ts|mjs|js)$/.test(path) && path !== "bindings/wasm/abi.d.ts";
}
