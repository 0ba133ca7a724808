/** The configuration file: YAML, of which JSON is a part. Messages name the file and the line. */
import { readFile, stat } from "node:fs/promises";
import { type Document, isNode, LineCounter, parseDocument } from "yaml";
import { PortyardError } from "../error.ts";
import { type ParseOptions, parseConfig } from "./parse.ts";
import type { Key } from "./problem.ts";
import type { EngineConfig } from "./types.ts";

/** A file that is longer is not read: 2,048 ports take less than 1 MiB. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

async function readText(path: string): Promise<string> {
  try {
    if ((await stat(path)).size > MAX_FILE_BYTES) throw new Error(`it is longer than ${MAX_FILE_BYTES} bytes`);
    return await readFile(path, "utf8");
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
    throw new PortyardError("configuration-unreadable", `${path} cannot be read: ${reason}.`, {
      path,
      value: reason,
      remedy: "Check the path and its permissions.",
      cause,
    });
  }
}

/** The line of the nearest key at or above `keys` that stands in the document. */
function lineOf(document: Document, lines: LineCounter, keys: readonly Key[]): number | null {
  for (let length = keys.length; length > 0; length--) {
    const node = document.getIn(keys.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return null;
}

/** Reads and checks a configuration file.
 *  @param path of a YAML or JSON file, at most 16 MiB.
 *  @throws PortyardError `configuration-unreadable`, or `bad-configuration` with file and line in the message. */
export async function readConfigFile(path: string, options: Omit<ParseOptions, "source"> = {}): Promise<EngineConfig> {
  const lines = new LineCounter();
  const document = parseDocument(await readText(path), { lineCounter: lines, prettyErrors: false, strict: true });
  const [fault] = document.errors;
  if (fault) {
    const { line, col } = lines.linePos(fault.pos[0]);
    const remedy = "Correct the line; YAML indents by spaces, and text with colons or braces stands in quotes.";
    throw new PortyardError("bad-configuration", `${path}:${line}:${col}: ${fault.message}`, { path: `${path}:${line}:${col}`, remedy });
  }
  const line = (keys: readonly Key[]) => lineOf(document, lines, keys);
  return parseConfig(toValue(document, path), { ...options, source: { name: path, line } });
}

function toValue(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new PortyardError("bad-configuration", `${path}: ${(cause as Error).message}`, {
      path,
      remedy: "Write the values out instead of aliases.",
      cause,
    });
  }
}
