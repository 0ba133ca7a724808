/** From what zod found to problems that people can read: the words of the field that is wrong (field.ts), its value, and
 *  for a key that nobody knows the nearest one that somebody does. */
import { z } from "zod";
import { type FieldWords, WORDS } from "./field.ts";
import { formatValue, type Key, type Problem } from "./problem.ts";

type Issue = z.core.$ZodIssue;
/** As much of a JSON schema as is read here. */
export type JsonSchema = {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  required?: string[];
  anyOf?: JsonSchema[];
  [WORDS]?: FieldWords;
};

const schemas = new WeakMap<z.ZodType, JsonSchema>();

/** The JSON schema of what people write, made once for each schema. */
export function inputSchema(schema: z.ZodType): JsonSchema {
  const made = schemas.get(schema) ?? (z.toJSONSchema(schema, { io: "input" }) as JsonSchema);
  schemas.set(schema, made);
  return made;
}

function child(schema: JsonSchema, key: Key): JsonSchema | null {
  if (typeof key === "number") return schema.items ?? schema.anyOf?.find((option) => option.items)?.items ?? null;
  const properties = propertiesOf(schema);
  if (properties && Object.hasOwn(properties, key)) return properties[key] ?? null;
  return typeof schema.additionalProperties === "object" ? schema.additionalProperties : null;
}

/** Of an object, or of the one that a union has. */
const propertiesOf = (schema: JsonSchema | null) => schema?.properties ?? schema?.anyOf?.find(({ properties }) => properties)?.properties;

function schemaAt(schema: JsonSchema, keys: readonly Key[]): JsonSchema | null {
  return keys.reduce<JsonSchema | null>((at, key) => at && child(at, key), schema);
}

function valueAt(input: unknown, keys: readonly Key[]): unknown {
  return keys.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null && Object.hasOwn(at, key) ? at[key as never] : undefined),
    input,
  );
}

/** Edits between two words, the common measure of Levenshtein. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[right.length]!;
}

function nearest(key: string, known: readonly string[]): string | null {
  const measured = known.map((name) => ({ name, edits: distance(name.toLowerCase(), key.toLowerCase()) }));
  const [best] = measured.sort((left, right) => left.edits - right.edits);
  return best && best.edits <= Math.max(1, best.name.length / 2.5) ? best.name : null;
}

function unknownKey(key: string, schema: JsonSchema | null): string {
  const known = Object.keys(propertiesOf(schema) ?? {});
  const near = nearest(key, known);
  return near ? `write \`${near}\`, or leave it out` : `leave it out; the keys here are ${known.join(", ")}`;
}

function unknownKeys(issue: Extract<Issue, { code: "unrecognized_keys" }>, keys: Key[], schema: JsonSchema, input: unknown): Problem[] {
  return issue.keys.map((key) => ({
    keys: [...keys, key],
    value: valueAt(input, [...keys, key]),
    fault: "is not a key of the configuration",
    remedy: unknownKey(key, schemaAt(schema, keys)),
  }));
}

/** A list or an object that is wrong inside is told of by what is wrong in it, anything else as a whole. */
function insideUnion(issue: Extract<Issue, { code: "invalid_union" }>, value: unknown): Issue[] {
  if (typeof value !== "object" || value === null) return [];
  return issue.errors.flat().filter((inner) => inner.path.length > 0 || inner.code === "unrecognized_keys");
}

function problemsOf(issue: Issue, above: Key[], schema: JsonSchema, input: unknown): Problem[] {
  const keys = [...above, ...(issue.path as Key[])];
  if (issue.code === "unrecognized_keys") return unknownKeys(issue, keys, schema, input);
  const value = valueAt(input, keys);
  const inside = issue.code === "invalid_union" ? insideUnion(issue, value) : [];
  if (inside.length > 0) return inside.flatMap((inner) => problemsOf(inner, keys, schema, input));
  if (issue.code === "invalid_key") {
    return [{ keys, value, fault: `names ${formatValue(keys.at(-1))}, which no network can be called`, remedy: "name one of `networks`" }];
  }
  if (issue.code === "custom" && issue.params) {
    return [{ keys, value, fault: `${formatValue(value)} ${issue.params.fault}`, remedy: String(issue.params.remedy) }];
  }
  const words = schemaAt(schema, keys)?.[WORDS];
  if (issue.code === "invalid_type" && issue.expected === "never")
    return [{ keys, value, fault: "is not available", remedy: words?.remedy ?? "leave it out" }];
  const found = value === undefined ? "is missing" : `is ${formatValue(value)}`;
  return [{ keys, value, fault: `${found}; it must be ${words?.must ?? "an object"}`, remedy: words?.remedy ?? "write an object" }];
}

/** Every problem that `issues` name in `input`. */
export function explain(issues: readonly Issue[], schema: z.ZodType, input: unknown): Problem[] {
  return issues.flatMap((issue) => problemsOf(issue, [], inputSchema(schema), input));
}
