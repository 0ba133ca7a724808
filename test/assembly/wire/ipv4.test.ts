import fc from "fast-check";
import * as assert from "uvu/assert";
import { scale } from "../../scale.ts";
import { fragment4First, fragment4Last, frames, hex, pingRequest, tcpSyn, udp4 } from "./frames.ts";
import { changesOnly, patched, text, wireSuite } from "./wire-suite.ts";

const packet = (frame: Uint8Array): Uint8Array => frame.subarray(14);
const packets = Object.entries(frames).filter(([, frame]) => frame[12] === 0x08 && frame[13] === 0x00);
/** 24 bytes of header (router alert) and "ab"; its checksum is left to the test. */
const withOptions = hex("46 c0 001a 0000 4000 01 02 0000 0a4d0002 e0000016", "94040000", "6162");

await wireSuite("ipv4", (test, module) => {
  const { ipv4 } = module.wasm;

  test("a ping from 10.77.0.2 to 10.77.0.3", () => {
    const ip = module.putAtEnd(packet(pingRequest));
    assert.ok(ipv4.isValid(ip, 36));
    assert.is(ipv4.headerBytes(ip), 20);
    assert.is(ipv4.totalBytes(ip), 36);
    assert.is(ipv4.identification(ip), 0x1bd7);
    assert.is(ipv4.timeToLive(ip), 64);
    assert.is(ipv4.protocol(ip), 1);
    assert.is(ipv4.checksum(ip), 0x0a64);
    assert.is(ipv4.sourceBe(ip), 0x0200_4d0a);
    assert.is(ipv4.destinationBe(ip), 0x0300_4d0a);
    assert.ok(ipv4.dontFragment(ip));
    assert.not.ok(ipv4.isFragment(ip));
  });

  test("the two fragments of a datagram of 1,600 bytes", () => {
    const first = module.putAtEnd(packet(fragment4First));
    assert.ok(ipv4.isValid(first, 1500));
    assert.equal(
      [ipv4.isFragment(first), ipv4.moreFragments(first), ipv4.fragmentOffset(first), ipv4.dontFragment(first)],
      [true, true, 0, false],
    );
    const last = module.putAtEnd(packet(fragment4Last));
    assert.equal(
      [ipv4.isFragment(last), ipv4.moreFragments(last), ipv4.fragmentOffset(last), ipv4.dontFragment(last)],
      [true, false, 1480, false],
    );
  });

  test("quoted it is whole when its header is, however much of it follows", () => {
    const whole = packet(pingRequest);
    for (let length = 0; length <= whole.length; length++) {
      assert.is(ipv4.isQuoted(module.putAtEnd(whole.subarray(0, length)), length), length >= 20, `${length} bytes`);
      assert.is(ipv4.isQuoted(module.putAtEnd(withOptions.subarray(0, Math.min(length, 26))), Math.min(length, 26)), length >= 24);
    }
    for (const [at, value] of [
      [0, 0x44],
      [0, 0x65],
      [3, 19],
    ] as const)
      assert.not.ok(ipv4.isQuoted(module.putAtEnd(patched(whole, at, [value])), whole.length), `byte ${at}`);
  });

  test("the largest fragment offset is 65,528 bytes; the reserved bit makes no fragment", () => {
    assert.is(ipv4.fragmentOffset(module.putAtEnd(patched(packet(udp4), 6, [0x1f, 0xff]))), 65528);
    assert.not.ok(ipv4.isFragment(module.putAtEnd(patched(packet(udp4), 6, [0x80, 0]))));
  });

  test("every checksum that the kernel wrote is valid, and computed again it is the same", () => {
    assert.ok(packets.length >= 9);
    for (const [name, frame] of packets) {
      const ip = module.putAtEnd(packet(frame));
      assert.ok(ipv4.hasValidChecksum(ip), name);
      const before = ipv4.checksum(ip);
      ipv4.setChecksum(ip, 0xdead);
      assert.not.ok(ipv4.hasValidChecksum(ip), name);
      changesOnly(module, ip + 10, ip + 12, () => ipv4.updateChecksum(ip));
      assert.is(ipv4.checksum(ip), before, name);
    }
  });

  test("a header that is written is whole and right, and nothing else changes", () => {
    const ip = module.putAtEnd(new Uint8Array(20).fill(0xee));
    changesOnly(module, ip, ip + 20, () => ipv4.write(ip, 40, 6, 64, 0x0200_4d0a, 0x0300_4d0a));
    assert.is(text(module.bytes.slice(ip)), "450000280000400040062632" + "0a4d0002" + "0a4d0003");
    assert.ok(ipv4.hasValidChecksum(ip));
  });

  test("only 0.0.0.0 is unspecified; from 224.0.0.0 on addresses are groups or reserved", () => {
    const be = (...bytes: number[]): number => (bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16) | (bytes[3]! << 24)) >>> 0;
    assert.ok(ipv4.isUnspecified(0));
    for (const address of [be(0, 0, 0, 1), be(1, 0, 0, 0), be(255, 255, 255, 255)]) assert.not.ok(ipv4.isUnspecified(address));
    for (let first = 0; first < 256; first++) assert.is(ipv4.isGroupOrReserved(be(first, 255, 0, 224)), first >= 224, `${first}`);
  });

  test("options are part of the header and of its checksum", () => {
    const ip = module.putAtEnd(withOptions);
    assert.ok(ipv4.isValid(ip, withOptions.length));
    assert.is(ipv4.headerBytes(ip), 24);
    ipv4.updateChecksum(ip);
    assert.ok(ipv4.hasValidChecksum(ip));
    module.bytes[ip + 20]! ^= 1;
    assert.not.ok(ipv4.hasValidChecksum(ip));
  });

  test("any bit that flips in the header makes its checksum wrong", () => {
    const whole = packet(tcpSyn);
    for (let bit = 0; bit < 160; bit++) {
      const byte = bit >> 3;
      // the bits of the header length change what is summed; they are tried by their own
      if (byte === 0 && (bit & 7) < 4) continue;
      const ip = module.putAtEnd(patched(whole, byte, [whole[byte]! ^ (1 << (bit & 7))]));
      assert.not.ok(ipv4.hasValidChecksum(ip), `bit ${bit}`);
    }
  });

  test("cut anywhere, flush with the end of memory, it is not valid", () => {
    for (const whole of [packet(pingRequest), packet(tcpSyn), withOptions]) {
      for (let length = 0; length < whole.length; length++) {
        assert.not.ok(ipv4.isValid(module.putAtEnd(whole.subarray(0, length)), length), `${length} of ${whole.length}`);
      }
      assert.ok(ipv4.isValid(module.putAtEnd(whole), whole.length));
    }
  });

  test("a frame's padding does not count", () => {
    const ip = module.putAtEnd(Uint8Array.of(...packet(udp4), ...new Uint8Array(13)));
    assert.ok(ipv4.isValid(ip, 46));
    assert.is(ipv4.totalBytes(ip), 33);
  });

  test("lengths that contradict each other are not valid", () => {
    const whole = packet(udp4);
    const wrong = {
      "version 6": [0, "65"],
      "version 0": [0, "05"],
      "header of 16": [0, "44"],
      "header of 0": [0, "40"],
      "total 19": [2, "0013"],
      "total 0": [2, "0000"],
      "total beyond the frame": [2, "0022"],
      "header beyond total": [0, "4f"],
    } as const;
    for (const [name, [offset, bytes]] of Object.entries(wrong)) {
      assert.not.ok(ipv4.isValid(module.putAtEnd(patched(whole, offset, hex(bytes))), whole.length), name);
    }
  });

  test("isValid is what RFC 791 says, for any 20 bytes and any length", () => {
    const firstByte = fc.oneof(fc.constantFrom(0x45, 0x46, 0x4f, 0x44), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(
        firstByte,
        fc.oneof(fc.integer({ min: 0, max: 80 }), fc.integer({ min: 0, max: 0xffff })),
        fc.integer({ min: 0, max: 120 }),
        (first, total, length) => {
          const bytes = new Uint8Array(length);
          bytes.set([first, 0, total >> 8, total & 255].slice(0, length));
          const header = (first & 15) * 4;
          const expected = length >= 20 && first >> 4 === 4 && header >= 20 && total >= header && total <= length;
          assert.is(ipv4.isValid(module.putAtEnd(bytes), length), expected);
        },
      ),
      { numRuns: scale.wireFieldRuns },
    );
  });

  test("swapping the addresses leaves the checksum right", () => {
    const ip = module.putAtEnd(packet(pingRequest));
    changesOnly(module, ip + 12, ip + 20, () => ipv4.swapAddresses(ip));
    assert.is(text(module.bytes.slice(ip + 12, ip + 20)), "0a4d00030a4d0002");
    assert.ok(ipv4.hasValidChecksum(ip));
  });

  if (module.build !== "debug") return;
  test("the debug build stops a length that does not fit", () => {
    assert.throws(() => ipv4.setTotalBytes(4096, 0x10000), /ipv4/);
  });
});
