/** koffi may be left out: what needs it says how to get it. The compiled module is copied to where no koffi can be found. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const compiled = fileURLToPath(new URL("../../../bindings/", import.meta.url));
const test = suite("koffi");

async function withoutKoffi(body: (native: typeof import("../../../bindings/native/koffi.ts")) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "portyard-test-"));
  try {
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    mkdirSync(join(folder, "native"));
    for (const file of ["error.js", "native/koffi.js"]) cpSync(join(compiled, file), join(folder, file));
    body(await import(pathToFileURL(join(folder, "native/koffi.js")).href));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("is not asked for before the first call", () =>
  withoutKoffi((native) => {
    assert.type(
      native.lazily(() => ({})),
      "function",
    );
  }));

test("that is not installed is an error with the remedy", () =>
  withoutKoffi((native) => {
    try {
      native.loadKoffi();
      assert.unreachable();
    } catch (error) {
      const { code, remedy } = error as { code: string; remedy: string };
      if (process.platform !== "linux") return assert.is(code, "linux-only");
      assert.is(code, "koffi-missing");
      assert.match(remedy, "--omit=optional");
      assert.match(remedy, "npm install-scripts approve koffi");
    }
  }));

test.run();
