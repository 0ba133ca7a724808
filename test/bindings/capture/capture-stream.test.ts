/** Captures from files and pipes: plain and gzip, damaged in the packing, in constant memory, and what happens when the
 *  source itself fails or the reader stops early.                                                                       */
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type CaptureStream,
  type FrameToWrite,
  PcapEncoder,
  openCapture,
  writePcap,
  writePcapng,
} from "../../../bindings/capture/index.ts";
import { WINDOW_BYTES } from "../../../bindings/capture/record-reader.ts";
import { PortyardError } from "../../../bindings/error.ts";
import { scale } from "../../scale.ts";
import { random } from "../../support/packet/random.ts";

const FRAMES = 100;
/** What a capture longer than this may at most add to the memory of the process. */
const CONSTANT_BYTES = 150_000_000;
const source = random(4);
const written: FrameToWrite[] = Array.from({ length: FRAMES }, (_, index) => ({
  bytes: source.bytes(60 + source.below(400)),
  timeNs: BigInt(index) * 1000n,
}));
const file = writePcapng(written);
const packed = gzipSync(file);

function pieces(bytes: Uint8Array, pieceBytes: number): Readable {
  return Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
    })(),
  );
}

async function count(capture: CaptureStream): Promise<number> {
  let frames = 0;
  for await (const burst of capture) {
    assert.ok(burst.length > 0, "a burst is never empty");
    frames += burst.length;
  }
  return frames;
}

async function countRecords(capture: CaptureStream): Promise<number> {
  const reader = capture.records(new Uint8Array(WINDOW_BYTES));
  let frames = 0;
  while (await reader.fill()) while (reader.advance()) frames++;
  await reader.close();
  return frames;
}

for (const [form, bytes] of [
  ["plain", file],
  ["gzip", packed],
  ["gzip of two members", Buffer.concat([gzipSync(file.subarray(0, 5000)), gzipSync(file.subarray(5000))])],
] as const) {
  for (const pieceBytes of [1, 7, 4096, 1 << 20]) {
    test(`${form}, in pieces of ${pieceBytes} bytes`, async () => {
      const capture = openCapture(pieces(bytes, pieceBytes));
      assert.is(await count(capture), FRAMES);
      assert.is(capture.damage, null);
      assert.is(capture.format, "pcapng");
    });
  }
}

test("gzip data that ends early gives the frames before its end and names the packing", async () => {
  const capture = openCapture(pieces(packed.subarray(0, packed.length >> 1), 4096));
  const frames = await count(capture);
  assert.ok(frames > FRAMES * 0.4 && frames < FRAMES * 0.6, `${frames} frames`);
  assert.match(capture.damage?.reason ?? "", /the gzip data is damaged: unexpected end of file/);
});

test("gzip data with a wrong check sum keeps what came before its last piece", async () => {
  const wrong = Buffer.from(packed);
  wrong.writeUInt8(wrong.readUInt8(wrong.length - 8) ^ 1, wrong.length - 8);
  const capture = openCapture(pieces(wrong, 1024));
  assert.ok((await count(capture)) > FRAMES * 0.9);
  assert.match(capture.damage?.reason ?? "", /the gzip data is damaged: incorrect data check/);
});

test("gzip twice is said, not guessed", async () => {
  const capture = openCapture(pieces(gzipSync(packed), 4096));
  assert.is(await count(capture), 0);
  assert.match(capture.damage?.reason ?? "", /gzip data inside/);
});

