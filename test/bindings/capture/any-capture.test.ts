/** Files of every shape, made by a second writer: read whole, as a stream in pieces of any size, plain and packed in one member or in
 *  several, they give what was written; and cut at every byte, plain or packed, the whole frames before the cut and one error that says
 *  where and why, or none where the cut falls between two records. */
import { Readable } from "node:stream";
import { constants, gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type CaptureDamage, type CaptureFrame, openCapture, readCapture } from "../../../bindings/capture/index.ts";
import { scale } from "../../scale.ts";
import { anyPcap, anyPcapng, type MadeCapture } from "../../support/any-capture.ts";

const formats = [
  ["pcap", anyPcap],
  ["pcapng", anyPcapng],
] as const;

const plain = ({ bytes, originalBytes, timeNs, interface: index, comment }: CaptureFrame) => ({
  bytes: [...bytes],
  originalBytes,
  timeNs,
  interface: index,
  comment,
});
const framesOf = ({ parts }: MadeCapture) => parts.flatMap(({ frame }) => frame ?? []);

interface Streamed {
  frames: ReturnType<typeof plain>[];
  damage: CaptureDamage | null;
}

/** Reads a stream of pieces. */
async function streamed(file: Uint8Array, pieceBytes: number): Promise<Streamed> {
  const count = Math.ceil(file.length / pieceBytes);
  const pieces = Array.from({ length: count }, (_, index) => file.subarray(index * pieceBytes, (index + 1) * pieceBytes));
  const capture = openCapture(Readable.from(pieces));
  const frames: Streamed["frames"] = [];
  for await (const burst of capture) frames.push(...burst.map(plain));
  return { frames, damage: capture.damage };
}

for (const [format, anyCapture] of formats) {
  test(`${format}: what a second writer wrote is what is read`, () => {
    fc.assert(
      fc.property(anyCapture, (made) => {
        const { frames, damage, interfaces, format: found } = readCapture(made.file);
        assert.is(damage, null);
        assert.is(found, format);
        assert.equal(
          interfaces.map(({ linkType, snapLength, fcsBytes, name }) => ({ linkType, snapLength, fcsBytes, name })),
          made.interfaces,
        );
        assert.equal(frames.map(plain), framesOf(made));
      }),
      { numRuns: scale.captureProperties },
    );
  });

  test(`${format}: as a stream, plain and packed, whatever the pieces and members are`, async () => {
    const members = fc.array(fc.nat(3000), { maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(anyCapture, fc.integer({ min: 1, max: 3000 }), members, fc.boolean(), async (made, pieceBytes, cuts, isPacked) => {
        const ends = [...cuts.map((cut) => cut % (made.file.length + 1)), made.file.length].sort((one, other) => one - other);
        const packed = Buffer.concat(ends.map((end, index) => gzipSync(made.file.subarray(ends[index - 1] ?? 0, end))));
        const { frames, damage } = await streamed(isPacked ? packed : made.file, pieceBytes);
        assert.is(damage, null);
        assert.equal(frames, framesOf(made));
      }),
      { numRuns: scale.captureProperties },
    );
  });
}

/** Holds what the first `length` bytes of a file must give. */
function checkCut({ parts }: MadeCapture, length: number, count: number, damage: CaptureDamage | null): void {
  const before = parts.filter(({ end }) => end <= length);
  assert.is(count, before.filter(({ frame }) => frame !== null).length, `frames of the first ${length} bytes`);
  const begin = before.at(-1)?.end ?? 0;
  if (length === begin && length > 0) return assert.is(damage, null, `${length} bytes end between two records`);
  assert.is(damage?.offset, begin, `the damage of the first ${length} bytes`);
  const reason = length === 0 ? /^the file is empty$/ : new RegExp(`^the file ends ${length - begin} bytes into .* of at least [0-9]+$`);
  assert.match(damage?.reason ?? "", reason);
}

for (const [format, anyCapture] of formats) {
  test(`${format}: cut at every byte`, () => {
    fc.assert(
      fc.property(anyCapture, (made) => {
        for (let length = 0; length <= made.file.length; length++) {
          const { frames, damage } = readCapture(made.file.subarray(0, length));
          checkCut(made, length, frames.length, damage);
        }
      }),
      { numRuns: scale.cutCaptures },
    );
  });

  test(`${format}: packed, cut at every byte of the packed file`, async () => {
    await fc.assert(
      fc.asyncProperty(anyCapture, fc.nat(3000), async (made, middle) => {
        const halves = [made.file.subarray(0, middle % made.file.length), made.file.subarray(middle % made.file.length)];
        const packed = Buffer.concat(halves.map((half) => gzipSync(half)));
        for (let length = 0; length <= packed.length; length++) await checkPackedCut(made, packed.subarray(0, length));
      }),
      { numRuns: scale.cutPackedCaptures },
    );
  });
}

/** What zlib unpacks of a cut file is a cut file. That the packing ends early is the error where it does, and its place is that of the
 *  first byte that makes no whole record. */
async function checkPackedCut(made: MadeCapture, cut: Uint8Array): Promise<void> {
  const { frames, damage } = await streamed(cut, 4096);
  const isGzip = cut.length >= 2;
  const unpacked = isGzip ? gunzipSync(cut, { finishFlush: constants.Z_SYNC_FLUSH }).length : 0;
  const expected = made.parts.filter(({ end, frame }) => end <= unpacked && frame !== null).length;
  assert.is(frames.length, expected, `${cut.length} packed bytes, which are ${unpacked}`);
  if (!isGzip)
    return assert.match(damage?.reason ?? "", cut.length === 0 ? /^the file is empty$/ : /^the file ends 1 bytes into a magic number/);
  if (isWhole(cut)) return checkCut(made, unpacked, frames.length, damage);
  assert.is(damage?.offset, made.parts.filter(({ end }) => end <= unpacked).at(-1)?.end ?? 0);
  assert.is(damage?.reason, "the gzip data is damaged: unexpected end of file");
}

function isWhole(packed: Uint8Array): boolean {
  try {
    gunzipSync(packed);
    return true;
  } catch {
    return false;
  }
}

test.run();
