/** A file that is removed is gone for good, and what stands in the way is named. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { removeJson, writeJson } from "../../../agent/state/json-file.ts";
import { PortyardError } from "../../../bindings/error.ts";

const test = suite<{ root: string }>("JSON file");

test.before.each((context) => {
  context.root = mkdtempSync(join(tmpdir(), "portyard-json-"));
});
test.after.each(({ root }) => rmSync(root, { recursive: true }));

test("it goes with what a write that was cut short left beside it; where there is none, nor a folder, nothing happens", async ({
  root,
}) => {
  const path = join(root, "a.json");
  await writeJson(path, { a: 1 });
  writeFileSync(`${path}.new`, "{");
  await removeJson(path);
  assert.equal([existsSync(path), existsSync(`${path}.new`)], [false, false]);
  await removeJson(path);
  await removeJson(join(root, "no/folder.json"));
});

test("what the file system refuses has a code and the path", async ({ root }) => {
  writeFileSync(join(root, "file"), "");
  const path = join(root, "file/a.json");
  const failure = await removeJson(path).catch((error: unknown) => error);
  assert.ok(failure instanceof PortyardError);
  assert.equal([failure.code, failure.path], ["file-failed", path]);
});

test.run();
