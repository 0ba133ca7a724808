/** What our writers write is what is read, for every format, byte order and resolution; and a file of theirs that is cut anywhere gives
 *  the whole frames before the cut and, unless the cut falls between two records, one error with its place. Files of every other shape:
 *  any-capture.test.ts. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  CaptureParser,
  type FrameToWrite,
  PcapEncoder,
  PcapngEncoder,
  readCapture,
  writePcap,
  writePcapng,
} from "../../../bindings/capture/index.ts";
import { scale } from "../../scale.ts";
import { blocks, records } from "../../support/capture-blocks.ts";
import { ramp } from "../../support/packet/bytes.ts";

const LAST_PCAP_NS = (1n << 32n) * 1_000_000_000n - 1n;
const LAST_PCAPNG_NS = (1n << 64n) - 1n;
const runs = { numRuns: scale.captureProperties };

const byteOrder = fc.constantFrom("little", "big");
const resolution = fc.constantFrom("micro", "nano");
const contents = fc.uint8Array({ maxLength: 100 });
const comment = fc.string({ unit: "binary", maxLength: 20 }).map((text) => Buffer.from(text).toString());

function frames(lastNs: bigint, interfaces: number) {
  const required = { bytes: contents, timeNs: fc.bigInt({ min: 0n, max: lastNs }) };
  const optional = { originalBytes: fc.nat(70000), interface: fc.nat(interfaces - 1), comment };
  return fc.array(fc.record({ ...required, ...optional }, { requiredKeys: ["bytes", "timeNs"] }), { maxLength: 6 }) as fc.Arbitrary<
    FrameToWrite[]
  >;
}

const rounded = (timeNs: bigint, unit: string): bigint => (unit === "micro" ? timeNs - (timeNs % 1000n) : timeNs);
const known = (frame: FrameToWrite, unit: string, withComment: boolean) => ({
  bytes: [...frame.bytes],
  originalBytes: frame.originalBytes ?? frame.bytes.length,
  timeNs: rounded(frame.timeNs, unit),
  interface: withComment ? (frame.interface ?? 0) : 0,
  comment: withComment ? frame.comment : undefined,
});
const plain = (file: Uint8Array) =>
  readCapture(file).frames.map((frame) => ({ ...frame, bytes: [...frame.bytes], comment: frame.comment }));

test("pcap: written then read, in both byte orders and resolutions", () => {
  fc.assert(
    fc.property(frames(LAST_PCAP_NS, 1), byteOrder, resolution, fc.nat(0xffff), (written, order, unit, linkType) => {
      const file = writePcap(written, { byteOrder: order, resolution: unit, linkType });
      assert.is(readCapture(file).damage, null);
      assert.is(readCapture(file).interfaces[0]?.linkType, linkType);
      assert.equal(
        plain(file),
        written.map((frame) => known(frame, unit, false)),
      );
    }),
    runs,
  );
});

test("pcapng: written then read, with interfaces, comments, in both byte orders and resolutions", () => {
  const interfaces = [{ name: "eth0" }, { linkType: 113, snapLength: 96 }, { name: "ü" }];
  fc.assert(
    fc.property(frames(LAST_PCAPNG_NS, 3), byteOrder, resolution, (written, order, unit) => {
      const file = writePcapng(written, { byteOrder: order, resolution: unit, interfaces });
      const { damage, interfaces: found } = readCapture(file);
      assert.is(damage, null);
      assert.equal(
        found.map((each) => [each.name, each.linkType, each.snapLength]),
        [
          ["eth0", 1, 0],
          [null, 113, 96],
          ["ü", 1, 0],
        ],
      );
      assert.equal(
        plain(file),
        written.map((frame) => known(frame, unit, true)),
      );
    }),
    runs,
  );
});

/** Reads `file` in pieces that end at `cuts`. */
function inPieces(file: Uint8Array, cuts: number[]): CaptureParser & { count: number } {
  const parser = Object.assign(new CaptureParser(), { count: 0 });
  const ends = [...cuts.map((cut) => cut % (file.length + 1)), file.length].sort((one, other) => one - other);
  ends.forEach((end, index) => {
    parser.push(file.subarray(ends[index - 1] ?? 0, end));
    while (parser.next() !== null) parser.count++;
  });
  parser.end();
  while (parser.next() !== null) parser.count++;
  return parser;
}

test("where the pieces of a stream end makes no difference", () => {
  fc.assert(
    fc.property(frames(LAST_PCAP_NS, 1), fc.boolean(), fc.array(fc.nat(2000), { maxLength: 20 }), (written, next, cuts) => {
      const { count, damage } = inPieces(next ? writePcapng(written) : writePcap(written), cuts);
      assert.is(damage, null);
      assert.is(count, written.length);
    }),
    runs,
  );
});

