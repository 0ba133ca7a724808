/** A capture file that grows frame by frame: it is what would have been written at once. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BUFFER_BYTES, CaptureFile } from "../../../bindings/capture/capture-file.ts";
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

test("many frames", ({ folder }) => {
  for (const [encoder, whole] of [
    [new PcapEncoder(), writePcap(frames)],
    [new PcapngEncoder(), writePcapng(frames)],
  ] as const) {
    const file = new CaptureFile(join(folder, "many"), encoder);
    for (const frame of frames) file.write(frame);
    file.close();
    file.close();
    assert.ok(readFileSync(file.path).equals(whole));
  }
});

test("none, and one that is longer than what is gathered", ({ folder }) => {
  const file = new CaptureFile(join(folder, "none"), new PcapngEncoder());
  file.close();
  assert.ok(readFileSync(file.path).equals(writePcapng([])));
  const long = [frames[0] as FrameToWrite, { bytes: new Uint8Array(262144).fill(7), timeNs: 1n, comment: "x".repeat(60_000) }];
  const other = new CaptureFile(file.path, new PcapngEncoder());
  for (let round = 0; round < 5; round++) for (const frame of long) other.write(frame);
  other.close();
  assert.ok(readFileSync(file.path).equals(writePcapng(Array.from({ length: 5 }, () => long).flat())));
});

test("frames of one memory with the buffer, and of another", ({ folder }) => {
  const memory = new Uint8Array(BUFFER_BYTES + 100_000);
  const file = new CaptureFile(join(folder, "gathered"), new PcapngEncoder());
  file.gatherIn(memory.subarray(50_000, 50_000 + BUFFER_BYTES), memory);
  const times = Array.from({ length: 6000 }, (_, index) => BigInt(index) * 1_000_000_000_000n + BigInt(index));
  const appended = times.map((timeNs, index) => {
    const bytes = new Uint8Array(60 + (index % 1441)).fill(index);
    const [source, at] = index % 5 === 0 ? [bytes, 0] : [memory, 1000 + (index % 100)];
    if (source === memory) memory.set(bytes, at);
    file.append(source, at, bytes.length, bytes.length + (index % 2), index * 1000, index);
    return { bytes, originalBytes: bytes.length + (index % 2), timeNs };
  });
  file.append(new Uint8Array(262_144), 0, 262_144, 262_144, 1, 0);
  // from here on it gathers elsewhere
  const last = memory.fill(7).slice(100, 200);
  file.append(memory, 100, last.length, last.length, 2, 0);
  file.close();
  const long = [new Uint8Array(262_144), last].map((bytes, index) => ({ bytes, timeNs: BigInt(index + 1) * 1_000_000_000n }));
  const whole = writePcapng([...appended, ...long]);
  assert.ok(readFileSync(file.path).equals(whole));
});

test("a head that is longer than what is gathered", ({ folder }) => {
  const interfaces = Array.from({ length: 4000 }, (_, index) => ({ name: `port-${index}`.padEnd(63, "x") }));
  const memory = new Uint8Array(BUFFER_BYTES + 2000).fill(9);
  const file = new CaptureFile(join(folder, "head"), new PcapngEncoder({ interfaces }));
  file.gatherIn(memory.subarray(0, BUFFER_BYTES), memory);
  for (let index = 0; index < 500; index++) file.append(memory, BUFFER_BYTES, 1000, 1000, index, 0);
  file.close();
  const bytes = new Uint8Array(1000).fill(9);
  const frames = Array.from({ length: 500 }, (_, index) => ({ bytes, timeNs: BigInt(index) * 1_000_000_000n }));
  assert.ok(readFileSync(file.path).equals(writePcapng(frames, { interfaces })));
});

test("where a file may not become as long, what was written of it is no success", ({ folder }) => {
  const path = join(folder, "short");
  const module = fileURLToPath(new URL("../../../bindings/capture/capture-file.js", import.meta.url));
  const encoder = fileURLToPath(new URL("../../../bindings/capture/pcap-writer.js", import.meta.url));
  const program = `
    import { CaptureFile } from ${JSON.stringify(module)};
    import { PcapEncoder } from ${JSON.stringify(encoder)};
    const file = new CaptureFile(${JSON.stringify(path)}, new PcapEncoder());
    for (let index = 0; index < 10; index++) file.write({ bytes: new Uint8Array(10_000), timeNs: 0n });
    try { file.close(); } catch (error) { console.log(error.code, error.value); }`;
  // 20 blocks of 512 bytes: the kernel takes so many of a write, and none of the next
  const run = 'ulimit -f 20; exec "$0" --input-type=module --eval "$1"';
  const { stdout, stderr } = spawnSync("sh", ["-c", run, process.execPath, program], { encoding: "utf8" });
  assert.equal([stdout, stderr], ["file-failed EFBIG\n", ""]);
  assert.is(statSync(path).size, 20 * 512);
});

test("a folder that is not there, and a disk that is full, are named", ({ folder }) => {
  const codeOf = (action: () => unknown): string => {
    try {
      action();
      return "";
    } catch (error) {
      return error instanceof PortyardError ? error.code : String(error);
    }
  };
  assert.is(
    codeOf(() => new CaptureFile(join(folder, "no/where"), new PcapEncoder())),
    "file-failed",
  );
  const full = new CaptureFile("/dev/full", new PcapEncoder());
  assert.is(
    codeOf(() => full.close()),
    "disk-full",
  );
  assert.is(
    codeOf(() => full.close()),
    "",
  );
});

test.run();
