/** Filters and limits of lists, as they stand behind the question mark. */
import { z } from "zod";
import { PortyardError } from "../../bindings/error.ts";
import { FLOW_ROWS, FLOW_STATES, MAX_FLOW_ROWS } from "./flow-list.ts";

const limit = z.coerce
  .number()
  .int()
  .min(1)
  .optional()
  .meta({ description: "Rows at most; the header x-total-count has how many there are" });
const network = z.string().min(1).optional().meta({ description: "Only what is in this network" });
const port = z.string().min(1).optional().meta({ description: "Only what is on this port" });

const service = z.string().min(1).optional().meta({ description: "Only what is of this service" });
const backend = z.string().min(1).optional().meta({ description: "Only what is of backends of this name" });
const client = z.string().min(1).optional().meta({ description: "Only what comes from this address" });
const state = z.enum(FLOW_STATES).optional().meta({ description: "Only what is in this state" });
const from = z.coerce
  .number()
  .int()
  .min(0)
  .max(2 ** 31 - 1)
  .optional()
  .meta({ description: "Where the page begins: x-next-from of the one before" });
const pageLimit = z.coerce
  .number()
  .int()
  .min(1)
  .max(MAX_FLOW_ROWS)
  .optional()
  .meta({ description: `Rows at most, up to ${MAX_FLOW_ROWS}; default ${FLOW_ROWS}` });

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
export const serviceQuery = z.strictObject({ network, service, limit });
export const backendQuery = z.strictObject({ network, service, backend, limit });
export const flowQuery = z.strictObject({ network, service, backend, client, state, from, limit: pageLimit });
export const setServiceQuery = z.strictObject({
  recreate: z
    .enum(["true", "false"])
    .optional()
    .meta({ description: "true: make the service anew where a living one cannot take the change" }),
});
export const noQuery = z.strictObject({});

export type Filter = {
  network?: string | undefined;
  port?: string | undefined;
  service?: string | undefined;
  backend?: string | undefined;
  client?: string | undefined;
  state?: (typeof FLOW_STATES)[number] | undefined;
  from?: number | undefined;
  limit?: number | undefined;
  recreate?: "true" | "false" | undefined;
};

const REMEDIES: Record<string, string> = {
  limit: `Write a whole number from 1, of flows up to ${MAX_FLOW_ROWS}.`,
  from: "Write what the header x-next-from of the page before says.",
  recreate: "Write true or false.",
  state: `Write one of ${FLOW_STATES.join(", ")}.`,
};

/** @throws PortyardError `bad-request` for a parameter that the route does not know, or of the wrong form. */
export function parseQuery(schema: z.ZodObject, input: unknown): Filter {
  const { success, data, error } = schema.safeParse(input);
  if (success) return data as Filter;
  const [issue] = error.issues;
  const name = issue?.code === "unrecognized_keys" ? (issue.keys[0] ?? "") : String(issue?.path[0] ?? "");
  const known = Object.keys(schema.shape);
  const remedy = known.includes(name) ? (REMEDIES[name] ?? "Write a name.") : `The parameters here are: ${known.join(", ") || "none"}.`;
  throw new PortyardError("bad-request", `The query parameter ${name} is not understood.`, {
    path: name,
    value: (input as Record<string, unknown>)[name],
    remedy,
  });
}
