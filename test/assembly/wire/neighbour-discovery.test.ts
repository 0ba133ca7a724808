import fc from "fast-check";
import * as assert from "uvu/assert";
import { MAX_DISCOVERY_OPTIONS } from "../../../assembly/abi/limits.ts";
import { scale } from "../../scale.ts";
import * as real from "./frames.ts";
import { changesOnly, patched, text, wireSuite } from "./wire-suite.ts";

const STATION_A = 0x0a00_0000_0002n;
const STATION_B = 0x0b00_0000_0002n;
const SOURCE = 1;
const TARGET = 2;
/** Bytes before the options, by type. */
const FIXED: Record<number, number> = { 133: 8, 134: 16, 135: 24, 136: 24, 137: 40 };

const message = (frame: Uint8Array): Uint8Array => frame.subarray(54);
/** Hop limit 64, managed, 1,800 seconds; options: its MAC, MTU 1,500, prefix fd77::/64. Checksum not filled in. */
const routerAdvertisement = real.hex(
  "86 00 0000 40 80 0708 00000000 00000000",
  "01 01 02000000000b",
  "05 01 0000 000005dc",
  "03 04 40 c0 00015180 00003840 00000000 fd770000000000000000000000000000",
);

interface Option {
  type: number;
  /** In units of 8 bytes; 0 is not allowed. */
  units: number;
  fill: number;
}
function optionBytes({ type, units, fill }: Option): number[] {
  return [type, units, ...new Array(Math.max(8, units * 8) - 2).fill(fill)];
}
function withOptions(type: number, options: readonly Option[]): Uint8Array {
  return Uint8Array.of(type, 0, ...new Array(FIXED[type]! - 2).fill(0), ...options.flatMap(optionBytes));
}
/** The address that the options' list says, when the message is cut after `length` bytes. */
function expectedAddress(type: number, options: readonly Option[], length: number, wanted: number): bigint {
  let offset = FIXED[type]!;
  for (const option of options.slice(0, MAX_DISCOVERY_OPTIONS)) {
    if (offset + 8 > length || option.units === 0) return 0n;
    if (option.type === wanted && option.units === 1) return BigInt(option.fill) * 0x0101_0101_0101n;
    offset += option.units * 8;
  }
  return 0n;
}
const option: fc.Arbitrary<Option> = fc.record({
  type: fc.integer({ min: 1, max: 5 }),
  units: fc.constantFrom(1, 1, 1, 2, 4, 0),
  fill: fc.integer({ min: 1, max: 255 }),
});
const discoveryType = fc.constantFrom(133, 134, 135, 136, 137);

