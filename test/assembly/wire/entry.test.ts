/** What the tests of the wire files stand on: nothing of a wire file escapes them, and the release build is free of what
 *  does not belong on a frame's way. */
import { readdirSync, readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BUILDS, compileTest, instantiateTest, ROOT } from "../../support/wasm.ts";

const test = suite("wire entry");
const folder = `${ROOT}/assembly/wire`;
const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
const camelCase = (name: string): string => name.replace(/\.ts$/, "").replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

for (const build of [...BUILDS, "single"] as const) {
  const { wasm, end } = await instantiateTest("wire", build);

  test(`every export of every wire file can be called (${build})`, () => {
    assert.ok(files.length >= 15);
    for (const file of files) {
      const names = [...readFileSync(`${folder}/${file}`, "utf8").matchAll(/^export (?:function|const) (\w+)/gm)].map((match) => match[1]!);
      for (const name of names) assert.ok(name in (wasm[camelCase(file)] ?? {}), `${file}: test/wasm/wire.ts does not export ${name}`);
    }
  });

  test(`protocol numbers are those that IANA assigned (${build})`, () => {
    assert.equal(wasm.ipProtocol, {
      HOP_BY_HOP: 0,
      ICMPV4: 1,
      TCP: 6,
      UDP: 17,
      ROUTING: 43,
      FRAGMENT: 44,
      ESP: 50,
      AUTHENTICATION: 51,
      ICMPV6: 58,
      NO_NEXT_HEADER: 59,
      DESTINATION_OPTIONS: 60,
    });
  });

  test(`a read beyond the memory traps (${build})`, () => {
    assert.throws(() => wasm.bytes.load16(end - 1), /out of bounds/);
    assert.is(wasm.bytes.load16(end - 2), 0);
  });
}

test("the release text holds no allocator, no host call, no table call, no data", () => {
  const wat = readFileSync(compileTest("wire", "release").replace(/wasm$/, "wat"), "utf8");
  for (const word of ["~lib/rt", "memory.grow", "call_indirect", "abort", "(data ", "unreachable"]) assert.not.match(wat, word);
  const imports = wat.split("\n").filter((line) => line.trimStart().startsWith("(import"));
  assert.is(imports.length, 1);
  assert.match(imports[0]!, '(import "env" "memory"');
});

test.run();
