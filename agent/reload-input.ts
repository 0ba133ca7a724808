/** What a reload is asked for. */
import { isAbsolute } from "node:path";
import { PortyardError } from "../bindings/error.ts";
import { type ReloadInput, reloadInput } from "./api/schema.ts";

/** @param input null or an object as `reloadInput`. @throws PortyardError `bad-request`. */
export function parseReload(input: unknown): ReloadInput {
  const { success, data } = reloadInput.safeParse(input ?? {});
  if (success && (data.config === undefined || isAbsolute(data.config))) return data;
  throw new PortyardError("bad-request", "The reload that is asked for is not understood.", {
    path: success ? "config" : "body",
    value: success ? data.config : input,
    remedy: "Write an object such as { config: /etc/portyard.yaml, dryRun: true }, with an absolute path; both may be left out.",
  });
}

/** Of an agent that a program started with a configuration of its own making. */
export function noFile(): PortyardError {
  return new PortyardError("reload-refused", "This agent was not started with a configuration file.", {
    remedy: "Its program must restart it, or give it `configFile`.",
  });
}
