/** What the documents say of keys, routes, commands and errors is what the program does. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { root } from "../../scripts/check/source-file.ts";
import { references, withReference } from "../../scripts/reference/section.ts";

const test = suite("reference");
const read = (file: string): string => readFileSync(join(root, file), "utf8");

for (const reference of references) {
  test(`${reference.file} has the ${reference.name} of this version`, () => {
    const page = read(reference.file);
    assert.ok(page === withReference(page, reference), `${reference.file} is out of date: run \`npm run docs\``);
  });
}

test("a page without a place for its reference is an error", () => {
  assert.throws(() => withReference("# A page", references[0]!), /has no place for configuration/);
});

/** Codes of the errors that the files of a folder throw. */
function codesIn(folder: string): string[] {
  const files = (readdirSync(join(root, folder), { recursive: true }) as string[]).filter((file) => file.endsWith(".ts"));
  const codes = /(?:PortyardError\(\s*|until\([^"`]*,\s*)"([a-z0-9-]+)"/g;
  return files
    .filter((file) => !file.startsWith("demo"))
    .flatMap((file) => [...read(join(folder, file)).matchAll(codes)].map(([, code]) => code!));
}

test("every code of an error is explained", () => {
  const explained = read("docs/command-line.md");
  const missing = ["bindings", "agent", "cli"].flatMap(codesIn).filter((code) => !explained.includes(`\`${code}\``));
  assert.equal([...new Set(missing)], [], "explain them in docs/command-line.md");
});

test.run();
