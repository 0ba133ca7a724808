import * as assert from "uvu/assert";
import { pingReply, pingRequest } from "./frames.ts";
import { changesOnly, text, wireSuite } from "./wire-suite.ts";

const request = pingRequest.subarray(34);
const reply = pingReply.subarray(34);

await wireSuite("icmpv4", (test, module) => {
  const { icmpv4 } = module.wasm;

  test("echo request 1 of identifier 1234", () => {
    const icmp = module.putAtEnd(request);
    assert.ok(icmpv4.isEchoRequest(icmp));
    assert.is(icmpv4.type(icmp), icmpv4.ECHO_REQUEST);
    assert.is(icmpv4.identifier(icmp), 0x1234);
    assert.is(icmpv4.sequence(icmp), 1);
    assert.ok(icmpv4.hasValidChecksum(icmp, request.length));
    assert.not.ok(icmpv4.isEchoRequest(module.putAtEnd(reply)));
  });

  test("an echo request has code 0", () => {
    const icmp = module.putAtEnd(request);
    icmpv4.setCode(icmp, 1);
    assert.not.ok(icmpv4.isEchoRequest(icmp));
  });

  test("turned into a reply it is the kernel's, byte for byte", () => {
    const icmp = module.putAtEnd(request);
    changesOnly(module, icmp, icmp + 4, () => icmpv4.turnIntoReply(icmp));
    assert.is(text(module.bytes.slice(icmp)), text(reply));
  });

  test("a request with a wrong checksum becomes a reply with a wrong one", () => {
    const icmp = module.putAtEnd(request);
    icmpv4.setChecksum(icmp, 0x1722);
    icmpv4.turnIntoReply(icmp);
    assert.not.ok(icmpv4.hasValidChecksum(icmp, request.length));
  });

  test("the checksum computed anew is the kernel's", () => {
    const icmp = module.putAtEnd(request);
    icmpv4.setChecksum(icmp, 0xbeef);
    changesOnly(module, icmp + 2, icmp + 4, () => icmpv4.updateChecksum(icmp, request.length));
    assert.is(icmpv4.checksum(icmp), 0x1721);
  });

  test("errors are types 3, 4, 5, 11 and 12; echo messages types 0 and 8 with code 0", () => {
    for (let type = 0; type < 256; type++) {
      const icmp = module.putAtEnd(Uint8Array.of(type, 0, 0, 0, 0, 0, 0, 0));
      assert.is(icmpv4.isError(icmp), [3, 4, 5, 11, 12].includes(type), `type ${type}`);
      assert.is(icmpv4.isEcho(icmp), [0, 8].includes(type), `type ${type}`);
      icmpv4.setCode(icmp, 1);
      assert.not.ok(icmpv4.isEcho(icmp));
    }
  });

  test("a header that is written has a type, a code, and nothing else", () => {
    const icmp = module.putAtEnd(new Uint8Array(8).fill(0xee));
    changesOnly(module, icmp, icmp + 8, () => icmpv4.write(icmp, icmpv4.UNREACHABLE, icmpv4.PORT_UNREACHABLE));
    assert.is(text(module.bytes.slice(icmp)), "0303000000000000");
  });

  test("8 bytes are a header, fewer are not", () => {
    for (let length = 0; length <= 16; length++) assert.is(icmpv4.isValid(module.end - length, length), length >= 8);
  });
});