/** Cuts `file` at every byte; `ends` are where its whole records or blocks end, frames the ones of them that hold a frame. */
function cutEverywhere(file: Uint8Array, ends: number[], framesEnd: number[]): void {
  for (let length = 0; length <= file.length; length++) {
    const { frames: found, damage } = readCapture(file.subarray(0, length));
    assert.is(found.length, framesEnd.filter((end) => end <= length).length, `frames of the first ${length} bytes`);
    if (ends.includes(length)) {
      assert.is(damage, null, `${length} bytes end between two records`);
      continue;
    }
    const begin = ends.filter((end) => end < length).at(-1) ?? 0;
    assert.is(damage?.offset, begin, `the damage of the first ${length} bytes`);
    const reason = length === 0 ? /empty/ : new RegExp(`the file ends ${length - begin} bytes into .* of at least [0-9]+`);
    assert.match(damage?.reason ?? "", reason);
  }
}

const some: FrameToWrite[] = [
  { bytes: Uint8Array.of(1, 2, 3), timeNs: 1n },
  { bytes: new Uint8Array(0), timeNs: 2n },
  { bytes: new Uint8Array(61).fill(7), timeNs: 3n, comment: "a comment" },
];

for (const order of ["little", "big"] as const) {
  test(`pcap, ${order} endian, cut at every byte`, () => {
    const encoder = new PcapEncoder({ byteOrder: order });
    const ends = [encoder.headBytes];
    for (const frame of some) ends.push((ends.at(-1) ?? 0) + encoder.frameBytes(frame));
    cutEverywhere(writePcap(some, { byteOrder: order }), ends, ends.slice(1));
  });

  test(`pcapng, ${order} endian, cut at every byte`, () => {
    const encoder = new PcapngEncoder({ byteOrder: order });
    const ends = [28, encoder.headBytes];
    for (const frame of some) ends.push((ends.at(-1) ?? 0) + encoder.frameBytes(frame));
    cutEverywhere(writePcapng(some, { byteOrder: order }), ends, ends.slice(2));
  });
}

test("any bytes at all give frames or damage, never an exception", () => {
  const { head } = records(true);
  const { section, description } = blocks(true);
  const beginning = fc.constantFrom<number[]>([], head(), [...section()], [...section(), ...description()]);
  fc.assert(
    fc.property(beginning, fc.uint8Array({ maxLength: 300 }), (start, rest) => {
      const { damage, frames: found } = readCapture(Uint8Array.from([...start, ...rest]));
      assert.ok(damage !== null || found.length >= 0);
      if (damage !== null) assert.ok(damage.offset <= start.length + rest.length && damage.reason.length > 0);
    }),
    runs,
  );
});

const unwritable: [string, FrameToWrite][] = [
  ["a time before 1970", { bytes: new Uint8Array(1), timeNs: -1n }],
  ["a time after 2106", { bytes: new Uint8Array(1), timeNs: LAST_PCAP_NS + 1n }],
  ["a frame of 262,145 bytes", { bytes: new Uint8Array(262145), timeNs: 0n }],
];
for (const [what, frame] of unwritable) {
  test(`pcap refuses ${what}`, () => {
    assert.throws(
      () => writePcap([frame]),
      (error: { code: string; remedy: string }) => error.code === "capture-unwritable" && error.remedy.length > 0,
    );
  });
}

const unwritableNext: [string, FrameToWrite][] = [
  ["a time before 1970", { bytes: new Uint8Array(1), timeNs: -1n }],
  ["a time after 2554", { bytes: new Uint8Array(1), timeNs: LAST_PCAPNG_NS + 1n }],
  ["a frame of 262,145 bytes", { bytes: new Uint8Array(262145), timeNs: 0n }],
  ["an interface that was not described", { bytes: new Uint8Array(1), timeNs: 0n, interface: 1 }],
  ["a comment of 65,536 bytes", { bytes: new Uint8Array(1), timeNs: 0n, comment: "x".repeat(65536) }],
];
for (const [what, frame] of unwritableNext) {
  test(`pcapng refuses ${what}`, () => {
    assert.throws(
      () => writePcapng([frame]),
      (error: { code: string; remedy: string }) => error.code === "capture-unwritable" && error.remedy.length > 0,
    );
  });
}

test("pcapng writes the nearest time that it holds, where it is asked to", () => {
  const tooLate = { micro: 1000n << 64n, nano: 1n << 64n };
  fc.assert(
    fc.property(byteOrder, resolution, fc.bigInt({ min: -(1n << 80n), max: 1n << 80n }), (order, unit, timeNs) => {
      const [frame] = readCapture(
        writePcapng([{ bytes: ramp(3), timeNs }], { byteOrder: order, resolution: unit, times: "nearest" }),
      ).frames;
      const last = rounded(tooLate[unit] - 1n, unit);
      assert.is(frame?.timeNs, timeNs < 0n ? 0n : timeNs > last ? last : rounded(timeNs, unit));
    }),
    runs,
  );
});

test.run();
