/** The walk to L4: chains of 0 to 64 headers, cut at every byte, both by the frame's end (which is the memory's, so that
 *  a byte too far traps) and by the packet's own length. What is right is computed from the list of headers, never from
 *  the bytes. */
import fc from "fast-check";
import * as assert from "uvu/assert";
import { MAX_EXTENSION_BYTES, MAX_EXTENSION_HEADERS } from "../../../assembly/abi/limits.ts";
import { scale } from "../../scale.ts";
import { fragment6First, fragment6Last, frames, multicastReport, udp6, udp6WithOptions } from "./frames.ts";
import { patched, wireSuite } from "./wire-suite.ts";

const HOP_BY_HOP = 0;
const TCP = 6;
const UDP = 17;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const ICMPV6 = 58;
const NONE = 59;
const DESTINATION_OPTIONS = 60;

interface Header {
  type: number;
  /** Bytes of the header, a multiple of 8 (of 4 for AUTHENTICATION). */
  bytes: number;
  /** Of a fragment header, in units of 8 bytes. */
  fragmentOffset?: number;
}
interface Walked {
  protocol: number;
  offset: number;
  isFragment: boolean;
  isCut: boolean;
}

function headerBytes(header: Header, next: number): Uint8Array {
  const bytes = new Uint8Array(header.bytes).fill(0xee);
  bytes[0] = next;
  if (header.type === FRAGMENT)
    bytes.set([0, (header.fragmentOffset ?? 0) >> 5, ((header.fragmentOffset ?? 0) << 3) | 1, 1, 2, 3, 4].slice(0, 7), 1);
  else bytes[1] = header.type === AUTHENTICATION ? header.bytes / 4 - 2 : header.bytes / 8 - 1;
  return bytes;
}

/** An IPv6 packet with these headers, then `payload` bytes of `protocol`. */
function packetOf(chain: readonly Header[], protocol: number, payload: number): Uint8Array {
  const types = [...chain.map((header) => header.type), protocol];
  const body = [...chain.flatMap((header, index) => [...headerBytes(header, types[index + 1]!)]), ...new Uint8Array(payload).fill(0x11)];
  const ip = new Uint8Array(40);
  ip.set([0x60, 0, 0, 0, body.length >> 8, body.length & 255, types[0]!, 64]);
  return Uint8Array.of(...ip, ...body);
}

/** What the walk finds when the packet ends after `end` bytes. */
function expected(chain: readonly Header[], protocol: number, end: number): Walked {
  let offset = 40;
  let isFragment = false;
  for (const [index, header] of chain.entries()) {
    const isWalked = index < MAX_EXTENSION_HEADERS && offset + 8 <= end && offset - 40 + header.bytes <= MAX_EXTENSION_BYTES;
    if (!isWalked) return { protocol: header.type, offset: 0, isFragment, isCut: true };
    isFragment ||= header.type === FRAGMENT;
    if (header.type === FRAGMENT && header.fragmentOffset)
      return { protocol: chain[index + 1]?.type ?? protocol, offset: 0, isFragment, isCut: false };
    offset += header.bytes;
  }
  const isCut = isFragment && protocol !== NONE && offset >= end;
  return { protocol, offset: protocol === NONE || offset >= end ? 0 : offset, isFragment, isCut };
}

const header: fc.Arbitrary<Header> = fc.oneof(
  fc.record({
    type: fc.constantFrom(HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS),
    bytes: fc.integer({ min: 1, max: 8 }).map((units) => units * 8),
  }),
  fc.record({ type: fc.constant(DESTINATION_OPTIONS), bytes: fc.integer({ min: 1, max: 256 }).map((units) => units * 8) }),
  fc.record({ type: fc.constant(AUTHENTICATION), bytes: fc.integer({ min: 2, max: 20 }).map((units) => units * 4) }),
  fc.record({ type: fc.constant(FRAGMENT), bytes: fc.constant(8), fragmentOffset: fc.constantFrom(0, 0, 0, 1, 0x1fff) }),
);

