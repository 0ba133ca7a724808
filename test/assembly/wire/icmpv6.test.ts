import * as assert from "uvu/assert";
import * as real from "./frames.ts";
import { changesOnly, text, wireSuite } from "./wire-suite.ts";

const ICMPV6 = 58;
/** Where ICMPv6 begins in each frame. */
const messages: [name: string, frame: Uint8Array, offset: number][] = [
  ["echo request", real.ping6Request, 54],
  ["echo reply", real.ping6Reply, 54],
  ["DAD", real.duplicateAddressDetection, 54],
  ["solicitation", real.neighbourSolicitation, 54],
  ["advertisement", real.neighbourAdvertisement, 54],
  ["router solicitation", real.routerSolicitation, 54],
  ["multicast report behind hop-by-hop", real.multicastReport, 62],
];

await wireSuite("icmpv6", (test, module) => {
  const { icmpv6, ipv6 } = module.wasm;

  test("every checksum that the kernel wrote is valid, and computed again it is the same", () => {
    for (const [name, frame, offset] of messages) {
      const icmp = module.putAtEnd(frame) + offset;
      const bytes = frame.length - offset;
      const pseudo = ipv6.pseudoHeader(icmp - offset + 14, ICMPV6, bytes);
      assert.ok(icmpv6.hasValidChecksum(icmp, bytes, pseudo), name);
      const before = icmpv6.checksum(icmp);
      icmpv6.setChecksum(icmp, before ^ 1);
      assert.not.ok(icmpv6.hasValidChecksum(icmp, bytes, pseudo), name);
      changesOnly(module, icmp + 2, icmp + 4, () => icmpv6.updateChecksum(icmp, bytes, pseudo));
      assert.is(icmpv6.checksum(icmp), before, name);
    }
  });

  test("echo request 1 of identifier 1234 becomes the kernel's reply", () => {
    const icmp = module.putAtEnd(real.ping6Request.subarray(54));
    assert.ok(icmpv6.isEchoRequest(icmp));
    assert.is(icmpv6.identifier(icmp), 0x1234);
    assert.is(icmpv6.sequence(icmp), 1);
    changesOnly(module, icmp, icmp + 4, () => icmpv6.turnIntoReply(icmp));
    assert.is(text(module.bytes.slice(icmp)), text(real.ping6Reply.subarray(54)));
    assert.not.ok(icmpv6.isEchoRequest(icmp));
  });

  test("types 133 to 137 are neighbour discovery, each by its name", () => {
    for (let type = 0; type < 256; type++) {
      const icmp = module.putAtEnd(Uint8Array.of(type, 0, 0, 0));
      assert.is(icmpv6.isNeighbourDiscovery(icmp), type >= 133 && type <= 137, `${type}`);
      assert.is(icmpv6.isRouterAdvertisement(icmp), type === 134);
      assert.is(icmpv6.isNeighbourSolicitation(icmp), type === 135);
      assert.is(icmpv6.isNeighbourAdvertisement(icmp), type === 136);
    }
  });

  test("an echo message has 4 bytes more than the common header", () => {
    assert.equal([icmpv6.HEADER_BYTES, icmpv6.ECHO_HEADER_BYTES], [4, 8]);
  });

  test("4 bytes are a header, fewer are not", () => {
    for (let length = 0; length <= 16; length++) assert.is(icmpv6.isValid(module.end - length, length), length >= 4);
  });

  test("errors are types 1 to 4; echo messages types 128 and 129 with code 0", () => {
    for (let type = 0; type < 256; type++) {
      const icmp = module.putAtEnd(Uint8Array.of(type, 0, 0, 0, 0, 0, 0, 0));
      assert.is(icmpv6.isError(icmp), type >= 1 && type <= 4, `type ${type}`);
      assert.is(icmpv6.isEcho(icmp), [128, 129].includes(type), `type ${type}`);
      icmpv6.setCode(icmp, 1);
      assert.not.ok(icmpv6.isEcho(icmp));
    }
  });

  test("what goes before the packet of an error has a type, a code, and nothing else", () => {
    const icmp = module.putAtEnd(new Uint8Array(8).fill(0xee));
    changesOnly(module, icmp, icmp + 8, () => icmpv6.writeError(icmp, icmpv6.UNREACHABLE, icmpv6.PORT_UNREACHABLE));
    assert.is(text(module.bytes.slice(icmp)), "0104000000000000");
  });
});
