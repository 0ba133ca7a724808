/** Captures that are read through memory that is used again and again: the same records as of the whole file, from files and streams,
 *  whatever lies across the end of what was read. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGzip, gzipSync } from "node:zlib";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type CaptureFrame,
  type CaptureStream,
  openCapture,
  PcapEncoder,
  readCapture,
  writePcap,
  writePcapng,
} from "../../../bindings/capture/index.ts";
import { ByteQueue } from "../../../bindings/capture/byte-queue.ts";
import { WINDOW_BYTES } from "../../../bindings/capture/record-reader.ts";
import type { PortyardError } from "../../../bindings/error.ts";
import { scale } from "../../scale.ts";
import { anyPcap, anyPcapng } from "../../support/any-capture.ts";
import { blocks } from "../../support/capture-blocks.ts";
import { openBelow } from "../../support/descriptors.ts";
import { random } from "../../support/packet/random.ts";

const test = suite<{ folder: string }>("record reader");

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "portyard-reader-"));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

async function* pieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** Frames as they are read, each copied before the next. */
async function read(capture: CaptureStream): Promise<CaptureFrame[]> {
  const reader = capture.records(new Uint8Array(WINDOW_BYTES));
  const frames: CaptureFrame[] = [];
  try {
    while (await reader.fill()) {
      while (reader.advance()) {
        const { record, bytes } = reader;
        frames.push(record.toFrame(bytes.slice(record.at, record.at + record.bytes)));
      }
    }
  } finally {
    await reader.close();
  }
  return frames;
}

const plain = (frames: readonly CaptureFrame[]) => frames.map((frame) => ({ ...frame, bytes: Buffer.from(frame.bytes).toString("hex") }));

async function isAsWhole(file: Uint8Array, capture: CaptureStream, about: string): Promise<void> {
  const whole = readCapture(file);
  assert.equal(plain(await read(capture)), plain(whole.frames), about);
  assert.equal(capture.damage, whole.damage, about);
  assert.equal(capture.interfaces, whole.interfaces, about);
}

const source = random(11);
/** Of several windows, with records that lie across their ends. */
const long = writePcap(
  Array.from({ length: 4000 }, (_, index) => ({ bytes: source.bytes(60 + source.below(3000)), timeNs: BigInt(index) * 999_999_999n })),
);

test("files of several windows, whole and cut, plain and packed", async ({ folder }) => {
  const path = join(folder, "a.pcap");
  for (const file of [long, long.subarray(0, long.length - 1), long.subarray(0, 30), new Uint8Array(0), new Uint8Array(1)]) {
    for (const stored of file.length > 2 ? [file, gzipSync(file)] : [file]) {
      writeFileSync(path, stored);
      const capture = openCapture(path);
      await isAsWhole(file, capture, `${file.length} bytes`);
      assert.is(capture.bytesRead, stored.length);
      const streamed = openCapture(pieces(stored, 70_000));
      await read(streamed);
      assert.is(streamed.bytesRead, stored.length);
      const inBursts = openCapture(path);
      for await (const burst of inBursts) assert.ok(burst.length > 0 && inBursts.bytesRead > 0);
      assert.is(inBursts.bytesRead, stored.length);
    }
  }
});

test("streams in pieces of any size, plain and packed", async () => {
  for (const pieceBytes of [1, 3, 1000, 65_536, 1 << 19, (1 << 19) + 1, 1 << 24]) {
    const file = pieceBytes < 1000 ? long.subarray(0, 20_000) : long;
    await isAsWhole(file, openCapture(pieces(file, pieceBytes)), `in pieces of ${pieceBytes}`);
    const packed = gzipSync(file);
    if (pieceBytes > 1) await isAsWhole(file, openCapture(pieces(packed, pieceBytes)), `packed, in pieces of ${pieceBytes}`);
  }
});

test("a fraction of more than a second is that many seconds more", async () => {
  const file = writePcap([{ bytes: new Uint8Array(60), timeNs: 7_000_000_000n }], { resolution: "micro" });
  new DataView(file.buffer).setUint32(24 + 4, 2_500_000, true);
  const reader = openCapture(pieces(file, 1000)).records(new Uint8Array(WINDOW_BYTES));
  assert.ok((await reader.fill()) && reader.advance());
  const { seconds, nanoseconds, timeNs } = reader.record;
  assert.equal([seconds, nanoseconds, timeNs], [9, 500_000_000, 9_500_000_000n]);
  await reader.close();
});

