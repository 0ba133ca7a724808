import fc from "fast-check";
import * as assert from "uvu/assert";
import { scale } from "../../scale.ts";
import { duplicateAddressDetection, frames, hex, ping6Reply, ping6Request, udp6 } from "./frames.ts";
import { changesOnly, patched, text, wireSuite } from "./wire-suite.ts";

const packet = (frame: Uint8Array): Uint8Array => frame.subarray(14);
const packets = Object.entries(frames).filter(([, frame]) => frame[12] === 0x86 && frame[13] === 0xdd);

await wireSuite("ipv6", (test, module) => {
  const { ipv6 } = module.wasm;
  const address = (pointer: number): string => text(module.bytes.slice(pointer, pointer + 16));
  /** 16 bytes at the end of memory. */
  const place = (digits: string): number => module.putAtEnd(hex(digits));

  test("a ping from fd77::2 to fd77::3", () => {
    const ip = module.putAtEnd(packet(ping6Request));
    assert.ok(ipv6.isValid(ip, 56));
    assert.is(ipv6.payloadBytes(ip), 16);
    assert.is(ipv6.totalBytes(ip), 56);
    assert.is(ipv6.nextHeader(ip), 58);
    assert.is(ipv6.hopLimit(ip), 64);
    assert.is(address(ipv6.source(ip)), "fd770000000000000000000000000002");
    assert.is(address(ipv6.destination(ip)), "fd770000000000000000000000000003");
  });

  test("every real packet is valid whole and padded, and not when cut, flush with the end of memory", () => {
    assert.ok(packets.length >= 11);
    for (const [name, frame] of packets) {
      const whole = packet(frame);
      assert.ok(ipv6.isValid(module.putAtEnd(whole), whole.length), name);
      assert.ok(ipv6.isValid(module.putAtEnd(Uint8Array.of(...whole, 0, 0, 0)), whole.length + 3), name);
      for (let length = 0; length < whole.length; length++) {
        assert.not.ok(ipv6.isValid(module.putAtEnd(whole.subarray(0, length)), length), `${name}, ${length} bytes`);
      }
    }
  });

  test("another version is not valid", () => {
    const whole = packet(udp6);
    for (let version = 0; version < 16; version++) {
      assert.is(ipv6.isValid(module.putAtEnd(patched(whole, 0, [version << 4])), whole.length), version === 6);
    }
  });

  test("quoted it is whole when its header is, however much of it follows", () => {
    const whole = packet(ping6Request);
    for (let length = 0; length <= whole.length; length++)
      assert.is(ipv6.isQuoted(module.putAtEnd(whole.subarray(0, length)), length), length >= 40, `${length} bytes`);
    assert.not.ok(ipv6.isQuoted(module.putAtEnd(patched(whole, 0, [0x45])), whole.length));
  });

  test("40 bytes without a payload are valid", () => {
    assert.ok(ipv6.isValid(module.putAtEnd(patched(packet(udp6).subarray(0, 40), 4, [0, 0])), 40));
  });

  test("only :: is unspecified", () => {
    assert.ok(ipv6.isUnspecified(ipv6.source(module.putAtEnd(packet(duplicateAddressDetection)))));
    for (let byte = 0; byte < 16; byte++) assert.not.ok(ipv6.isUnspecified(module.putAtEnd(patched(new Uint8Array(16), byte, [1]))));
    assert.ok(ipv6.isUnspecified(module.putAtEnd(new Uint8Array(16))));
  });

  test("fe80::/10 is link-local, ff00::/8 multicast, and their neighbours are neither", () => {
    const rest = "0000000000000000000000000001";
    for (const prefix of ["fe80", "feba", "febf"]) assert.ok(ipv6.isLinkLocal(place(prefix + rest)), prefix);
    for (const prefix of ["fe7f", "fec0", "fd80", "80fe", "ff80", "0000"]) assert.not.ok(ipv6.isLinkLocal(place(prefix + rest)), prefix);
    for (const prefix of ["ff02", "ff00", "ffff"]) assert.ok(ipv6.isMulticast(place(prefix + rest)), prefix);
    for (const prefix of ["fe80", "feff", "00ff"]) assert.not.ok(ipv6.isMulticast(place(prefix + rest)), prefix);
  });

  test("addresses are equal when all 16 bytes are", () => {
    const one = hex("fd770000000000000000000000000002");
    const other = module.putAtEnd(one);
    for (let byte = 0; byte < 16; byte++) assert.not.ok(ipv6.equals(module.put(patched(one, byte, [one[byte]! ^ 0x80]), 4096), other));
    assert.ok(ipv6.equals(module.put(one, 4097), other));
  });

  test("copy moves 16 bytes, also over themselves", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.integer({ min: 0, max: 16 }),
        fc.integer({ min: 0, max: 16 }),
        (bytes, from, to) => {
          const base = module.putAtEnd(bytes);
          changesOnly(module, base + to, base + to + 16, () => ipv6.copy(base + to, base + from));
          assert.equal(module.bytes.slice(base + to, base + to + 16), bytes.slice(from, from + 16));
        },
      ),
      { numRuns: scale.wireFieldRuns },
    );
  });

  test("the header of the kernel's reply is written over the request, addresses swapped in place", () => {
    const whole = packet(ping6Request).subarray(0, 40);
    const ip = module.putAtEnd(whole);
    changesOnly(module, ip, ip + 40, () => ipv6.write(ip, 16, 58, 64, ipv6.destination(ip), ipv6.source(ip)));
    // the kernel chose a flow label; ours is 0
    assert.is(text(module.bytes.slice(ip)), text(patched(packet(ping6Reply).subarray(0, 40), 0, [0x60, 0, 0, 0])));
  });

  if (module.build !== "debug") return;
  test("the debug build stops a length that does not fit", () => {
    assert.throws(() => ipv6.setPayloadBytes(4096, 0x10000), /ipv6/);
  });
});