await wireSuite("neighbour discovery", (test, module) => {
  const { ethernet, icmpv6, ipv6, neighbourDiscovery: nd } = module.wasm;
  const targetAt = (pointer: number): string => text(module.bytes.slice(nd.target(pointer), nd.target(pointer) + 16));
  const isValid = (bytes: Uint8Array): boolean => nd.isValid(module.putAtEnd(bytes), bytes.length);
  const linkAddress = (bytes: Uint8Array, type: number): bigint => nd.optionLinkAddress(module.putAtEnd(bytes), bytes.length, type);

  test("DAD asks for fd77::2 and carries a nonce, no link address", () => {
    const bytes = message(real.duplicateAddressDetection);
    assert.ok(isValid(bytes));
    assert.is(targetAt(module.putAtEnd(bytes)), "fd770000000000000000000000000002");
    assert.is(linkAddress(bytes, SOURCE), 0n);
    assert.is(linkAddress(bytes, TARGET), 0n);
  });

  test("a solicitation names its sender's MAC, an advertisement its target's", () => {
    assert.is(linkAddress(message(real.neighbourSolicitation), nd.SOURCE_LINK_ADDRESS), STATION_A);
    assert.is(linkAddress(message(real.neighbourSolicitation), nd.TARGET_LINK_ADDRESS), 0n);
    assert.is(linkAddress(message(real.neighbourAdvertisement), nd.TARGET_LINK_ADDRESS), STATION_B);
    assert.is(nd.flags(module.putAtEnd(message(real.neighbourAdvertisement))), nd.FLAG_SOLICITED | nd.FLAG_OVERRIDE);
    assert.is(linkAddress(message(real.routerSolicitation), nd.SOURCE_LINK_ADDRESS), STATION_A);
  });

  test("a router advertisement with three options", () => {
    const pointer = module.putAtEnd(routerAdvertisement);
    assert.ok(nd.isValid(pointer, routerAdvertisement.length));
    assert.is(nd.hopLimit(pointer), 64);
    assert.is(nd.routerFlags(pointer), 0x80);
    assert.is(nd.lifetimeSeconds(pointer), 1800);
    assert.is(linkAddress(routerAdvertisement, SOURCE), STATION_B);
  });

  test("the answer to the kernel's solicitation, written over it, is the kernel's advertisement, byte for byte", () => {
    const frame = module.putAtEnd(real.neighbourSolicitation);
    const ip = frame + 14;
    const icmp = ip + 40;
    changesOnly(module, frame, module.end, () => {
      ethernet.write(frame, ethernet.source(frame), STATION_B, ethernet.ETHER_TYPE_IPV6);
      nd.writeAdvertisement(icmp, nd.FLAG_SOLICITED | nd.FLAG_OVERRIDE, nd.target(icmp), STATION_B);
      ipv6.write(ip, nd.ADVERTISEMENT_BYTES, 58, nd.HOP_LIMIT_REQUIRED, nd.target(icmp), ipv6.source(ip));
      icmpv6.updateChecksum(icmp, nd.ADVERTISEMENT_BYTES, ipv6.pseudoHeader(ip, 58, nd.ADVERTISEMENT_BYTES));
    });
    assert.is(text(module.bytes.slice(frame)), text(real.neighbourAdvertisement));
  });

  test("a solicitation written over whatever was there is the kernel's, but for its checksum", () => {
    const at = module.putAtEnd(new Uint8Array(nd.SOLICITATION_BYTES).fill(0xff));
    const target = module.put(message(real.neighbourSolicitation).subarray(8, 24), 4096);
    changesOnly(module, at, module.end, () => nd.writeSolicitation(at, target, STATION_A));
    assert.is(text(module.bytes.slice(at)), text(patched(message(real.neighbourSolicitation), 2, [0, 0])));
  });

  test("the group of an address ends in its last three bytes, and is where the kernel sends its question", () => {
    const group = module.putAtEnd(new Uint8Array(16).fill(0xff));
    const target = module.put(message(real.neighbourSolicitation).subarray(8, 24), 4096);
    changesOnly(module, group, module.end, () => assert.is(nd.writeGroup(group, target), group));
    assert.is(text(module.bytes.slice(group)), text(real.neighbourSolicitation.subarray(38, 54)));
    module.put(real.hex("fd77000000000000000000001a2b3c4d"), 4096);
    nd.writeGroup(group, target);
    assert.is(text(module.bytes.slice(group)), "ff0200000000000000000001ff2b3c4d");
  });

  test("an advertisement overwrites whatever was there before", () => {
    const nd32 = module.putAtEnd(new Uint8Array(32).fill(0xff));
    const target = module.put(real.hex("fd770000000000000000000000000003"), 4096);
    changesOnly(module, nd32, module.end, () => nd.writeAdvertisement(nd32, 0xffff_ff60, target, STATION_B));
    assert.is(text(module.bytes.slice(nd32)), text(patched(message(real.neighbourAdvertisement), 2, [0, 0])));
  });

  test("real messages, cut anywhere, are not valid, except where an option ends", () => {
    for (const bytes of [
      message(real.duplicateAddressDetection),
      message(real.neighbourAdvertisement),
      message(real.routerSolicitation),
      routerAdvertisement,
    ]) {
      const ends = bytes === routerAdvertisement ? [16, 24, 32, 64] : [bytes.length - 8, bytes.length];
      for (let length = 0; length <= bytes.length; length++)
        assert.is(isValid(bytes.slice(0, length)), ends.includes(length), `${length} of ${bytes.length}`);
    }
  });

  test("code 0 only, and only the five types", () => {
    const bytes = message(real.neighbourSolicitation);
    assert.not.ok(isValid(patched(bytes, 1, [1])));
    for (let type = 0; type < 256; type++) {
      const other = withOptions(135, []);
      other[0] = type;
      assert.is(
        isValid(other),
        [133, 134, 135, 136].includes(type) && (other.length - FIXED[type]!) % 8 === 0 && (type === 135 || type === 136),
        `${type}`,
      );
      assert.is(linkAddress(patched(bytes, 0, [type]), SOURCE) !== 0n, type === 135 || type === 136, `${type}`);
    }
  });

  test("an option of length 0 ends the walk and makes the message invalid, wherever it stands", () => {
    for (let at = 0; at < 4; at++) {
      const options = Array.from({ length: 4 }, (_, index) => ({ type: index === 3 ? SOURCE : 14, units: index === at ? 0 : 1, fill: 7 }));
      assert.not.ok(isValid(withOptions(135, options)));
      assert.is(linkAddress(withOptions(135, options), SOURCE), 0n);
    }
  });

  test(`${MAX_DISCOVERY_OPTIONS} options are walked, one more is not`, () => {
    const before = (count: number): Option[] => [
      ...new Array(count).fill({ type: 14, units: 1, fill: 1 }),
      { type: SOURCE, units: 1, fill: 9 },
    ];
    const last = withOptions(135, before(MAX_DISCOVERY_OPTIONS - 1));
    assert.ok(isValid(last));
    assert.is(linkAddress(last, SOURCE), 0x0909_0909_0909n);
    const beyond = withOptions(135, before(MAX_DISCOVERY_OPTIONS));
    assert.not.ok(isValid(beyond));
    assert.is(linkAddress(beyond, SOURCE), 0n);
  });

  test("the first of two link addresses counts; one of another length is none", () => {
    assert.is(
      linkAddress(
        withOptions(136, [
          { type: TARGET, units: 1, fill: 1 },
          { type: TARGET, units: 1, fill: 2 },
        ]),
        TARGET,
      ),
      0x0101_0101_0101n,
    );
    assert.is(
      linkAddress(
        withOptions(136, [
          { type: TARGET, units: 2, fill: 1 },
          { type: TARGET, units: 1, fill: 2 },
        ]),
        TARGET,
      ),
      0x0202_0202_0202n,
    );
  });

  test("any options of any message, cut anywhere, flush with the end of memory", () => {
    fc.assert(
      fc.property(discoveryType, fc.array(option, { maxLength: 24 }), fc.nat(), (type, options, cut) => {
        const whole = withOptions(type, options);
        const bytes = whole.slice(0, cut % (whole.length + 1));
        for (const wanted of [SOURCE, TARGET])
          assert.is(linkAddress(bytes, wanted), bytes.length < 4 ? 0n : expectedAddress(type, options, bytes.length, wanted));
        const isWhole = bytes.length === whole.length && options.length <= MAX_DISCOVERY_OPTIONS && options.every(({ units }) => units > 0);
        if (bytes.length === whole.length) assert.is(isValid(bytes), isWhole);
      }),
      { numRuns: scale.wireChainRuns },
    );
  });
});