test("between two reads of a file others have their turn", async ({ folder }) => {
  const path = join(folder, "a.pcap");
  writeFileSync(path, long);
  let [turns, isRead] = [0, false];
  const turn = (): void => {
    turns++;
    if (!isRead) setImmediate(turn);
  };
  const reader = openCapture(path).records(new Uint8Array(WINDOW_BYTES));
  assert.ok(await reader.fill());
  setImmediate(turn);
  let reads = 0;
  while (await reader.fill()) {
    while (reader.advance());
    reads++;
  }
  isRead = true;
  await reader.close();
  assert.ok(reads > 5 && turns >= reads - 1, `${turns} turns of others in ${reads} reads`);
});

test("a packed stream of single bytes", async () => {
  const file = long.subarray(0, 5000);
  await isAsWhole(file, openCapture(pieces(gzipSync(file), 1)), "in pieces of 1");
});

test("captures of every shape", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(anyPcap, anyPcapng), fc.integer({ min: 1, max: 300 }), async ({ file }, pieceBytes) => {
      await isAsWhole(file, openCapture(pieces(file, pieceBytes)), `in pieces of ${pieceBytes}`);
    }),
    { numRuns: scale.captureProperties },
  );
});

test("captures that are cut at any byte, plain and packed", async () => {
  for (const { file } of fc.sample(fc.oneof(anyPcap, anyPcapng), { numRuns: scale.cutRecordCaptures, seed: 5 })) {
    const packed = gzipSync(file);
    for (let bytes = 0; bytes < file.length; bytes++) {
      const cut = file.subarray(0, bytes);
      await isAsWhole(cut, openCapture(pieces(cut, 50)), `cut after ${bytes} bytes`);
    }
    const whole = plain(readCapture(file).frames);
    for (let bytes = 2; bytes < packed.length; bytes++) {
      const capture = openCapture(pieces(packed.subarray(0, bytes), 50));
      const frames = plain(await read(capture));
      assert.equal(frames, whole.slice(0, frames.length), `packed, cut after ${bytes} bytes`);
      assert.is.not(capture.damage, null);
      assert.is(capture.bytesRead, bytes);
    }
  }
});

test("blocks that are longer than a window, and the longest packets", async ({ folder }) => {
  const make = blocks(true);
  const unknown = make.block(0x7777, new Array(2 * WINDOW_BYTES).fill(7));
  const packet = make.enhanced(0, 5n, new Uint8Array(262_144).fill(3));
  const file = Uint8Array.from([...make.section(), ...make.description(), ...packet, ...unknown, ...packet, ...packet, ...packet]);
  const path = join(folder, "b.pcapng");
  writeFileSync(path, file);
  await isAsWhole(file, openCapture(path), "a file");
  await isAsWhole(file, openCapture(pieces(file, 100_000)), "a stream");
});

test("packed data that is damaged keeps what was before the damage", async () => {
  const packed = gzipSync(long);
  const capture = openCapture(pieces(packed.subarray(0, packed.length >> 1), 4096));
  const frames = await read(capture);
  assert.ok(frames.length > 1000);
  assert.equal(plain(frames), plain(readCapture(long).frames.slice(0, frames.length)));
  assert.match(capture.damage?.reason ?? "", /the gzip data is damaged/);
});

test("what is not there, is a folder, or fails is an error, and the source is ended", async ({ folder }) => {
  const failure = async (capture: CaptureStream): Promise<PortyardError> =>
    read(capture).then(
      () => assert.unreachable(),
      (error: unknown) => error as PortyardError,
    ) as Promise<PortyardError>;
  for (const path of [join(folder, "none"), folder]) {
    const { code, path: named } = await failure(openCapture(path));
    assert.equal([code, named], ["capture-unreadable", path]);
  }
  let isEnded = false;
  async function* failing(): AsyncGenerator<Uint8Array> {
    try {
      yield long.subarray(0, 5000);
      throw new Error("the pipe burst");
    } finally {
      isEnded = true;
    }
  }
  const { code, message } = await failure(openCapture(failing()));
  assert.is(code, "capture-unreadable");
  assert.match(message, /the pipe burst/);
  assert.ok(isEnded);
});

