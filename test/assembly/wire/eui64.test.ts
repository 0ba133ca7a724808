import * as assert from "uvu/assert";
import { hex, routerSolicitation } from "./frames.ts";
import { patched, wireSuite } from "./wire-suite.ts";

await wireSuite("EUI-64", (test, module) => {
  const { ethernet, eui64, ipv6 } = module.wasm;

  test("the kernel's link-local address is that of its MAC", () => {
    const frame = module.putAtEnd(routerSolicitation);
    assert.ok(eui64.isEui64Of(ipv6.source(frame + 14), ethernet.source(frame)));
  });

  test("00:1b:21:ab:cd:ef makes fe80::21b:21ff:feab:cdef", () => {
    assert.ok(eui64.isEui64Of(module.putAtEnd(hex("fe80000000000000 021b21fffeabcdef")), 0xefcd_ab21_1b00n));
  });

  test("any bit that differs, in the address or in the MAC, is another one", () => {
    const address = hex("fe80000000000000 000000fffe00000a");
    assert.ok(eui64.isEui64Of(module.putAtEnd(address), 0x0a00_0000_0002n));
    for (let bit = 0; bit < 128; bit++) {
      const other = patched(address, bit >> 3, [address[bit >> 3]! ^ (1 << (bit & 7))]);
      assert.not.ok(eui64.isEui64Of(module.putAtEnd(other), 0x0a00_0000_0002n), `bit ${bit} of the address`);
    }
    for (let bit = 0n; bit < 48n; bit++)
      assert.not.ok(eui64.isEui64Of(module.putAtEnd(address), 0x0a00_0000_0002n ^ (1n << bit)), `bit ${bit} of the MAC`);
  });
});
