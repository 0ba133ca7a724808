/** What `POST /v1/explain` is asked for, checked. */
import { PortyardError } from "../../bindings/error.ts";
import { type ExplainInput, explainInput } from "./schema.ts";

/** @throws PortyardError `bad-request` with the path of the first that is wrong. */
export function parseExplainInput(input: unknown): ExplainInput {
  const { success, data, error } = explainInput.safeParse(input ?? {});
  if (success) return data;
  const [issue] = error.issues;
  const path = issue?.code === "unrecognized_keys" ? (issue.keys[0] ?? "") : (issue?.path.join(".") ?? "");
  throw new PortyardError("bad-request", `What is to be explained is not understood: ${issue?.message ?? ""}.`, {
    path,
    value: (input as Record<string, unknown> | null)?.[path],
    remedy: "Send port and hex, and originalBytes and offload where the frame has them.",
  });
}
