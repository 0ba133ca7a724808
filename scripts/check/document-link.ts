/** Links of the project's documents to its own files lead somewhere. */
import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import type { SourceFile } from "./source-file.ts";

const LINK = /\]\(([^)\s#]+)(?:#[^)]*)?\)/g;

/** One sentence for each relative link of `documents` to a file that is not below `root`. */
export function documentLinks(documents: readonly SourceFile[], root: string): string[] {
  return documents.flatMap(({ path, text }) => {
    const targets = [...text.matchAll(LINK)].map((match) => match[1] ?? "").filter((target) => !/^[a-z]+:/.test(target));
    const missing = targets.filter((target) => !existsSync(join(root, posix.join(posix.dirname(path), target))));
    return missing.map((target) => `${path} links to ${target}, which is not there`);
  });
}
