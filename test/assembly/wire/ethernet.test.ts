import * as assert from "uvu/assert";
import { frames, pingRequest, udp6 } from "./frames.ts";
import { changesOnly, text, wireSuite } from "./wire-suite.ts";

const STATION_A = 0x0a00_0000_0002n;
const STATION_B = 0x0b00_0000_0002n;

await wireSuite("ethernet", (test, module) => {
  const { ethernet } = module.wasm;

  test("a ping goes from 02:00:00:00:00:0a to …:0b and carries IPv4", () => {
    const frame = module.putAtEnd(pingRequest);
    assert.is(ethernet.source(frame), STATION_A);
    assert.is(ethernet.destination(frame), STATION_B);
    assert.is(ethernet.etherType(frame), ethernet.ETHER_TYPE_IPV4);
    assert.is(ethernet.etherType(module.putAtEnd(udp6)), ethernet.ETHER_TYPE_IPV6);
  });

  test("14 bytes are a header, fewer are a runt", () => {
    for (let length = 0; length <= 64; length++) assert.is(ethernet.isValid(module.end - length, length), length >= 14);
  });

  test("the lowest bit of the first byte makes a group", () => {
    const group = (digits: string): boolean => ethernet.isGroup(mac(digits));
    assert.ok(group("ff:ff:ff:ff:ff:ff"));
    assert.is(mac("ff:ff:ff:ff:ff:ff"), ethernet.BROADCAST);
    assert.ok(group("33:33:00:00:00:16"));
    assert.ok(group("01:00:5e:00:00:fb"));
    assert.not.ok(group("02:00:00:00:00:0a"));
    assert.not.ok(group("00:01:01:01:01:01"));
    assert.not.ok(group("00:00:00:00:00:00"));
  });

  test("01:80:c2:00:00:00 to 0f are reserved, and nothing near them", () => {
    for (let last = 0; last < 256; last++) {
      const digits = last.toString(16).padStart(2, "0");
      assert.is(ethernet.isReservedGroup(mac(`01:80:c2:00:00:${digits}`)), last < 16, digits);
    }
    for (const other of ["00:80:c2:00:00:00", "01:81:c2:00:00:00", "01:80:c3:00:00:00", "01:80:c2:01:00:00", "01:80:c2:00:01:00"]) {
      assert.not.ok(ethernet.isReservedGroup(mac(other)), other);
    }
  });

  test("write makes the header of each real frame again, at the end of memory, and touches nothing else", () => {
    for (const [name, frame] of Object.entries(frames)) {
      const pointer = module.putAtEnd(frame.subarray(0, 14));
      const header = [ethernet.destination(pointer), ethernet.source(pointer), ethernet.etherType(pointer)];
      module.bytes.fill(0, pointer);
      changesOnly(module, pointer, module.end, () => ethernet.write(pointer, ...header));
      assert.is(text(module.bytes.slice(pointer)), text(frame.subarray(0, 14)), name);
    }
  });
});

function mac(digits: string): bigint {
  return BigInt(`0x${digits.split(":").reverse().join("")}`);
}
