import { spawnSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type TarEntry, tar } from "../../../cli/docker/tar.ts";

const test = suite("tar");

const entries: TarEntry[] = [
  { kind: "folder", name: "bin/" },
  { kind: "file", name: "bin/program", content: Buffer.alloc(700, "x") },
  { kind: "link", name: "bin/other", target: "program" },
];

test("an archive is whole blocks: a header for each entry, content filled up, two empty ones at the end", () => {
  const archive = tar(entries);
  assert.is(archive.length, (3 + 2 + 2) * 512);
  assert.is(archive.toString("latin1", 512, 523), "bin/program");
  assert.is(archive.toString("latin1", 512 + 124, 512 + 136), `${(700).toString(8).padStart(11, "0")}\0`);
  assert.is(archive.toString("latin1", 512 + 257, 512 + 265), "ustar\x0000");
  assert.ok(archive.subarray(-1024).every((byte) => byte === 0));
});

test("a header's checksum is the sum of its bytes, its own field blank", () => {
  const block = Buffer.from(tar(entries).subarray(0, 512));
  const said = Number.parseInt(block.toString("latin1", 148, 154), 8);
  block.fill(" ", 148, 156);
  assert.is(
    said,
    block.reduce((sum, byte) => sum + byte, 0),
  );
});

test("tar reads it", () => {
  const { status, stdout, error } = spawnSync("tar", ["-tvf", "-"], {
    input: tar(entries),
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
  });
  if (error !== undefined) return;
  assert.is(status, 0);
  const lines = stdout.trimEnd().split("\n");
  assert.match(lines[0] ?? "", /^drwxr-xr-x .* bin\/$/);
  assert.match(lines[1] ?? "", /^-rwxr-xr-x .* 700 .* bin\/program$/);
  assert.match(lines[2] ?? "", /^lrwxr-xr-x .* bin\/other -> program$/);
});

test("a file that fills its last block gets no other", () => {
  assert.is(tar([{ kind: "file", name: "a", content: Buffer.alloc(512) }]).length, 4 * 512);
  assert.is(tar([{ kind: "file", name: "a", content: Buffer.alloc(0) }]).length, 3 * 512);
});

test("a name that does not fit is refused", () => {
  assert.not.throws(() => tar([{ kind: "folder", name: "x".repeat(100) }]));
  assert.throws(() => tar([{ kind: "folder", name: "x".repeat(101) }]), /too long/);
});

test.run();
