/** The committed captures are those that the generator makes, and small. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { madeFiles } from "../../../scripts/captures/all.ts";
import { captureBytes, captureFiles, captureOf, ownCaptureFolder, projectRoot } from "../../support/captures.ts";

const MOST_BYTES = 200_000;

test("every committed capture is made anew to the byte, but for how it is packed", () => {
  for (const { path, bytes } of madeFiles()) {
    const committed = readFileSync(join(projectRoot, path));
    if (path.endsWith(".gz")) continue;
    assert.ok(Buffer.from(bytes).equals(committed), `${path} differs: run node dist/scripts/make-captures.js`);
  }
});

test("a packed one has the same contents", () => {
  for (const { path, bytes } of madeFiles().filter((file) => file.path.endsWith(".gz"))) {
    assert.ok(Buffer.from(captureBytes(join(projectRoot, path))).equals(gunzipSync(bytes)), path);
  }
});

test("no other file lies among them, and together they are small", () => {
  const made = new Set(madeFiles().map((file) => join(projectRoot, file.path)));
  assert.equal(
    captureFiles(ownCaptureFolder).filter((file) => !made.has(file)),
    [],
  );
  const total = captureFiles(ownCaptureFolder).reduce((bytes, file) => bytes + readFileSync(file).length, 0);
  assert.ok(total <= MOST_BYTES, `${total} bytes`);
});

test("the demo's capture holds a greeting, five pings with their answers, and a connection from SYN to the last ACK", () => {
  const { frames, damage } = captureOf(join(projectRoot, "examples/two-containers.pcap"));
  assert.is(damage, null);
  const type = (bytes: Uint8Array): number => ((bytes[12] ?? 0) << 8) | (bytes[13] ?? 0);
  const ip = frames.filter((frame) => type(frame.bytes) === 0x0800);
  assert.is(frames.filter((frame) => type(frame.bytes) === 0x0806).length, 2);
  assert.is(ip.filter((frame) => frame.bytes[23] === 1 && frame.bytes[34] === 8).length, 5);
  assert.is(ip.filter((frame) => frame.bytes[23] === 1 && frame.bytes[34] === 0).length, 5);
  const flags = ip.filter((frame) => frame.bytes[23] === 6).map((frame) => frame.bytes[47]);
  assert.equal(flags.slice(0, 3), [0x02, 0x12, 0x10]);
  assert.equal(flags.slice(-3), [0x11, 0x11, 0x10]);
  assert.ok(frames.every((frame, index) => index === 0 || frame.timeNs > (frames[index - 1]?.timeNs ?? 0n)));
});

test.run();