await wireSuite("extension chain", (test, module) => {
  const { ipv6 } = module.wasm;
  const walk = (ip: number, availableBytes: number): Walked => {
    const walked = ipv6.walk(ip, availableBytes);
    return {
      protocol: ipv6.walkProtocol(walked),
      offset: ipv6.walkOffset(walked),
      isFragment: ipv6.walkIsFragment(walked),
      isCut: ipv6.walkIsCut(walked),
    };
  };
  const walkFrame = (frame: Uint8Array): Walked => walk(module.putAtEnd(frame.subarray(14)), frame.length - 14);

  test("UDP right behind the header", () => {
    assert.equal(walkFrame(udp6), { protocol: UDP, offset: 40, isFragment: false, isCut: false });
  });

  test("a multicast report behind a router alert", () => {
    assert.equal(walkFrame(multicastReport), { protocol: ICMPV6, offset: 48, isFragment: false, isCut: false });
  });

  test("UDP behind hop-by-hop and destination options", () => {
    assert.equal(walkFrame(udp6WithOptions), { protocol: UDP, offset: 56, isFragment: false, isCut: false });
  });

  test("a first fragment has its L4 header, a later one has none", () => {
    assert.equal(walkFrame(fragment6First), { protocol: UDP, offset: 48, isFragment: true, isCut: false });
    assert.equal(walkFrame(fragment6Last), { protocol: UDP, offset: 0, isFragment: true, isCut: false });
  });

  test("the packed result is fragment << 24 | protocol << 16 | offset", () => {
    assert.is(ipv6.walk(module.putAtEnd(fragment6First.subarray(14)), 1496), (1 << 24) | (UDP << 16) | 48);
    assert.is(ipv6.walk(module.putAtEnd(udp6.subarray(14)), 53), (UDP << 16) | 40);
  });

  test("a chain that ends in no next header has no L4", () => {
    assert.equal(walk(module.putAtEnd(packetOf([], NONE, 4)), 44), { protocol: NONE, offset: 0, isFragment: false, isCut: false });
  });

  test("ESP, mobility, HIP, shim6 and unknown protocols are L4 themselves", () => {
    for (const protocol of [50, 135, 139, 140, 253, 255]) {
      assert.equal(walk(module.putAtEnd(packetOf([], protocol, 8)), 48), { protocol, offset: 40, isFragment: false, isCut: false });
    }
  });

  test(`${MAX_EXTENSION_HEADERS} headers are walked, one more is not`, () => {
    const chain = (count: number): Header[] => Array.from({ length: count }, () => ({ type: DESTINATION_OPTIONS, bytes: 8 }));
    const at = (count: number): Walked => walk(module.putAtEnd(packetOf(chain(count), TCP, 20)), 60 + count * 8);
    assert.equal(at(MAX_EXTENSION_HEADERS), { protocol: TCP, offset: 40 + MAX_EXTENSION_HEADERS * 8, isFragment: false, isCut: false });
    assert.equal(at(MAX_EXTENSION_HEADERS + 1), { protocol: DESTINATION_OPTIONS, offset: 0, isFragment: false, isCut: true });
  });

  test(`${MAX_EXTENSION_BYTES} bytes are walked, 8 more are not`, () => {
    const at = (bytes: number): Walked => walk(module.putAtEnd(packetOf([{ type: HOP_BY_HOP, bytes }], UDP, 8)), 48 + bytes);
    assert.equal(at(MAX_EXTENSION_BYTES), { protocol: UDP, offset: 40 + MAX_EXTENSION_BYTES, isFragment: false, isCut: false });
    assert.equal(at(MAX_EXTENSION_BYTES + 8), { protocol: HOP_BY_HOP, offset: 0, isFragment: false, isCut: true });
  });

  test("a chain that never ends is left after the limit: zeros up to the end of memory", () => {
    const ip = module.putAtEnd(new Uint8Array(131072));
    module.put(Uint8Array.of(0x60, 0, 0, 0, 0xff, 0xff, 0, 64), ip);
    assert.equal(walk(ip, 131072), { protocol: HOP_BY_HOP, offset: 0, isFragment: false, isCut: true });
  });

  test("chains of 0 to 64 headers, cut at every byte by the frame's end", () => {
    for (let count = 0; count <= 64; count++) {
      const chain = Array.from({ length: count }, (_, index) => ({
        type: [HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS][index % 3]!,
        bytes: 8,
      }));
      const whole = packetOf(chain, UDP, 9);
      for (let length = 40; length <= whole.length; length++) {
        assert.equal(
          walk(module.putAtEnd(whole.subarray(0, length)), length),
          expected(chain, UDP, length),
          `${count} headers, ${length} bytes`,
        );
      }
    }
  });

  test("chains of 0 to 64 headers, cut at every byte by the packet's own length", () => {
    for (let count = 0; count <= 64; count++) {
      const chain = Array.from({ length: count }, () => ({ type: DESTINATION_OPTIONS, bytes: 8 }));
      const whole = packetOf(chain, UDP, 9);
      for (let payload = 0; payload <= whole.length - 40; payload++) {
        const packet = module.putAtEnd(patched(whole, 4, [payload >> 8, payload & 255]));
        assert.equal(walk(packet, whole.length), expected(chain, UDP, 40 + payload), `${count} headers, payload ${payload}`);
      }
    }
  });

  test("any chain of any headers, cut anywhere", () => {
    fc.assert(
      fc.property(
        fc.array(header, { maxLength: 12 }),
        fc.constantFrom(TCP, UDP, ICMPV6, NONE, 50),
        fc.nat(40),
        fc.nat(),
        (chain, protocol, payload, cut) => {
          const whole = packetOf(chain, protocol, payload);
          const length = 40 + (cut % (whole.length - 39));
          assert.equal(walk(module.putAtEnd(whole.subarray(0, length)), length), expected(chain, protocol, length));
        },
      ),
      { numRuns: scale.wireChainRuns },
    );
  });

  test("the fragment header of a real fragment, and what it says", () => {
    const { extensionChain } = module.wasm;
    for (const [frame, offset, more] of [
      [fragment6First, 0, true],
      [fragment6Last, 1448, false],
    ] as const) {
      const ip = module.putAtEnd(frame.subarray(14));
      const fragment = ipv6.fragment(ip);
      assert.is(fragment, ip + 40);
      assert.equal([extensionChain.fragmentOffset(fragment), extensionChain.moreFragments(fragment)], [offset, more]);
    }
    const [first, last] = [fragment6First, fragment6Last].map((frame) =>
      extensionChain.identification(module.putAtEnd(frame.subarray(14)) + 40),
    );
    assert.is(first, last);
    assert.is(ipv6.fragment(module.putAtEnd(udp6.subarray(14))), 0);
  });

  test("every bit of a fragment header", () => {
    const { extensionChain } = module.wasm;
    const header = module.putAtEnd(Uint8Array.of(17, 0, 0xff, 0xf9, 0xfe, 0xdc, 0xba, 0x98));
    assert.equal([extensionChain.fragmentOffset(header), extensionChain.moreFragments(header)], [65_528, true]);
    assert.is(extensionChain.identification(header), 0xfedcba98);
    module.bytes.set([0, 14], header + 2);
    assert.equal([extensionChain.fragmentOffset(header), extensionChain.moreFragments(header)], [8, false], "two bits are reserved");
  });

  test("a fragment header is found in any chain, cut anywhere, exactly when the walk meets one", () => {
    fc.assert(
      fc.property(
        fc.array(header, { maxLength: 12 }),
        fc.constantFrom(TCP, NONE),
        fc.nat(40),
        fc.nat(),
        (chain, protocol, payload, cut) => {
          const whole = packetOf(chain, protocol, payload);
          const length = 40 + (cut % (whole.length - 39));
          const ip = module.putAtEnd(patched(whole.subarray(0, length), 4, [(length - 40) >> 8, (length - 40) & 255]));
          const before = chain.slice(
            0,
            Math.max(
              0,
              chain.findIndex(({ type }) => type === FRAGMENT),
            ),
          );
          const wanted = ip + before.reduce((offset, { bytes }) => offset + bytes, 40);
          assert.is(ipv6.fragment(ip), expected(chain, protocol, length).isFragment ? wanted : 0);
        },
      ),
      { numRuns: scale.wireChainRuns },
    );
  });

  test("L4 of every real frame is where the kernel put it", () => {
    for (const [name, frame] of Object.entries(frames)) {
      if (frame[12] !== 0x86) continue;
      const { offset, protocol } = walkFrame(frame);
      if (name === "fragment6Last") continue;
      assert.ok(offset >= 40 && [TCP, UDP, ICMPV6].includes(protocol), name);
    }
  });
});
