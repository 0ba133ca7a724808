/** The project keeps its own rules (scripts/check), and each rule finds what it is there for. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { checks } from "../../scripts/check/checks.ts";
import { documentLinks } from "../../scripts/check/document-link.ts";
import { documentation } from "../../scripts/check/documentation.ts";
import { importDirections } from "../../scripts/check/import-direction.ts";
import { lightStart } from "../../scripts/check/light-start.ts";
import { lockFile } from "../../scripts/check/lock-file.ts";
import { releaseText } from "../../scripts/check/release-text.ts";
import { shape } from "../../scripts/check/shape.ts";
import { root } from "../../scripts/check/source-file.ts";

for (const check of checks) {
  test(check.name, () => {
    const problems = check.problems();
    for (const problem of problems) console.log(problem);
    assert.is(problems.length, 0);
  });
}

const importing = (path: string, target: string) => importDirections([{ path, text: `/** Head. */\nimport * as x from "${target}";\n` }]);

test("an import against the order of assembly/ is named", () => {
  assert.equal(importing("assembly/wire/udp.ts", "../tables/mac-table"), [
    "assembly/wire/udp.ts imports assembly/tables/mac-table: wire stands below tables",
  ]);
  assert.equal(importing("assembly/path/4-switch/forward.ts", "../../pipeline").length, 1);
  assert.equal(importing("assembly/wire/udp.ts", "../../bindings/mac.ts").length, 1);
  assert.equal(importing("assembly/newcomer/thing.ts", "../abi/limits").length, 1);
});

test("an import along the order of assembly/ is not", () => {
  assert.equal(importing("assembly/tables/mac-table.ts", "../memory/atomic"), []);
  assert.equal(importing("assembly/wire/udp.ts", "./ipv4"), []);
  assert.equal(importing("assembly/index.ts", "./pipeline"), []);
});

test("TypeScript that takes more of assembly/ than its constants is named", () => {
  assert.equal(importing("bindings/engine.ts", "../assembly/wire/udp.ts"), [
    "bindings/engine.ts imports assembly/wire/udp.ts: TypeScript takes only assembly/abi",
  ]);
  assert.equal(importing("bindings/engine.ts", "../assembly/abi/limits.ts"), []);
});

test("an import from above is named, also a lazy one and a type", () => {
  assert.equal(importing("bindings/engine.ts", "../agent/agent.ts").length, 1);
  const lazy = {
    path: "agent/agent.ts",
    text: `await import("../cli/main.ts");\nimport type { A } from "../web/a.ts";\nexport { b } from "../test/b.ts";`,
  };
  assert.is(importDirections([lazy]).length, 3);
  assert.equal(importing("cli/up.ts", "../agent/agent.ts"), []);
});

test("a package that every start of the command line loads is named, with the way to it; a lazy one and a type are not", () => {
  const program = {
    path: "cli/program.ts",
    text: 'import { Command } from "commander";\nimport { up } from "./up.ts";\nimport "node:fs";\n',
  };
  const start = (text: string) => lightStart([program, { path: "cli/up.ts", text }]);
  assert.equal(start('import { z } from "zod";\n'), [
    "cli/up.ts loads zod at every start (cli/program.ts, cli/up.ts): import it where a command needs it",
  ]);
  assert.is(start('import "zod";\n').length, 1);
  assert.is(start('export {\n  a,\n  b,\n} from "yaml";\n').length, 1);
  assert.equal(start('import type { z } from "zod";\nimport { type A, type B } from "yaml";\nawait import("koffi");\n'), []);
});

test("a file without a head and a function without a comment are named", () => {
  const text =
    'import { a } from "./a.ts";\n\nexport function b(): void {\n  a();\n}\n\n/** Says. */\nexport async function c(): Promise<void> {\n  a();\n}\n';
  assert.equal(documentation([{ path: "bindings/b.ts", text }]), [
    "bindings/b.ts does not begin with prose that says what it is",
    "bindings/b.ts:3: b has no documentation comment",
  ]);
});

test("an accessor of one line in assembly/ needs no comment, a longer function does", () => {
  const text = "/** Head. */\nexport function a(): u32 { return 1; }\nexport function b(): u32 {\n  return 1;\n}\n";
  assert.equal(documentation([{ path: "assembly/wire/a.ts", text }]), ["assembly/wire/a.ts:3: b has no documentation comment"]);
});

test("a long file, an address as a number, a focused test and a note of something undone are named", () => {
  const found = (path: string, text: string) => shape([{ path, text }]).length;
  assert.is(found("bindings/a.ts", "a\n".repeat(351)), 1);
  assert.is(found("bindings/a.ts", "a\n".repeat(350)), 0);
  for (const bad of ["load<u32>(0x20000)", "store<u8>(4096, 1)", "atomic.store32(65536, x)", "load<u64>(<usize>131072 + i)"]) {
    assert.is(found("assembly/path/a.ts", bad), 1, bad);
  }
  for (const good of ["load<u32>(map.HEAD)", "store<u8>(pointer, 1)", "load<u16>(udp, 4)"])
    assert.is(found("assembly/path/a.ts", good), 0, good);
  assert.is(found("test/a.test.ts", `test${"."}only("x", () => {});`), 1);
  assert.is(found("cli/a.ts", `// ${"TO"}DO later`), 1);
});

test("each forbidden word of a release text is named with its line", () => {
  assert.equal(releaseText("a.wat", "(module)\n(call_indirect)"), ["a.wat:2: call_indirect has no place in a release build"]);
  assert.is(releaseText("a.wat", 'memory.grow abort "~lib/rt/stub"').length, 3);
  for (const module of ["observe/fault/faultBefore", "memory/trace/note"])
    assert.is(releaseText("a.wat", `(func $assembly/${module}`).length, 1);
  assert.equal(releaseText("a.wat", "(module)"), []);
});

test("a lock file that names a registry, or lacks a package or a checksum, is named", () => {
  const lock = {
    packages: {
      "": { dependencies: { a: "1" } },
      "node_modules/a": {
        integrity: "sha512-a",
        resolved: "https://registry.example/a.tgz",
        optionalDependencies: { "a-linux": "1", "a-windows": "1" },
      },
      "node_modules/a/node_modules/a-linux": {},
    },
  };
  assert.equal(lockFile(JSON.stringify(lock)), [
    'node_modules/a has a "resolved"',
    "node_modules/a/node_modules/a-linux has no checksum",
    "node_modules/a asks for a-windows, which has no entry",
  ]);
});

test("a link that leads nowhere is named, one to the web is not", () => {
  const text = "[a](../README.md) [b](nowhere.md) [c](https://nodejs.org) [d](memory-map.md#records) [e](#here)";
  assert.equal(documentLinks([{ path: "docs/page.md", text }], root), ["docs/page.md links to nowhere.md, which is not there"]);
});

test.run();
