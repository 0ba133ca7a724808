/** The project's folder, and how scripts speak: to stderr, so that stdout belongs to what was asked for. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Prints a line about the work of the script itself. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Ends the script with one sentence.
 *  @param code 1 failed, 2 wrong usage. */
export function fail(sentence, code = 1) {
  say(sentence);
  process.exit(code);
}
