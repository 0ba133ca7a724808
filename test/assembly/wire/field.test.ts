/** Every field of every header, from a second drawing of the layouts: a getter reads the bytes of its field and no other, a
 *  setter writes them and no other, and both work when the field ends at the last byte of memory, where any byte more
 *  is a trap. */
import fc from "fast-check";
import * as assert from "uvu/assert";
import { scale } from "../../scale.ts";
import { changesOnly, wireSuite } from "./wire-suite.ts";

type Kind = "u8" | "u16" | "u32" | "mac" | "u16 little" | "u32 as it lies";
type Field = [name: string, offset: number, kind: Kind, access?: "read only"];

const WIDTH: Record<Kind, number> = { u8: 1, u16: 2, u32: 4, mac: 6, "u16 little": 2, "u32 as it lies": 4 };

const HEADERS: Record<string, Field[]> = {
  ethernet: [
    ["destination", 0, "mac"],
    ["source", 6, "mac"],
    ["etherType", 12, "u16"],
  ],
  vlan: [
    ["tci", 0, "u16"],
    ["etherType", 2, "u16", "read only"],
  ],
  arp: [
    ["operation", 6, "u16"],
    ["senderMac", 8, "mac"],
    ["senderIpBe", 14, "u32 as it lies"],
    ["targetMac", 18, "mac"],
    ["targetIpBe", 24, "u32 as it lies"],
  ],
  ipv4: [
    ["typeOfService", 1, "u8", "read only"],
    ["totalBytes", 2, "u16"],
    ["identification", 4, "u16"],
    ["timeToLive", 8, "u8"],
    ["protocol", 9, "u8", "read only"],
    ["checksum", 10, "u16"],
    ["sourceBe", 12, "u32 as it lies"],
    ["destinationBe", 16, "u32 as it lies"],
  ],
  ipv6: [
    ["payloadBytes", 4, "u16"],
    ["nextHeader", 6, "u8"],
    ["hopLimit", 7, "u8"],
  ],
  icmpv4: [
    ["type", 0, "u8"],
    ["code", 1, "u8"],
    ["checksum", 2, "u16"],
    ["identifier", 4, "u16"],
    ["sequence", 6, "u16"],
  ],
  icmpv6: [
    ["type", 0, "u8"],
    ["code", 1, "u8"],
    ["checksum", 2, "u16"],
    ["identifier", 4, "u16", "read only"],
    ["sequence", 6, "u16", "read only"],
  ],
  neighbourDiscovery: [
    ["flags", 4, "u8", "read only"],
    ["hopLimit", 4, "u8", "read only"],
    ["routerFlags", 5, "u8", "read only"],
    ["lifetimeSeconds", 6, "u16", "read only"],
  ],
  tcp: [
    ["sourcePort", 0, "u16"],
    ["targetPort", 2, "u16"],
    ["sequence", 4, "u32"],
    ["acknowledgment", 8, "u32"],
    ["flags", 13, "u8"],
    ["window", 14, "u16"],
    ["checksum", 16, "u16"],
    ["urgent", 18, "u16", "read only"],
  ],
  udp: [
    ["sourcePort", 0, "u16"],
    ["targetPort", 2, "u16"],
    ["lengthBytes", 4, "u16"],
    ["checksum", 6, "u16"],
  ],
  virtioNet: [
    ["flags", 0, "u8"],
    ["headerBytes", 2, "u16 little"],
    ["segmentBytes", 4, "u16 little"],
    ["checksumStart", 6, "u16 little"],
    ["checksumOffset", 8, "u16 little"],
  ],
};

/** The value of a field whose bytes are these, one byte after the other. */
function fieldValue(bytes: Uint8Array, kind: Kind): number | bigint {
  const order = ["mac", "u16 little", "u32 as it lies"].includes(kind) ? [...bytes].reverse() : [...bytes];
  const value = order.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return kind === "mac" ? value : Number(value);
}

/** Headers of which a getter may read anywhere: their whole first bytes are there before any is called. */
const READ_WHOLE = new Map([["ethernet", 14]]);

/** The field as it is placed at the end of the memory: alone, or within its whole header. */
function placed(bytes: Uint8Array, namespace: string, offset: number): Uint8Array {
  const headerBytes = READ_WHOLE.get(namespace);
  if (headerBytes === undefined) return bytes;
  const header = new Uint8Array(headerBytes).fill(0xa5);
  header.set(bytes, offset);
  return header;
}

const setterOf = (name: string): string => `set${name[0]!.toUpperCase()}${name.slice(1)}`;
const runs = { numRuns: scale.wireFieldRuns };

await wireSuite("header fields", (test, module) => {
  for (const [namespace, fields] of Object.entries(HEADERS)) {
    const wire = module.wasm[namespace];
    for (const [name, offset, kind, access] of fields) {
      const width = WIDTH[kind];

      test(`${namespace}.${name} reads ${width} bytes at ${offset}`, () => {
        fc.assert(
          fc.property(fc.uint8Array({ minLength: width, maxLength: width }), (bytes) => {
            module.bytes.fill(0xa5, module.end - 64);
            const header = module.putAtEnd(placed(bytes, namespace, offset)) - (READ_WHOLE.has(namespace) ? 0 : offset);
            assert.is(wire[name](header), fieldValue(bytes, kind));
          }),
          runs,
        );
      });

      test(`${namespace}.${name} ends where the memory does`, () => {
        assert.throws(() => wire[name](module.end - offset - width + 1), /out of bounds/);
      });

      if (access === "read only") continue;
      test(`${namespace}.${setterOf(name)} writes ${width} bytes at ${offset}`, () => {
        fc.assert(
          fc.property(fc.uint8Array({ minLength: width, maxLength: width }), (bytes) => {
            const place = module.end - width;
            module.bytes.fill(0xa5, module.end - 64);
            changesOnly(module, place, module.end, () => wire[setterOf(name)](place - offset, fieldValue(bytes, kind)));
            assert.equal(module.bytes.slice(place), bytes);
          }),
          runs,
        );
      });
    }
  }

  test("a header without options is as long as its RFC says", () => {
    const lengths = Object.fromEntries(Object.keys(HEADERS).map((name) => [name, module.wasm[name].HEADER_BYTES]));
    const expected = { ethernet: 14, vlan: 4, arp: 28, ipv4: 20, ipv6: 40, icmpv4: 8, icmpv6: 4, neighbourDiscovery: 24, tcp: 20, udp: 8 };
    assert.equal(lengths, { ...expected, virtioNet: 10 });
  });

  test("a MAC setter ignores what lies above 48 bits", () => {
    module.bytes.fill(0, 4096, 4128);
    changesOnly(module, 4096, 4102, () => module.wasm.ethernet.setDestination(4096, 0xffff_0605_0403_0201n));
    assert.is(module.wasm.ethernet.destination(4096), 0x0605_0403_0201n);
  });
});
