#!/usr/bin/env node
/** The program `portyard`: the compiled command line, or one sentence where it has not been compiled. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const main = new URL("../dist/cli/main.js", import.meta.url);
if (existsSync(fileURLToPath(main))) {
  await import(main.href);
} else {
  console.error("portyard is not built: run `npm run build` first");
  process.exitCode = 1;
}
