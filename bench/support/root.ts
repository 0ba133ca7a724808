/** Where the project stands: this file runs from dist/bench/support/. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

export const projectRoot = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
