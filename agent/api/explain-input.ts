/** What `POST /v1/explain` is asked for, checked and read. */
import { refuseExplained } from "../../bindings/engine/frame-argument.ts";
import { PortyardError } from "../../bindings/error.ts";
import { readHex } from "../../bindings/explain/hex.ts";
import type { ExplainOptions } from "../../bindings/explain/types.ts";
import { explainInput } from "./schema.ts";

export interface AskedExplanation {
  port: string;
  frame: Uint8Array;
  options: ExplainOptions;
}

/** @throws PortyardError `bad-hex`, `bad-request` with the path of the first that is wrong. */
export function parseExplainInput(input: unknown): AskedExplanation {
  const { success, data, error } = explainInput.safeParse(input ?? {});
  if (!success) {
    const [issue] = error.issues;
    const path = issue?.code === "unrecognized_keys" ? (issue.keys[0] ?? "") : (issue?.path.join(".") ?? "");
    const message = `What is to be explained is not understood: ${issue?.message ?? ""}.`;
    throw badRequest(message, path, (input as Record<string, unknown> | null)?.[path]);
  }
  const { port, hex, originalBytes, offload } = data;
  const [frame, options] = [readHex(hex), { originalBytes, offload: offload === undefined ? undefined : readHex(offload) }];
  try {
    refuseExplained(frame, options);
  } catch (refused) {
    const { message, path, value } = refused as PortyardError;
    throw badRequest(message, path ?? "", value);
  }
  return { port, frame, options };
}

function badRequest(message: string, path: string, value: unknown): PortyardError {
  const remedy = "Send port and hex, and originalBytes of a frame that was cut, or offload of one that has it.";
  return new PortyardError("bad-request", message, { path, value, remedy });
}
