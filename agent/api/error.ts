/** Errors as the API answers them: the same object that `--json` prints, under the HTTP status that fits its code. */
import { PortyardError } from "../../bindings/error.ts";

const STATUSES: Record<string, number> = {
  "bad-configuration": 400,
  "bad-hex": 400,
  "bad-request": 400,
  "no-rights": 403,
  "not-found": 404,
  "network-missing": 404,
  "port-missing": 404,
  "service-missing": 404,
  "backend-missing": 404,
  "name-taken": 409,
  "network-in-use": 409,
  "owned-by-api": 409,
  "owned-by-docker": 409,
  "owned-by-file": 409,
  "host-port-taken": 409,
  "port-kind": 409,
  "pool-exhausted": 409,
  "recreate-needed": 409,
  "reload-refused": 409,
  "request-too-large": 413,
  "not-json": 415,
  starting: 503,
  stopping: 503,
  "disk-full": 507,
  "tmpfs-full": 507,
};

/** What is answered to `error`; without code of ours it is a fault of the agent, and says no more than that. */
export function errorAnswer(error: unknown): { status: number; body: unknown } {
  const told = asPortyardError(error);
  return { status: told.code === "internal" ? 500 : (STATUSES[told.code] ?? 422), body: told.toJSON() };
}

/** Codes of Fastify that a client can cause. */
const REQUEST_FAULTS: Record<string, [code: string, message: string, remedy: string]> = {
  FST_ERR_CTP_INVALID_JSON_BODY: ["bad-request", "The body is not JSON.", "Send one JSON object."],
  FST_ERR_CTP_EMPTY_JSON_BODY: ["bad-request", "The body is empty.", "Send one JSON object."],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ["not-json", "The body's type is not JSON.", "Send it as content-type: application/json."],
  FST_ERR_CTP_BODY_TOO_LARGE: ["request-too-large", "The body is too large.", "Send one network, port or service in at most 4 MiB."],
};

function asPortyardError(error: unknown): PortyardError {
  if (error instanceof PortyardError) return error;
  const { code = "", statusCode = 500 } = error as { code?: string; statusCode?: number };
  const known = REQUEST_FAULTS[code];
  if (known) return new PortyardError(known[0], known[1], { path: "body", remedy: known[2] });
  if (statusCode >= 400 && statusCode < 500) {
    const remedy = "GET /v1/openapi.json describes what can be asked.";
    return new PortyardError("bad-request", "The request is not understood.", { value: (error as Error).message, remedy });
  }
  return new PortyardError("internal", "The agent could not do that; its log says why.", {
    remedy: "Read the log; report it with those lines.",
    cause: error,
  });
}
