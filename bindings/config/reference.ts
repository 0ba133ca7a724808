/** The table of docs/configuration.md, made from the words that the error messages use. */
import { type FieldWords, WORDS } from "./field.ts";
import { inputSchema, type JsonSchema } from "./explain.ts";
import { configSchema } from "./schema.ts";
import type { z } from "zod";

interface Row {
  path: string;
  words: FieldWords;
  isRequired: boolean;
}

/** Rows of an object's keys, each followed by those below it. */
function* rows(schema: JsonSchema, path: string): Generator<Row> {
  for (const [key, below] of Object.entries(schema.properties ?? {})) {
    const place = path === "" ? key : `${path}.${key}`;
    const words = below[WORDS];
    if (words) yield { path: place, words, isRequired: (schema.required ?? []).includes(key) };
    yield* rows(below.properties ? below : (below.anyOf?.find(({ properties }) => properties) ?? {}), place);
    if (below.items?.properties) yield* rows(below.items, `${place}[]`);
    if (typeof below.additionalProperties === "object") yield* mapRows(below.additionalProperties, `${place}.NETWORK`);
  }
}

function* mapRows(schema: JsonSchema, path: string): Generator<Row> {
  const words = schema[WORDS];
  if (words) yield { path, words, isRequired: true };
}

const asCell = (text: string): string => text.replaceAll("|", "\\|");

function line({ path, words, isRequired }: Row): string {
  const otherwise = isRequired ? "required" : (words.default ?? "-");
  const cells = [`\`${path}\``, words.description, words.must, words.unit ?? "-", otherwise];
  return `| ${cells.map(asCell).join(" | ")} |`;
}

const HEAD = "| key | meaning | it must be | unit | default |\n|---|---|---|---|---|";

/** Markdown: one line for each key of what people write, those of parts that are not built yet left out. */
export function keyTable(schema: z.ZodType): string {
  const built = [...rows(inputSchema(schema), "")].filter(({ words }) => words.must !== "left out");
  return `${HEAD}\n${built.map(line).join("\n")}`;
}

/** The keys of a configuration; those of parts that are not built yet are named below the table. */
export function configurationReference(): string {
  const all = [...rows(inputSchema(configSchema), "")];
  const absent = all.filter(({ words }) => words.must === "left out").map(({ path }) => `\`${path}\``);
  return `${keyTable(configSchema)}\n\nKnown to later versions and refused by this one: ${absent.join(", ")}.`;
}
