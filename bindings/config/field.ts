/** One key of the configuration: its zod schema and what people are told of it. The same words make the error messages,
 *  the JSON schema in the OpenAPI document and the table in docs/configuration.md. */
import { z } from "zod";

export interface FieldWords {
  /** What the key means, as a sentence without its stop. */
  description: string;
  /** What stands there, as the end of "it must be …". */
  must: string;
  /** What the reader can do when it is wrong. */
  remedy: string;
  /** Default in words; left out where the key is required. */
  default?: string;
  /** Unit of a number. */
  unit?: string;
}

/** Where the words lie in the JSON schema. */
export const WORDS = "x-portyard";

/** `schema` with its words. */
export function field<Schema extends z.ZodType>(schema: Schema, words: FieldWords): Schema {
  return schema.meta({ description: words.description, [WORDS]: words }) as Schema;
}

/** A key that later versions know: refused, never ignored. */
export function notBuilt(what: string): z.ZodOptional<z.ZodNever> {
  const words: FieldWords = {
    description: `Not in this version: ${what}`,
    must: "left out",
    remedy: `leave it out: this version has no ${what}`,
  };
  return z
    .never()
    .optional()
    .meta({ description: words.description, [WORDS]: words });
}

/** A text that `test` accepts; `pattern` says the same to those who read the JSON schema, where an expression can. */
export function text(test: (value: string) => boolean, words: FieldWords, pattern?: string): z.ZodString {
  const schema = z.string().refine(test);
  return schema.meta({ description: words.description, [WORDS]: words, ...(pattern && { pattern }) });
}

/** A text in which `faultOf` finds no fault; what it finds is told in its own words. */
export function textWithout(faultOf: (value: string) => { fault: string; remedy: string } | null, words: FieldWords): z.ZodString {
  const schema = z.string().superRefine((value, context) => {
    const found = faultOf(value);
    if (found) context.addIssue({ code: "custom", params: found });
  });
  return schema.meta({ description: words.description, [WORDS]: words });
}

/** A whole number from `least` to `most`. */
export function whole(least: number, most: number, words: Omit<FieldWords, "must">): z.ZodInt {
  return field(z.int().min(least).max(most), { ...words, must: `a whole number from ${least} to ${most}` });
}

/** true or false. */
export function flag(words: Omit<FieldWords, "must">): z.ZodBoolean {
  return field(z.boolean(), { ...words, must: "true or false" });
}
