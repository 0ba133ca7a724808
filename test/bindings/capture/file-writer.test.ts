/** Files that are written behind the back of whoever fills the next buffer: every byte at its place, and a failure is told. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CaptureFile, GATHER_BYTES } from "../../../bindings/capture/capture-file.ts";
import { FileWriter } from "../../../bindings/capture/file-writer.ts";
import { PcapngEncoder, writePcapng } from "../../../bindings/capture/index.ts";

const test = suite<{ path: string; folder: string }>("file writer");

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "portyard-writer-"));
  context.path = join(context.folder, "file");
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

test("what is written at once and behind stands in the order in which it was given", async ({ path }) => {
  const writer = new FileWriter(path);
  assert.ok(writer.hasPlaces);
  const parts = Array.from({ length: 40 }, (_, index) => new Uint8Array(10_000 + index).fill(index));
  let done = 0;
  for (const [index, part] of parts.entries()) {
    if (index % 3 === 0) writer.write(part);
    else writer.writeBehind(part, () => void done++);
    if (index % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await writer.close(Uint8Array.of(99));
  assert.is(done, parts.filter((_, index) => index % 3 !== 0).length);
  assert.ok(readFileSync(path).equals(Buffer.concat([...parts, Uint8Array.of(99)])));
});

test("a pipe has no places: there each write follows the one before", async ({ path }) => {
  execFileSync("mkfifo", [path]);
  const script = `import { FileWriter } from ${JSON.stringify(new URL("../../../bindings/capture/file-writer.js", import.meta.url).href)};
    const writer = new FileWriter(${JSON.stringify(path)});
    writer.write(Buffer.from(String(writer.hasPlaces)));
    await writer.close(Buffer.from(" end"));`;
  writeFileSync(`${path}.mjs`, script);
  const heard = execFileSync("sh", ["-c", 'cat "$1" & "$0" "$1.mjs"; wait', process.execPath, path], { encoding: "utf8" });
  assert.is(heard, "false end");
});

test("frames of one memory with the buffers, and of another", async ({ path }) => {
  const memory = new Uint8Array(GATHER_BYTES + 100_000);
  const file = new CaptureFile(path, new PcapngEncoder());
  file.gatherIn(memory.subarray(50_000, 50_000 + GATHER_BYTES), memory);
  const frames = Array.from({ length: 6000 }, (_, index) => new Uint8Array(60 + (index % 1441)).fill(index));
  for (const [index, frame] of frames.entries()) {
    const source = index % 5 === 0 ? frame : memory;
    if (source === memory) memory.set(frame, 1000 + (index % 100));
    file.append(source, source === memory ? 1000 + (index % 100) : 0, frame.length, frame.length + (index % 2), index * 1000, index);
    if (index % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await file.close();
  const whole = writePcapng(
    frames.map((bytes, index) => ({
      bytes,
      originalBytes: bytes.length + (index % 2),
      timeNs: BigInt(index) * 1_000_000_000_000n + BigInt(index),
    })),
  );
  assert.ok(readFileSync(path).equals(whole));
});

test("a file that may grow no further is an error of the next write, or of the end", ({ path }) => {
  const module = JSON.stringify(new URL("../../../bindings/capture/file-writer.js", import.meta.url).href);
  const script = `import { FileWriter } from ${module};
    const writer = new FileWriter(process.argv[2]);
    const told = [];
    const attempt = async (action) => { try { await action(); } catch ({ code }) { told.push(code); } };
    await new Promise((resolve) => writer.writeBehind(new Uint8Array(10_000_000), resolve));
    await attempt(() => writer.write(new Uint8Array(1)));
    await attempt(() => writer.writeBehind(new Uint8Array(10_000_000), () => told.push("done")));
    await attempt(() => writer.close(new Uint8Array(0)));
    await attempt(() => writer.close(new Uint8Array(0)));
    console.log(told.join());`;
  writeFileSync(`${path}.mjs`, script);
  const { stdout, stderr } = spawnSync("sh", ["-c", 'ulimit -f 1000; "$0" "$1.mjs" "$1"', process.execPath, path], { encoding: "utf8" });
  assert.is(stdout.trim(), "file-failed,done,file-failed", stderr);
});

test.run();
