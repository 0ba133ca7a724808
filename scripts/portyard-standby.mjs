#!/usr/bin/env node
/** The program `portyard-standby NAME`, which a service manager runs: a forwarder that waits for the agent of instance NAME. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const main = new URL("../dist/bindings/forwarder/portyard-standby.js", import.meta.url);
if (existsSync(fileURLToPath(main))) {
  await import(main.href);
} else {
  console.error("portyard is not built: run `npm run build` first");
  process.exitCode = 1;
}
