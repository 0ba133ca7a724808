/** The build leaves nothing of a source that is gone, and all that it may not touch. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { root } from "../../scripts/check/source-file.ts";

const { removeStaleOutput } = await import(pathToFileURL(join(root, "scripts/support/stale-output.mjs")).href);
const folder = mkdtempSync(join(tmpdir(), "portyard-stale-"));
test.after(() => rmSync(folder, { recursive: true }));

const KEPT = [
  "bindings/engine.ts",
  "dist/bindings/engine.js",
  "dist/bindings/engine.js.map",
  "dist/bindings/engine.d.ts",
  "dist/bindings/wasm/abi.d.ts",
  "dist/test/wasm/wire.release.js",
  "dist/wasm/portyard.release.js",
  "dist/api/assets/main.js",
  "dist/bindings/notes.txt",
];
const STALE = ["dist/bindings/gone/old.js", "dist/bindings/gone/old.js.map", "dist/bindings/gone/old.d.ts", "dist/cli/old.js"];

test("outputs without a source are removed, and nothing else", () => {
  for (const path of [...KEPT, ...STALE]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), "");
  }
  const removed: string[] = removeStaleOutput(folder);
  assert.equal(removed.map((path) => `dist/${path}`).sort(), [...STALE].sort());
  for (const path of KEPT) assert.ok(existsSync(join(folder, path)), path);
  for (const path of STALE) assert.not.ok(existsSync(join(folder, path)), path);
  assert.equal(removeStaleOutput(folder), []);
});

test("where nothing was built there is nothing to remove", () => {
  assert.equal(removeStaleOutput(join(folder, "bindings")), []);
});

test.run();
