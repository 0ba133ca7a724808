import * as assert from "uvu/assert";
import { arpReply, arpRequest, hex } from "./frames.ts";
import { changesOnly, patched, text, wireSuite } from "./wire-suite.ts";

const STATION_A = 0x0a00_0000_0002n;
const STATION_B = 0x0b00_0000_0002n;
/** 10.77.0.2 and 10.77.0.3 as they lie in memory. */
const IP_A = 0x0200_4d0a;
const IP_B = 0x0300_4d0a;

const request = arpRequest.subarray(14);
const reply = arpReply.subarray(14);

await wireSuite("arp", (test, module) => {
  const { arp } = module.wasm;

  test("10.77.0.2 asks for 10.77.0.3", () => {
    const pointer = module.putAtEnd(request);
    assert.ok(arp.isValid(pointer, request.length));
    assert.is(arp.operation(pointer), arp.REQUEST);
    assert.is(arp.senderMac(pointer), STATION_A);
    assert.is(arp.senderIpBe(pointer), IP_A);
    assert.is(arp.targetMac(pointer), 0n);
    assert.is(arp.targetIpBe(pointer), IP_B);
    assert.not.ok(arp.isProbe(pointer));
  });

  test("the answer written over the request is the kernel's, byte for byte", () => {
    const pointer = module.putAtEnd(request);
    changesOnly(module, pointer, module.end, () => arp.write(pointer, arp.REPLY, STATION_B, IP_B, STATION_A, IP_A));
    assert.is(text(module.bytes.slice(pointer)), text(reply));
  });

  test("a request from 0.0.0.0 is a probe, a reply from there is not", () => {
    assert.ok(arp.isProbe(module.putAtEnd(patched(request, 14, [0, 0, 0, 0]))));
    assert.not.ok(arp.isProbe(module.putAtEnd(patched(reply, 14, [0, 0, 0, 0]))));
    assert.not.ok(arp.isProbe(module.putAtEnd(patched(request, 14, [0, 0, 0, 1]))));
  });

  test("cut anywhere it is not valid, padded it is", () => {
    for (let length = 0; length < request.length; length++)
      assert.not.ok(arp.isValid(module.putAtEnd(request.subarray(0, length)), length));
    assert.ok(arp.isValid(module.putAtEnd(Uint8Array.of(...request, ...new Uint8Array(18))), 46));
  });

  test("only IPv4 over Ethernet is understood", () => {
    const others = {
      "hardware type 6": [0, "0006"],
      "protocol IPv6": [2, "86dd"],
      "8 byte MACs": [4, "08"],
      "16 byte addresses": [5, "10"],
      "byte order": [0, "0100"],
    } as const;
    for (const [name, [offset, bytes]] of Object.entries(others)) {
      assert.not.ok(arp.isValid(module.putAtEnd(patched(request, offset, hex(bytes))), request.length), name);
    }
    for (let at = 0; at < 6; at++) {
      for (let bit = 1; bit < 256; bit <<= 1) {
        const broken = patched(request, at, [request[at]! ^ bit]);
        assert.not.ok(arp.isValid(module.putAtEnd(broken), broken.length), `byte ${at}, bit ${bit}`);
      }
    }
  });
});
