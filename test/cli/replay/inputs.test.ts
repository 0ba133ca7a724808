/** How far captures have been read, of as many bytes as they have: nobody knows that of what is no file. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { writePcap } from "../../../bindings/capture/index.ts";
import { openInputs, STANDARD_INPUT } from "../../../cli/replay/inputs.ts";

const test = suite<{ path: (name: string) => string; folder: string }>("inputs of a replay");
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "portyard-inputs-"));
  context.path = (name) => join(context.folder, name);
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

const capture = (frames: number): Uint8Array => writePcap(new Array(frames).fill({ bytes: new Uint8Array(60), timeNs: 0n }));

test("the share of all bytes that has been read, packed or not", async ({ path }) => {
  const files = [capture(100), capture(300)];
  for (const [index, file] of files.entries()) writeFileSync(path(`${index}`), file);
  const { inputs, share } = openInputs(files.map((_, index) => ({ port: "a", path: path(`${index}`) })));
  const total = files.reduce((sum, { length }) => sum + length, 0);
  assert.is(share(), 0);
  for (const [index, expected] of [(files[0] as Uint8Array).length / total, 1].entries()) {
    for await (const burst of inputs[index]!.capture) assert.ok(burst.length > 0);
    assert.is(share(), expected);
  }
});

test("nobody knows it of a pipe, standard input, a folder, a device, what is not there, and of nothing at all", ({ path, folder }) => {
  execFileSync("mkfifo", [path("pipe")]);
  writeFileSync(path("file"), capture(3));
  writeFileSync(path("empty"), "");
  for (const other of [path("pipe"), STANDARD_INPUT, folder, "/dev/null", path("none")]) {
    const { share } = openInputs([path("file"), other].map((each) => ({ port: null, path: each })));
    assert.is(share(), null, other);
  }
  assert.is(openInputs([{ port: null, path: path("empty") }]).share(), null, "none of no bytes");
  assert.is(openInputs([]).share(), null);
  assert.is(openInputs([path("file"), path("empty")].map((each) => ({ port: null, path: each }))).share(), 0);
});

test.run();
