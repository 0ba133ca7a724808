/** A capture file that grows frame by frame: it is what would have been written at once. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CaptureFile } from "../../../bindings/capture/capture-file.ts";
import { type FrameToWrite, PcapEncoder, PcapngEncoder, writePcap, writePcapng } from "../../../bindings/capture/index.ts";
import { PortyardError } from "../../../bindings/error.ts";

const test = suite<{ folder: string }>("capture file");

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "portyard-capture-"));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

/** More than is gathered before it is written. */
const frames: FrameToWrite[] = Array.from({ length: 4000 }, (_, index) => ({
  bytes: new Uint8Array(60 + (index % 1400)).fill(index),
  timeNs: BigInt(index) * 1_000_001n,
  ...(index % 7 === 0 && { comment: `number ${index}` }),
}));

test("many frames", async ({ folder }) => {
  for (const [encoder, whole] of [
    [new PcapEncoder(), writePcap(frames)],
    [new PcapngEncoder(), writePcapng(frames)],
  ] as const) {
    const file = new CaptureFile(join(folder, "many"), encoder);
    for (const frame of frames) file.write(frame);
    assert.is(file.frames, frames.length);
    await file.close();
    await file.close();
    assert.ok(readFileSync(file.path).equals(whole));
  }
});

test("none, and one that is longer than what is gathered", async ({ folder }) => {
  const file = new CaptureFile(join(folder, "none"), new PcapngEncoder());
  await file.close();
  assert.ok(readFileSync(file.path).equals(writePcapng([])));
  const long = [frames[0] as FrameToWrite, { bytes: new Uint8Array(262144).fill(7), timeNs: 1n, comment: "x".repeat(60_000) }];
  const other = new CaptureFile(file.path, new PcapngEncoder());
  for (let round = 0; round < 5; round++) for (const frame of long) other.write(frame);
  await other.close();
  assert.ok(readFileSync(file.path).equals(writePcapng(Array.from({ length: 5 }, () => long).flat())));
});

test("a folder that is not there, and a disk that is full, are named", async ({ folder }) => {
  const codeOf = async (action: () => unknown): Promise<string> => {
    try {
      await action();
      return "";
    } catch (error) {
      return error instanceof PortyardError ? error.code : String(error);
    }
  };
  assert.is(await codeOf(() => new CaptureFile(join(folder, "no/where"), new PcapEncoder())), "file-failed");
  const full = new CaptureFile("/dev/full", new PcapEncoder());
  assert.is(await codeOf(() => full.close()), "disk-full");
  assert.is(await codeOf(() => full.close()), "");
});

test.run();
