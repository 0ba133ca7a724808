/** Bytes as they lie in frames, at every alignment and at the very end of memory. */
import fc from "fast-check";
import * as assert from "uvu/assert";
import { scale } from "../../scale.ts";
import { changesOnly, wireSuite } from "../wire/wire-suite.ts";

const runs = { numRuns: scale.wireFieldRuns };

await wireSuite("bytes", (test, module) => {
  const { bytes } = module.wasm;

  test("02:42:ac:11:00:02 is 0x0200_11ac_4202: the first byte on the wire is the lowest", () => {
    assert.is(bytes.loadMac(module.putAtEnd(Uint8Array.of(0x02, 0x42, 0xac, 0x11, 0x00, 0x02))), 0x0200_11ac_4202n);
  });

  test("12 34 is 0x1234, at every alignment", () => {
    for (let pointer = 8192; pointer < 8208; pointer++) assert.is(bytes.load16(module.put(Uint8Array.of(0x12, 0x34), pointer)), 0x1234);
  });

  test("a store writes what a load reads, and nothing beside it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff }), fc.bigInt({ min: 0n, max: (1n << 48n) - 1n }), (word, mac) => {
        changesOnly(module, module.end - 2, module.end, () => bytes.store16(module.end - 2, word));
        assert.is(bytes.load16(module.end - 2), word);
        changesOnly(module, module.end - 6, module.end, () => bytes.storeMac(module.end - 6, mac));
        assert.is(bytes.loadMac(module.end - 6), mac);
      }),
      runs,
    );
  });

  test("one byte too far traps", () => {
    assert.throws(() => bytes.loadMac(module.end - 5), /out of bounds/);
    assert.throws(() => bytes.storeMac(module.end - 5, 0n), /out of bounds/);
    assert.throws(() => bytes.load16(module.end - 1), /out of bounds/);
    assert.throws(() => bytes.store16(module.end - 1, 0), /out of bounds/);
  });
});
