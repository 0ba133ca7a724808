/** The README's examples are what they say: the program is examples/two-ports.ts and prints what stands below it, the configuration is one that
 *  the engine takes, the commands that need no agent print what they are said to, there and in docs/explain.md. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parse } from "yaml";
import { parseConfig } from "../../bindings/config/parse.ts";
import * as library from "../../bindings/index.ts";
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

test("what it imports from the library is all that there is", () => {
  const [, names = ""] = /`import \{ ([^}]*) \}\s+from "portyard"`/.exec(readme) ?? [];
  assert.equal(names.split(/,\s*/).sort(), Object.keys(library).sort());
});

test("the package that it installs is the one that npm packs", () => {
  const { name, version, type } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const named = [...readme.matchAll(/[\w.-]+\.tgz/g)].map(([file]) => file);
  assert.equal(named, [`${name}-${version}.tgz`, `${name}-${version}.tgz`]);
  assert.is(type, "module");
});

const folder = mkdtempSync(join(realpathSync(tmpdir()), "portyard-readme-"));
test.after(() => rmSync(folder, { recursive: true }));
symlinkSync(join(root, "examples"), join(folder, "examples"));
writeFileSync(join(folder, "portyard"), `#!/bin/sh\nexec "${process.execPath}" "${join(root, "scripts/portyard.mjs")}" "$@"\n`, {
  mode: 0o755,
});

/** How long it took is another each time. */
const timeless = (text: string): string => text.replace(/in [\d.]+ s: [\d.,]+ frames a second/, "in N s: N frames a second").trim();

/** Commands with what is shown below each, of the blocks that ask what needs no agent. */
function shown(file: string): { command: string; output: string }[] {
  const blocks = [...readFileSync(join(root, file), "utf8").matchAll(/```text\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
  const asking = blocks.filter((block) => /^\$ portyard (replay|explain) --config/.test(block));
  return asking.flatMap((block) =>
    block
      .split(/^\$ /m)
      .flatMap((part) => (part === "" ? [] : [{ command: part.split("\n", 1).join(), output: part.slice(part.indexOf("\n")) }])),
  );
}

for (const [file, count] of [
  ["README.md", 4],
  ["docs/explain.md", 2],
] as const) {
  test(`the commands of ${file} print what stands below them`, () => {
    const commands = shown(file);
    assert.is(commands.length, count);
    for (const { command, output } of commands) {
      const env = { ...process.env, PATH: [folder, process.env.PATH].join(delimiter) };
      const { status, stdout } = spawnSync("sh", ["-c", `${command} 2>&1`], { cwd: folder, encoding: "utf8", env });
      assert.is(timeless(stdout).replaceAll(folder, "/home/you"), timeless(output), command);
      assert.is(status, command.includes("--against") ? 1 : 0, command);
    }
  });
}

test.run();