async function within<Result>(result: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came of it within ${scale.patienceMilliseconds} ms`)), scale.patienceMilliseconds);
  });
  return Promise.race([result, late]).finally(() => clearTimeout(timer));
}

for (const [padding, pieceBytes] of [
  [1, 1 << 20],
  [100, 1 << 20],
  [100, 50],
  [100_000, 1 << 20],
  [100_000, 16_384],
] as const) {
  test(`gzip data that is padded with ${padding} zeros, in pieces of ${pieceBytes} bytes`, async () => {
    const padded = Buffer.concat([packed, Buffer.alloc(padding)]);
    for (const read of [count, countRecords]) {
      const capture = openCapture(pieces(padded, pieceBytes));
      assert.is(await within(read(capture)), FRAMES);
      assert.is(capture.damage, null);
    }
  });
}

test("a stream that is damaged is not read to its end", async () => {
  let asked = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("not a capture");
    for (;;) {
      asked++;
      yield new Uint8Array(10);
    }
  }
  const capture = openCapture(endless());
  assert.is(await count(capture), 0);
  assert.ok(asked <= 2);
  assert.match(capture.damage?.reason ?? "", /begins neither/);
});

test("a reader that stops early ends the source", async () => {
  const stream = pieces(packed, 100);
  for await (const burst of openCapture(stream)) {
    assert.ok(burst.length > 0);
    break;
  }
  assert.ok(stream.destroyed);
});

test("a capture is gone through once, by whichever way; the second is an error that says so", async () => {
  const codeOf = async (read: () => Promise<unknown>): Promise<string> =>
    read().then(
      () => "none",
      (error: PortyardError) => error.code,
    );
  for (const first of [count, countRecords]) {
    for (const second of [count, countRecords]) {
      const capture = openCapture(pieces(file, 4096));
      assert.is(await first(capture), FRAMES);
      assert.is(await codeOf(() => second(capture)), "capture-used");
      assert.is(capture.damage, null, "it is as the first one left it");
    }
  }
  const capture = openCapture(pieces(file, 100));
  for await (const burst of capture) {
    assert.ok(burst.length > 0);
    assert.is(await codeOf(() => count(capture)), "capture-used", "while it is being read");
    break;
  }
});

test("a file that is not there is an error that names it", async () => {
  const error = await count(openCapture("/nowhere/at-all.pcap")).then(
    () => null,
    (problem: unknown) => problem,
  );
  assert.instance(error, PortyardError);
  assert.is((error as PortyardError).code, "capture-unreadable");
  assert.is((error as PortyardError).path, "/nowhere/at-all.pcap");
});

test("a source that fails in the middle is an error, after the frames before", async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield file.subarray(0, file.length >> 1);
    throw new Error("the pipe burst");
  }
  let frames = 0;
  const reads = async (): Promise<void> => {
    for await (const burst of openCapture(failing())) frames += burst.length;
  };
  const error = await reads().then(
    () => null,
    (problem: unknown) => problem as PortyardError,
  );
  assert.is(error?.code, "capture-unreadable");
  assert.match(error?.message ?? "", /the pipe burst/);
  assert.ok(frames > 0);
});

test("a capture of any length is read in constant memory", async () => {
  const frame = { bytes: new Uint8Array(1500), timeNs: 0n };
  const head = writePcap([], {});
  const encoder = new PcapEncoder();
  const block = writePcap(new Array<FrameToWrite>(100).fill(frame)).subarray(encoder.headBytes);
  const bursts = Math.ceil((scale.captureStreamMegabytes * 1_000_000) / block.length);
  async function* long(): AsyncGenerator<Uint8Array> {
    yield head;
    for (let burst = 0; burst < bursts; burst++) yield Uint8Array.from(block);
  }
  const before = process.resourceUsage().maxRSS * 1024;
  let frames = 0;
  let most = 0;
  for await (const burst of openCapture(long())) {
    frames += burst.length;
    most = Math.max(most, burst.length);
  }
  assert.is(frames, bursts * 100);
  assert.ok(most <= 101, `a burst held ${most} frames of a chunk with 100`);
  const grown = process.resourceUsage().maxRSS * 1024 - before;
  assert.ok(grown < CONSTANT_BYTES, `${Math.round(grown / 1e6)} MB more for a capture of ${scale.captureStreamMegabytes} MB`);
});

test.run();
