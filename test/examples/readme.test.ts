/** The README's examples are what they say: the program is examples/two-ports.ts and prints what stands below it, the
 *  configuration is one that the engine takes. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parse } from "yaml";
import { parseConfig } from "../../bindings/config/parse.ts";
import { root } from "../../scripts/check/source-file.ts";

const readme = readFileSync(join(root, "README.md"), "utf8");
const [, code, output] = /```ts\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/.exec(readme) ?? [];

test("the example in the README is the file that it names, in under 20 lines", () => {
  const source = readFileSync(join(root, "examples/two-ports.ts"), "utf8");
  assert.is(code, source.slice(source.indexOf("import ")));
  assert.ok((code ?? "").trimEnd().split("\n").length < 20);
});

test("it prints what stands below it", () => {
  const { status, stdout } = spawnSync(process.execPath, [join(root, "dist/examples/two-ports.js")], { encoding: "utf8" });
  assert.is(status, 0);
  assert.is(stdout, output);
});

test("the configuration is taken as it stands", () => {
  const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
  const { networks, ports } = parseConfig(parse(yaml ?? ""));
  assert.equal([networks.map(({ name }) => name), ports.map(({ name }) => name)], [["blue"], ["a", "b"]]);
});

test("a capture through a configuration, as its example says", () => {
  const { status, stdout } = spawnSync(process.execPath, [join(root, "dist/examples/capture-through-configuration.js")], { cwd: root });
  assert.is(status, 0);
  assert.is(String(stdout), "container1: 14 in, 20 out\ncontainer2: 19 in, 13 out\n");
});

test.run();
