/** The version of this package, as package.json has it. */
import { readFileSync } from "node:fs";

/** Two folders up from dist/agent, where both the repository and the installed package have it. */
const PACKAGE = new URL("../../package.json", import.meta.url);

/** Three numbers with stops between them. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(PACKAGE, "utf8")) as { version: string }).version;
}
