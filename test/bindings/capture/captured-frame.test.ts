/** One frame of a capture, by its number. */
import { Readable } from "node:stream";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CaptureStream, openCapture, writePcap, writePcapng } from "../../../bindings/capture/index.ts";
import { capturedFrame } from "../../../bindings/capture/captured-frame.ts";
import { PortyardError } from "../../../bindings/error.ts";
import { ramp } from "../../support/packet/bytes.ts";

const test = suite("a frame of a capture");
const LINUX_SLL = 113;
/** One more than a chunk holds. */
const frames = Array.from({ length: 500 }, (_, index) => ({ bytes: ramp(60 + index), timeNs: BigInt(index) }));

/** Read in pieces of `pieceBytes`. */
const open = (file: Uint8Array, pieceBytes = 4096): CaptureStream =>
  openCapture(
    Readable.from(
      Array.from({ length: Math.ceil(file.length / pieceBytes) }, (_, at) => file.slice(at * pieceBytes, (at + 1) * pieceBytes)),
    ),
  );

async function errorOf(work: Promise<unknown>): Promise<PortyardError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof PortyardError) return error;
    throw error;
  }
  throw new Error("there is such a frame");
}

for (const [format, write] of [
  ["pcap", writePcap],
  ["pcapng", writePcapng],
] as const) {
  test(`${format}: the first, one in the middle, and the last`, async () => {
    const file = write(frames);
    for (const number of [1, 2, 250, 499, 500]) {
      const { bytes, originalBytes } = await capturedFrame(open(file), number);
      assert.equal([...bytes], [...ramp(59 + number)], `frame ${number}`);
      assert.is(originalBytes, 59 + number);
    }
  });

  test(`${format}: one behind the last is missing, and it is said how many there are`, async () => {
    for (const number of [501, 100_000]) {
      const { code, message, value, remedy } = await errorOf(capturedFrame(open(write(frames)), number));
      assert.equal([code, value, remedy], ["frame-missing", number, "Frames are counted from 1."]);
      assert.is(message, `There is no frame ${number}: the capture has 500.`);
    }
  });
}

test("what is behind it is not read", async () => {
  let pieces = 0;
  const file = writePcap(frames);
  const source = (async function* () {
    for (let at = 0; at < file.length; at += 4096, pieces++) yield file.slice(at, at + 4096);
  })();
  await capturedFrame(new CaptureStream(source), 1);
  assert.ok(pieces <= 1, `${pieces} pieces were read beyond the first`);
});

test("a frame before the damage is found, and one behind it is missing because of it", async () => {
  const file = writePcap(frames.slice(0, 3));
  const cut = file.subarray(0, file.length - 1);
  assert.is((await capturedFrame(open(cut), 2)).bytes.length, 61);
  const { code, message } = await errorOf(capturedFrame(open(cut), 3));
  assert.is(code, "frame-missing");
  assert.match(message, /^There is no frame 3: the capture has 2\. It is damaged at byte \d+: .+\.$/);
});

test("a file that is no capture says so", async () => {
  const { code, message } = await errorOf(capturedFrame(open(new TextEncoder().encode("no capture at all, but text")), 1));
  assert.is(code, "frame-missing");
  assert.match(message, "It is damaged at byte 0");
});

test("a capture without frames has none", async () => {
  assert.is((await errorOf(capturedFrame(open(writePcap([])), 1))).message, "There is no frame 1: the capture has 0.");
});

test("another link type is refused by its name", async () => {
  const { code, message, value, remedy } = await errorOf(capturedFrame(open(writePcap(frames, { linkType: LINUX_SLL })), 1));
  assert.equal([code, value], ["capture-link-type", "LINUX_SLL"]);
  assert.is(message, "Frame 1 is one of LINUX_SLL; a switch takes Ethernet.");
  assert.match(remedy ?? "", "Ethernet interface");
});

test("a frame that was cut knows how long it was", async () => {
  const cut = [{ bytes: ramp(64), originalBytes: 1514, timeNs: 0n }];
  for (const file of [writePcap(cut), writePcapng(cut)]) {
    const { bytes, originalBytes } = await capturedFrame(open(file), 1);
    assert.equal([bytes.length, originalBytes], [64, 1514]);
  }
});

test("a frame check sequence is no part of the frame: whole, cut within it, and cut before it", async () => {
  // pcap says in the link type's upper bits that each frame ends with one: f in bit 26, its 16-bit words from bit 28 on
  const withFcs = (captured: number, original: number): Uint8Array => {
    const file = writePcap([{ bytes: ramp(captured), originalBytes: original, timeNs: 0n }]).slice();
    new DataView(file.buffer).setUint32(20, 0x24000001, isLittle(file));
    return file;
  };
  for (const [captured, original, bytes, wire] of [
    [64, 64, 60, 60],
    [62, 64, 60, 60],
    [40, 64, 40, 60],
    [3, 3, 0, 0],
  ] as const) {
    const found = await capturedFrame(open(withFcs(captured, original)), 1);
    assert.equal([found.bytes.length, found.originalBytes], [bytes, wire], `${captured} of ${original} bytes`);
  }
});

/** By its magic number. */
function isLittle(file: Uint8Array): boolean {
  return file[3] === 0xa1;
}

test.run();
