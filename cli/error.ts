/** How a command fails: one sentence and the remedy on standard error, or the same as JSON with `--json`; exit status 1, or 2
 *  when the command line itself is wrong. */
import { CommanderError } from "commander";
import { PortyardError } from "../bindings/error.ts";
import { painter } from "./format/text.ts";

export const FAILED = 1;
export const WRONG_USAGE = 2;

/** An error that another process told of, word for word. */
export class ToldError extends PortyardError {
  readonly #told: { error: Record<string, unknown> };

  constructor(told: { error: Record<string, unknown> }) {
    const { code, message, path, value, remedy } = told.error as {
      code: string;
      message: string;
      path: string | null;
      value: unknown;
      remedy: string | null;
    };
    super(code, message, { value, ...(path !== null && { path }), ...(remedy !== null && { remedy }) });
    this.#told = told;
  }

  override toJSON(): { error: Record<string, unknown> } {
    return this.#told;
  }
}

/** Writes `error` to standard error. @returns the exit status. */
export function report(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) return reportUsage(error, json);
  const known = error instanceof PortyardError ? error : unexpected(error);
  process.stderr.write(json ? `${JSON.stringify(known)}\n` : forPeople(known));
  return FAILED;
}

/** Commander has said its words already, except with `--json`; help and version are no errors. */
function reportUsage(error: CommanderError, json: boolean): number {
  if (error.exitCode === 0) return 0;
  if (json) {
    const message = error.message.replace(/^error: /, "");
    const remedy = "Add --help to the command.";
    process.stderr.write(`${JSON.stringify(new PortyardError("usage", message, { remedy }))}\n`);
  }
  return WRONG_USAGE;
}

function unexpected(error: unknown): PortyardError {
  const { message = String(error), stack } = error as Error;
  const remedy = "This is a fault of Portyard: please report it with the lines above.";
  if (process.env.DEBUG !== undefined || !(error as NodeJS.ErrnoException).syscall) process.stderr.write(`${stack ?? message}\n`);
  return new PortyardError("internal", message, { remedy, cause: error });
}

interface Told {
  message: string;
  remedy: string | null;
}

/** Every problem of a wrong configuration, one after another. */
function forPeople(error: PortyardError): string {
  const { problems } = error.toJSON().error as { problems?: Told[] };
  const paint = painter(process.stderr);
  const lines = ({ message, remedy }: Told) => `${paint("red", "error:")} ${message}\n${remedy ? `       ${remedy}\n` : ""}`;
  return (problems ?? [error]).map(lines).join("");
}