test("a reader that is closed early ends its source", async ({ folder }) => {
  let isEnded = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      yield long;
      for (;;) yield long.subarray(new PcapEncoder().headBytes);
    } finally {
      isEnded = true;
    }
  }
  const packed = async function* (): AsyncGenerator<Uint8Array> {
    const packer = createGzip();
    for await (const chunk of endless()) {
      packer.write(chunk);
      await once(packer, "readable");
      yield packer.read();
    }
  };
  for (const source of [endless(), packed()]) {
    isEnded = false;
    const reader = openCapture(source).records(new Uint8Array(WINDOW_BYTES));
    for (let reads = 0; reads < 3 || !reader.advance(); reads++) assert.ok(await reader.fill());
    await reader.close();
    await reader.close();
    assert.ok(isEnded);
  }
  const path = join(folder, "c.pcap");
  writeFileSync(path, long);
  for (const stored of [long, gzipSync(long)]) {
    writeFileSync(path, stored);
    const file = openCapture(path).records(new Uint8Array(WINDOW_BYTES));
    assert.ok(await file.fill());
    assert.equal(openBelow(folder), [path]);
    await file.close();
    assert.equal(openBelow(folder), []);
  }
});

test("a pipe with a path is waited for without a stop of this thread", async ({ folder }) => {
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  const half = long.length >> 1;
  // it ends by itself where this thread stands still and feeds it no more
  const writer = spawn("timeout", ["10", "sh", "-c", `exec cat >"$0"`, path], { stdio: ["pipe", "ignore", "inherit"] });
  const exit = once(writer, "exit");
  writer.stdin.on("error", () => {});
  writer.stdin.write(long.subarray(0, half));
  const capture = openCapture(path);
  const reader = capture.records(new Uint8Array(WINDOW_BYTES));
  let [frames, isFed] = [0, false];
  const feed = () => {
    isFed = true;
    writer.stdin.end(long.subarray(half));
  };
  while (await reader.fill()) {
    while (reader.advance()) frames++;
    // the next read begins before there is anything
    if (capture.bytesRead === half && !isFed) setTimeout(feed, 1);
  }
  assert.equal([frames, capture.bytesRead, capture.damage], [4000, long.length, null]);
  await reader.close();
  assert.equal(await exit, [0, null]);
});

test("an empty capture has no record", async () => {
  await isAsWhole(writePcapng([]), openCapture(pieces(writePcapng([]), 10)), "nothing");
});

test("a queue gives the same bytes by whatever way they come", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.array(fc.nat(30)),
      fc.integer({ min: 1, max: 90 }),
      (chunks, takes, windowBytes) => {
        const [pushed, filled] = [new ByteQueue(), new ByteQueue()];
        filled.useWindow(new Uint8Array(windowBytes));
        const all = Buffer.concat(chunks);
        const taken: string[] = [];
        let turn = 0;
        for (const chunk of chunks) {
          pushed.push(chunk);
          for (let at = 0; at < chunk.length; ) {
            const room = filled.room();
            assert.ok(room.length > 0);
            const part = chunk.subarray(at, at + room.length);
            room.fill(0xee);
            room.set(part);
            filled.fill(part.length);
            at += part.length;
          }
          const bytes = takes[turn++ % Math.max(takes.length, 1)] ?? 5;
          assert.is(filled.has(bytes), pushed.has(bytes));
          if (!filled.has(bytes)) continue;
          taken.push(Buffer.from(filled.slice(0, bytes)).toString("hex"));
          assert.is(Buffer.from(pushed.slice(0, bytes)).toString("hex"), taken.at(-1));
          for (const queue of [pushed, filled]) queue.skip(bytes);
        }
        assert.is(taken.join(""), all.subarray(0, filled.offset).toString("hex"));
        assert.is(filled.available, all.length - filled.offset);
      },
    ),
    { numRuns: scale.captureProperties },
  );
});

test.run();
