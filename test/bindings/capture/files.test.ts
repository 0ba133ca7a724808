/** Every capture file that there is gives its frames, or one sentence that says where and why not: plain and whole, and
 *  again as a stream in small pieces, packed, which must say the same.                                                   */
import { basename } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Capture, openCapture, readCapture } from "../../../bindings/capture/index.ts";
import { scale } from "../../scale.ts";
import { skip } from "../../support/skip.ts";
import { captureBytes, captureFiles, captureFolder, captureOf, ownCaptureFolder } from "../../support/captures.ts";
import { random } from "../../support/packet/random.ts";

const PIECE_BYTES = 1000;
const SEED = 873;
/** Those of libpcap's and tcpdump's own tests, which CI has. */
const FOREIGN_CAPTURES = 873;
const LONGEST_MUTANT_BYTES = 20_000;

/** Our own are always among them. */
const files = [...new Set([captureFolder(), ownCaptureFolder])].flatMap((folder) => captureFiles(folder));

/** What the broken files of libpcap's own tests are broken in, each checked against what tcpdump says of it. */
const BROKEN: Record<string, RegExp> = {
  "linktype-reserved-field-not-zero.pcap": /reserved bits/,
  "pcap-invalid-version-1.pcap": /version 1\.4/,
  "pcap-invalid-version-2.pcap": /version 2\.5/,
  "pcapng-invalid-vers-1.pcapng": /version 0\.1/,
  "pcapng-invalid-vers-2.pcapng": /version 1\.1/,
  "shb-option-too-long.pcapng": /52 bytes at its beginning and 808464432 at its end/,
  "cut.pcap": /the file ends 48 bytes into a packet record of at least 76/,
  "damaged.pcapng": /at its beginning and/,
};
/** Files that rightly hold no packet. */
const WITHOUT_PACKETS = new Set(["empty.pcap", "empty.pcapng"]);

async function streamed(bytes: Uint8Array): Promise<Capture> {
  const pieces = Array.from({ length: Math.ceil(bytes.length / PIECE_BYTES) }, (_, index) =>
    bytes.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES),
  );
  const capture = openCapture(Readable.from(pieces));
  const bursts = [];
  for await (const burst of capture) bursts.push(burst);
  return { format: capture.format, interfaces: [...capture.interfaces], frames: bursts.flat(), damage: capture.damage };
}

test(`each of ${files.length} files gives frames or says why not`, () => {
  for (const file of files) {
    const { frames, damage, interfaces } = captureOf(file);
    const name = basename(file);
    if (damage !== null) assert.ok(damage.offset >= 0 && damage.offset <= captureBytes(file).length, `${file}: ${damage.offset}`);
    if (name in BROKEN) assert.match(damage?.reason ?? "nothing wrong", BROKEN[name] as RegExp, file);
    else assert.is(damage, null, file);
    assert.ok(frames.length > 0 || damage !== null || WITHOUT_PACKETS.has(name), `${file} gives nothing`);
    for (const frame of frames) assert.ok(interfaces[frame.interface] !== undefined, file);
  }
});

test("in CI these are all captures of libpcap's and tcpdump's tests", () => {
  const folder = process.env.PORTYARD_CAPTURES;
  if (process.env.CI !== "true" || folder === undefined || folder === "") {
    return skip("captures of libpcap's and tcpdump's tests", "machine", "not in CI, or PORTYARD_CAPTURES names no folder");
  }
  const { length } = captureFiles(folder);
  assert.ok(length >= FOREIGN_CAPTURES, `${length} captures`);
});

test("and the same when it arrives packed and in pieces", async () => {
  for (const file of files) {
    const bytes = captureBytes(file);
    const whole = captureOf(file);
    for (const form of [bytes, gzipSync(bytes, { level: 1 })]) {
      const { frames, damage, interfaces } = await streamed(form);
      assert.equal(interfaces, whole.interfaces, file);
      assert.equal(damage, whole.damage, file);
      assert.is(frames.length, whole.frames.length, file);
      for (const [index, frame] of frames.entries()) {
        const other = whole.frames[index];
        assert.ok(Buffer.from(frame.bytes).equals(other?.bytes ?? new Uint8Array(0)), `${file}, frame ${index}`);
        assert.is(frame.timeNs, other?.timeNs, `${file}, frame ${index}`);
        assert.is(frame.originalBytes, other?.originalBytes, `${file}, frame ${index}`);
      }
    }
  }
});

test("with some bytes changed anywhere, each still gives frames or says why not", () => {
  const source = random(SEED);
  for (let change = 0; change < scale.captureMutations; change++) {
    const original = captureBytes(source.pick(files)).subarray(0, LONGEST_MUTANT_BYTES);
    const bytes = Uint8Array.from(original);
    for (let changes = source.below(4); changes >= 0 && bytes.length > 0; changes--) {
      bytes[source.below(bytes.length)] = source.pick([0, 1, 0x7f, 0x80, 0xff, source.below(256)]);
    }
    const { frames, damage, interfaces } = readCapture(bytes);
    const total = frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
    assert.ok(total <= bytes.length, `${total} bytes of frames in a file of ${bytes.length}`);
    assert.ok(frames.every((frame) => interfaces[frame.interface] !== undefined));
    if (damage !== null) assert.ok(damage.offset <= bytes.length && damage.reason.length > 0);
  }
});

test.run();
