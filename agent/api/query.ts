/** Filters and limits of lists, as they stand behind the question mark. */
import { z } from "zod";
import { PortyardError } from "../../bindings/error.ts";

const limit = z.coerce
  .number()
  .int()
  .min(1)
  .optional()
  .meta({ description: "Rows at most; the header x-total-count has how many there are" });
const network = z.string().min(1).optional().meta({ description: "Only what is in this network" });
const port = z.string().min(1).optional().meta({ description: "Only what is on this port" });

export const networkQuery = z.strictObject({ network, limit });
export const portQuery = z.strictObject({ network, port, limit });
export const macQuery = z.strictObject({ network, port, limit });
export const dropQuery = z.strictObject({ port, limit });
export const publishedQuery = z.strictObject({ network, port, limit });
export const workerQuery = z.strictObject({ limit });
const recreate = z
  .enum(["true", "false"])
  .optional()
  .meta({ description: "true: make the port anew where a living one cannot take the change, or where it does not forward" });
export const setPortQuery = z.strictObject({ recreate });
export const noQuery = z.strictObject({});

export type Filter = {
  network?: string | undefined;
  port?: string | undefined;
  limit?: number | undefined;
  recreate?: "true" | "false" | undefined;
};

/** @throws PortyardError `bad-request` for a parameter that the route does not know, or of the wrong form. */
export function parseQuery(schema: z.ZodObject, input: unknown): Filter {
  const { success, data, error } = schema.safeParse(input);
  if (success) return data as Filter;
  const [issue] = error.issues;
  const name = issue?.code === "unrecognized_keys" ? (issue.keys[0] ?? "") : String(issue?.path[0] ?? "");
  const known = Object.keys(schema.shape);
  const remedy = known.includes(name)
    ? "Write `limit` as a whole number from 1, `recreate` as true or false, the others as names."
    : `The parameters here are: ${known.join(", ") || "none"}.`;
  throw new PortyardError("bad-request", `The query parameter ${name} is not understood.`, {
    path: name,
    value: (input as Record<string, unknown>)[name],
    remedy,
  });
}
