/** An object as commands take it: YAML or JSON on the command line or in a file, with options on top. */
import { readFileSync } from "node:fs";
import { Option } from "commander";
import { PortyardError } from "../bindings/error.ts";

export interface ObjectSource {
  /** What stands on the command line: a name, or an object. */
  text?: string | undefined;
  /** Path of a file; - is standard input. */
  file?: string | undefined;
}

export const fileOption = (what: string) =>
  new Option("--file <path>", `read the ${what} from this file, YAML or JSON; - is standard input`);

/** @param kind for messages: "port".
 *  @param said what the options say: it goes on top.
 *  @throws PortyardError `bad-request`, `configuration-unreadable`. */
export async function readObject(
  kind: string,
  { text, file }: ObjectSource,
  said: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const fromFile = file === undefined ? {} : await toObject(kind, read(file), file);
  const fromText = text === undefined ? {} : isName(text) ? { name: text } : await toObject(kind, text, "the command line");
  return { ...fromFile, ...fromText, ...said };
}

const isName = (text: string): boolean => /^[A-Za-z0-9_.-]+$/.test(text);

function read(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code;
    throw new PortyardError("configuration-unreadable", `${file} cannot be read: ${reason}.`, {
      path: file,
      value: reason,
      remedy: "Check the path and its permissions.",
      cause,
    });
  }
}

async function toObject(kind: string, text: string, source: string): Promise<Record<string, unknown>> {
  const { parse } = await import("yaml");
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 100 });
  } catch (cause) {
    throw notAnObject(kind, source, (cause as Error).message.split("\n")[0] ?? "");
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw notAnObject(kind, source, "it is no object");
}

function notAnObject(kind: string, source: string, why: string): PortyardError {
  return new PortyardError("bad-request", `The ${kind} of ${source} cannot be read: ${why}.`, {
    path: source,
    remedy: `Write one ${kind} as it stands in the list \`${kind}s\` of a configuration, such as '{ name: a }'.`,
  });
}
