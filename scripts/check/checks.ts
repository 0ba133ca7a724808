/** Everything that `npm run check` looks at beyond the build, which has compiled the project by then. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { memoryMapText } from "../memory-map/page.ts";
import { documentLinks } from "./document-link.ts";
import { documentation } from "./documentation.ts";
import { importDirections } from "./import-direction.ts";
import { lightStart } from "./light-start.ts";
import { lockFile } from "./lock-file.ts";
import { releaseText } from "./release-text.ts";
import { shape } from "./shape.ts";
import { readDocuments, readSources, root } from "./source-file.ts";

export interface Check {
  /** What holds when there are no problems. */
  name: string;
  /** One sentence for each problem. */
  problems: () => string[];
}

const read = (path: string): string => readFileSync(join(root, path), "utf8");

export const checks: readonly Check[] = [
  { name: "biome finds nothing to format or to mend", problems: biome },
  { name: "imports go one way", problems: () => importDirections(readSources()) },
  { name: "a command starts with what it needs", problems: () => lightStart(readSources()) },
  { name: "files and exported functions say what they are", problems: () => documentation(readSources()) },
  { name: "files keep their shape", problems: () => shape(readSources()) },
  { name: "the release builds neither allocate, grow, abort nor call through a table", problems: releaseTexts },
  { name: "the lock file is complete and names no registry", problems: () => lockFile(read("package-lock.json")) },
  { name: "links of the documents lead somewhere", problems: () => documentLinks(readDocuments(), root) },
  { name: "the library's pages are made without a warning", problems: apiPages },
  { name: "docs/memory-map.md says what assembly/abi says", problems: memoryMap },
];

function biome(): string[] {
  const program = join(root, "node_modules/@biomejs/biome/bin/biome");
  const args = [program, "check", "--error-on-warnings", "--max-diagnostics=100", "--colors=off", "."];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  return status === 0 ? [] : [`${stdout}${stderr}`.trim(), "run `npm run format`, then mend what is left"];
}

/** typedoc.json says what must be documented, and that a warning is an error. */
function apiPages(): string[] {
  const args = [join(root, "node_modules/typedoc/bin/typedoc"), "--emit", "none"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  return status === 0 ? [] : [stripVTControlCharacters(`${stdout}${stderr}`).trim()];
}

function releaseTexts(): string[] {
  return ["release", "single"].flatMap((build) => {
    const path = `dist/wasm/portyard.${build}.wat`;
    return releaseText(path, read(path));
  });
}

function memoryMap(): string[] {
  return read("docs/memory-map.md") === memoryMapText() ? [] : ["docs/memory-map.md is out of date: run `npm run docs`"];
}
