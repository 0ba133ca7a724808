/** The program `portyard` before and after the build, and from npx. */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { root } from "../../scripts/check/source-file.ts";

test("without a build it says what to do, and ends with status 1", () => {
  const folder = mkdtempSync(join(tmpdir(), "portyard-program-"));
  mkdirSync(join(folder, "scripts"));
  copyFileSync(join(root, "scripts/portyard.mjs"), join(folder, "scripts/portyard.mjs"));
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "scripts/portyard.mjs"), "version"], { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  assert.is(stderr, "portyard is not built: run `npm run build` first\n");
  assert.is(stdout, "");
  assert.is(status, 1);
});

test("the build has linked it where npx looks first", () => {
  const link = join(root, "node_modules/.bin/portyard");
  assert.ok(process.platform === "win32" || existsSync(link));
});

test.run();
