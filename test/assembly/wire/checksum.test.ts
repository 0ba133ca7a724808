/** The checksum against the slow model: every alignment, every length to 128, long ranges, all ending at the memory's end
 *  as well; and its update against computing it anew. */
import fc from "fast-check";
import * as assert from "uvu/assert";
import { scale } from "../../scale.ts";
import { internetChecksum, onesComplementSum, pseudoHeader4, pseudoHeader6 } from "./checksum-model.ts";
import { hex } from "./frames.ts";
import { changesOnly, newSeed, Random, wireSuite } from "./wire-suite.ts";

const seed = newSeed();
console.log(`# checksum: PORTYARD_SEED=${seed}`);
const LONG = [255, 256, 257, 1460, 1499, 1500, 1514, 8999, 9000, 16383, 65535, 65536, 65568, 131071];
const ALIGNMENTS = 16;
const runs = { numRuns: scale.wireFieldRuns };
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const evenBytes = (maximum: number) => fc.uint8Array({ minLength: 2, maxLength: maximum }).filter((bytes) => bytes.length % 2 === 0);
const bigEndian = (value: number): number[] => [value >>> 8, value & 255];
const asInMemory = (value: number): number[] => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];

await wireSuite("checksum", (test, module) => {
  const { checksum } = module.wasm;
  const random = new Random(seed);
  const sumOf = (bytes: Uint8Array, initial = 0n): bigint => checksum.sum(module.putAtEnd(bytes), bytes.length, initial);

  test("the example of RFC 1071: 00 01 f2 03 f4 f5 f6 f7 sums to ddf2", () => {
    assert.is(checksum.fold(sumOf(hex("0001 f203 f4f5 f6f7"))), 0xddf2);
    assert.is(checksum.finish(sumOf(hex("0001 f203 f4f5 f6f7"))), 0x220d);
  });

  test("every length from 0 to 128 at every alignment", () => {
    for (let length = 0; length <= 128; length++) {
      for (let alignment = 0; alignment < ALIGNMENTS; alignment++) {
        const bytes = random.bytes(length);
        // what stands around it must not count
        module.bytes.fill(0xff, 4096, 4096 + 512);
        const pointer = module.put(bytes, 4096 + 64 + alignment);
        assert.is(checksum.fold(checksum.sum(pointer, length, 0n)), onesComplementSum(bytes), `${length} bytes at ${alignment}`);
      }
    }
  });

  test("every length from 0 to 128 that ends where the memory does", () => {
    for (let length = 0; length <= 128; length++) {
      for (const bytes of [random.bytes(length), new Uint8Array(length).fill(0xff), new Uint8Array(length)]) {
        assert.is(checksum.fold(sumOf(bytes)), onesComplementSum(bytes), `${length} bytes of ${bytes[0]}`);
      }
    }
  });

  test("one byte too many traps", () => {
    for (let length = 0; length <= 128; length++) assert.throws(() => checksum.sum(module.end - length, length + 1, 0n), /out of bounds/);
  });

  test("long ranges, random and of ones only, where every addition carries", () => {
    for (const length of LONG) {
      for (const bytes of [random.bytes(length), new Uint8Array(length).fill(0xff)])
        assert.is(checksum.fold(sumOf(bytes)), onesComplementSum(bytes), `${length} bytes`);
    }
  });

  test("a sum goes on where another one of even length ended", () => {
    fc.assert(
      fc.property(evenBytes(80), fc.uint8Array({ maxLength: 81 }), (first, second) => {
        assert.is(checksum.fold(sumOf(second, sumOf(first))), onesComplementSum(first, second));
      }),
      runs,
    );
  });

  test("fold takes any sum, up to the largest one", () => {
    for (const sum of [
      0n,
      1n,
      0xffffn,
      0x10000n,
      0xffff_ffffn,
      0x1_0000_0000n,
      0xffff_ffff_ffff_ffffn,
      0x8000_0000_0000_0000n,
      0xffff_0000_ffff_0001n,
    ]) {
      const words = [0n, 16n, 32n, 48n].flatMap((shift) => [Number((sum >> shift) & 255n), Number((sum >> (shift + 8n)) & 255n)]);
      assert.is(checksum.fold(sum), onesComplementSum(words), sum.toString(16));
    }
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (sum) => {
        const words = [0n, 16n, 32n, 48n].flatMap((shift) => [Number((sum >> shift) & 255n), Number((sum >> (shift + 8n)) & 255n)]);
        assert.is(checksum.fold(sum), onesComplementSum(words));
      }),
      runs,
    );
  });

  test("data with its checksum verifies, and not when one bit flips", () => {
    fc.assert(
      fc.property(evenBytes(100), fc.nat(), (data, flip) => {
        data.set([0, 0]);
        data.set(bigEndian(internetChecksum(data)));
        assert.ok(checksum.verify(sumOf(data)));
        const bit = flip % (data.length * 8);
        data[bit >> 3]! ^= 1 << (bit & 7);
        // one's complement knows two zeros: a flip between 0000 and ffff needs 16 bits, one bit is always seen
        assert.not.ok(checksum.verify(sumOf(data)));
      }),
      runs,
    );
  });

  test("finishNonZero sends ffff where finish says 0, and is the same otherwise", () => {
    assert.is(checksum.finish(sumOf(hex("ffff"))), 0);
    assert.is(checksum.finishNonZero(sumOf(hex("ffff"))), 0xffff);
    fc.assert(
      fc.property(evenBytes(20), (data) => {
        const finished = checksum.finish(sumOf(data));
        assert.is(checksum.finishNonZero(sumOf(data)), finished === 0 ? 0xffff : finished);
      }),
      runs,
    );
  });

  test("the pseudo headers of IPv4 and IPv6", () => {
    const address = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(address, address, fc.integer({ min: 0, max: 255 }), u32, (source, destination, protocol, length) => {
        const view = new DataView(source.buffer);
        const other = new DataView(destination.buffer);
        const short = length & 0xffff;
        const four = checksum.pseudoHeader4(view.getUint32(0, true), other.getUint32(0, true), protocol, short);
        assert.is(
          checksum.fold(four),
          onesComplementSum(pseudoHeader4(source.subarray(0, 4), destination.subarray(0, 4), protocol, short)),
        );
        const pointer = module.putAtEnd(Uint8Array.of(...source, ...destination));
        const six = checksum.pseudoHeader6(pointer, pointer + 16, protocol, length);
        assert.is(checksum.fold(six), onesComplementSum(pseudoHeader6(source, destination, protocol, length)));
      }),
      runs,
    );
  });

  test("the example of RFC 1624: dd2f, when 5555 becomes 3285, becomes 0000 and not ffff", () => {
    assert.is(checksum.update16(0xdd2f, 0x5555, 0x3285), 0x0000);
  });

  test("update16 is computing it anew, whatever word changes", () => {
    fc.assert(
      fc.property(evenBytes(60), fc.nat(), u16, (data, place, word) => {
        // a header is never all zeros: those have two checksums
        data[0]! |= 1;
        const changed = data.slice();
        const at = 2 + 2 * (place % Math.max(1, data.length / 2 - 1));
        if (at >= data.length) return;
        changed.set(bigEndian(word), at);
        assert.is(checksum.update16(internetChecksum(data), data[at]! * 256 + data[at + 1]!, word), internetChecksum(changed));
      }),
      runs,
    );
  });

  test("an update whose carry carries again", () => {
    const words = [0, 1, 2, 0x7fff, 0x8000, 0xfffe, 0xffff];
    const memoryOrder = (word: number): bigint => BigInt((word >> 8) | ((word & 255) << 8));
    for (const [old, before, after] of words.flatMap((a) => words.flatMap((b) => words.map((c) => [a, b, c] as const)))) {
      const inverse = onesComplementSum(bigEndian(0xffff - old), bigEndian(0xffff - before), bigEndian(after));
      assert.is(checksum.update16(old, before, after), 0xffff - inverse, `${old} ${before} ${after}`);
      assert.is(checksum.update(old, memoryOrder(before), memoryOrder(after)), 0xffff - inverse, `${old} ${before} ${after}`);
      const partial = onesComplementSum(bigEndian(old), bigEndian(0xffff - before), bigEndian(after));
      assert.is(checksum.updatePartial(old, memoryOrder(before), memoryOrder(after)), partial, `${old} ${before} ${after}`);
    }
  });

  test("update32Be is computing it anew after an address changed", () => {
    fc.assert(
      fc.property(evenBytes(40), u32, u32, (data, before, after) => {
        data[0]! |= 1;
        const old = internetChecksum(data, asInMemory(before));
        assert.is(checksum.update32Be(old, before, after), internetChecksum(data, asInMemory(after)));
      }),
      runs,
    );
  });

  test("update is computing it anew after 16 bytes changed", () => {
    const address = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(evenBytes(40), address, address, (data, before, after) => {
        data[0]! |= 1;
        assert.is(checksum.update(internetChecksum(data, before), sumOf(before), sumOf(after)), internetChecksum(data, after));
      }),
      runs,
    );
  });

  test("a partial checksum follows its pseudo header, and is completed in place", () => {
    const address = fc.uint8Array({ minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(
        address,
        address,
        address,
        fc.uint8Array({ minLength: 20, maxLength: 101 }),
        (source, destination, translated, segment) => {
          const before = pseudoHeader4(source, destination, 6, segment.length);
          const after = pseudoHeader4(source, translated, 6, segment.length);
          const partial = checksum.updatePartial(onesComplementSum(before), sumOf(Uint8Array.from(before)), sumOf(Uint8Array.from(after)));
          assert.is(partial, onesComplementSum(after));
          segment.set([0, 0], 16);
          const whole = internetChecksum(after, segment);
          segment.set(bigEndian(partial), 16);
          const pointer = module.putAtEnd(segment);
          changesOnly(module, pointer + 16, pointer + 18, () => checksum.complete(pointer, segment.length, 16));
          assert.is(module.view.getUint16(pointer + 16), whole === 0 ? 0xffff : whole);
        },
      ),
      runs,
    );
  });
});
