import * as assert from "uvu/assert";
import { fragment4First, fragment4Last, fragment6First, fragment6Last, hex, udp4, udp6, udp6WithOptions } from "./frames.ts";
import { changesOnly, patched, wireSuite } from "./wire-suite.ts";

const UDP = 17;
const datagram = udp4.subarray(34);

await wireSuite("udp", (test, module) => {
  const { checksum, ipv4, ipv6, udp } = module.wasm;

  test("hello from port 36533 to port 5353", () => {
    const pointer = module.putAtEnd(datagram);
    assert.ok(udp.isValid(pointer, 13));
    assert.is(udp.sourcePort(pointer), 36533);
    assert.is(udp.targetPort(pointer), 5353);
    assert.is(udp.lengthBytes(pointer), 13);
  });

  test("every checksum that the kernel wrote is valid, and computed again it is the same", () => {
    for (const [frame, offset, ip] of [
      [udp4, 34, ipv4],
      [udp6, 54, ipv6],
      [udp6WithOptions, 70, ipv6],
    ] as const) {
      const start = module.putAtEnd(frame) + offset;
      const bytes = frame.length - offset;
      const pseudo = ip.pseudoHeader(start - offset + 14, UDP, bytes);
      assert.ok(udp.hasValidChecksum(start, bytes, pseudo));
      const before = udp.checksum(start);
      udp.setChecksum(start, before ^ 1);
      assert.not.ok(udp.hasValidChecksum(start, bytes, pseudo));
      changesOnly(module, start + udp.CHECKSUM_OFFSET, start + udp.CHECKSUM_OFFSET + 2, () => udp.updateChecksum(start, bytes, pseudo));
      assert.is(udp.checksum(start), before);
    }
  });

  test("the checksum of a datagram covers both of its fragments", () => {
    for (const [first, last, start, next, ip] of [
      [fragment4First, fragment4Last, 34, 34, ipv4],
      [fragment6First, fragment6Last, 62, 62, ipv6],
    ] as const) {
      const header = module.put(first, 8192) + start;
      const pseudo = ip.pseudoHeader(8192 + 14, UDP, udp.lengthBytes(header));
      const begun = checksum.sum(header, first.length - start, pseudo);
      assert.is(udp.lengthBytes(header), 1608);
      assert.ok(checksum.verify(checksum.sum(module.putAtEnd(last) + next, last.length - next, begun)));
      assert.not.ok(checksum.verify(begun));
    }
  });

  test("a checksum that comes out as 0 is sent as ffff, because 0 says none", () => {
    // source port chosen so that the sum over an empty datagram without pseudo header is ffff
    const pointer = module.putAtEnd(hex("fff7 0000 0008 1234"));
    udp.updateChecksum(pointer, 8, 0n);
    assert.is(udp.checksum(pointer), 0xffff);
    assert.ok(udp.hasValidChecksum(pointer, 8, 0n));
  });

  test("cut anywhere it is not valid; padding behind it does not count", () => {
    for (let length = 0; length < datagram.length; length++)
      assert.not.ok(udp.isValid(module.putAtEnd(datagram.subarray(0, length)), length));
    assert.ok(udp.isValid(module.putAtEnd(Uint8Array.of(...datagram, 0, 0, 0)), 16));
  });

  test("a length below 8, or beyond what is there, is not valid", () => {
    for (let length = 0; length < 32; length++) {
      assert.is(
        udp.isValid(module.putAtEnd(patched(datagram, 4, [0, length])), datagram.length),
        length >= 8 && length <= 13,
        `length ${length}`,
      );
    }
    assert.not.ok(udp.isValid(module.putAtEnd(patched(datagram, 4, [0xff, 0xff])), datagram.length));
  });

  test("DHCP speaks on ports 67 and 68, DHCPv6 on 546 and 547", () => {
    assert.equal([udp.DHCP_SERVER_PORT, udp.DHCP_CLIENT_PORT, udp.DHCPV6_CLIENT_PORT, udp.DHCPV6_SERVER_PORT], [67, 68, 546, 547]);
  });

  if (module.build !== "debug") return;
  test("the debug build stops a length that does not fit", () => {
    assert.throws(() => udp.setLengthBytes(4096, 0x10000), /udp/);
  });
});
