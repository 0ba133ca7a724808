/** Packets get other ends: every packet of the captures, and frames made for it. A checksum that was right is right afterwards, a wrong one is wrong by
 *  as much, by an implementation of its own; translated back, the frame is what it was. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { FLAG_FRAGMENT, FLAG_IPV4, FLAG_IPV6 } from "../../../../assembly/abi/descriptor.ts";
import { captureFolder, ethernetFrames } from "../../../support/captures.ts";
import { BUILDS, instantiateTest, type TestModule } from "../../../support/wasm.ts";
import { internetChecksum, onesComplementSum, pseudoHeader4, pseudoHeader6 } from "../../wire/checksum-model.ts";
import { hex } from "../../wire/frames.ts";

const [ICMP, TCP, UDP, ICMPV6] = [1, 6, 17, 58];
const [DESCRIPTOR, ADDRESS, HEADER_BYTES] = [8192, 8192 + 512, 10];
const CONTINUE = 0;

interface Packet {
  isIpv4: boolean;
  protocol: number;
  /** Offsets in the frame; L4 is 0 where there is none. */
  l3: number;
  l4: number;
  l4Bytes: number;
}

/** An end: address and port. */
interface End {
  address: Uint8Array;
  port: number;
}

class Translator {
  readonly #module: TestModule;
  #frame = 0;
  #bytes = 0;

  constructor(module: TestModule) {
    this.#module = module;
  }

  /** Null: it goes no further than ingress, or is no IP packet. It ends at the last byte of memory. */
  prepare(frame: Uint8Array, offload = new Uint8Array(HEADER_BYTES)): Packet | null {
    const { wasm } = this.#module;
    const whole = new Uint8Array(HEADER_BYTES + frame.length);
    whole.set(offload);
    whole.set(frame, HEADER_BYTES);
    this.#frame = this.#module.putAtEnd(whole) + HEADER_BYTES;
    this.#bytes = frame.length;
    if (wasm.prepare(DESCRIPTOR, this.#frame, frame.length) !== CONTINUE) return null;
    const flags = wasm.flags(DESCRIPTOR);
    if ((flags & (FLAG_IPV4 | FLAG_IPV6)) === 0) return null;
    const l4 = wasm.l4(DESCRIPTOR);
    const isWhole = l4 !== 0 && (flags & FLAG_FRAGMENT) === 0;
    return {
      isIpv4: (flags & FLAG_IPV4) !== 0,
      protocol: wasm.protocol(DESCRIPTOR),
      l3: wasm.l3(DESCRIPTOR) - this.#frame,
      l4: l4 === 0 ? 0 : l4 - this.#frame,
      l4Bytes: isWhole ? wasm.l4Bytes(DESCRIPTOR) : 0,
    };
  }

  setSource({ address, port }: End): void {
    this.#module.put(address, ADDRESS);
    this.#module.wasm.setSource(DESCRIPTOR, ADDRESS, swapped(port));
  }
  setDestination({ address, port }: End): void {
    this.#module.put(address, ADDRESS);
    this.#module.wasm.setDestination(DESCRIPTOR, ADDRESS, swapped(port));
  }
  get frame(): Uint8Array {
    return this.#module.bytes.slice(this.#frame, this.#frame + this.#bytes);
  }
}

/** As the engine reads it: as it lies in the packet. */
const swapped = (port: number): number => ((port & 0xff) << 8) | (port >> 8);
const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
/** 0 and 0xffff are the same number. */
const residual = (sum: number): number => sum % 0xffff;
const addressOf = (isIpv4: boolean, last: number): Uint8Array =>
  isIpv4
    ? Uint8Array.of(10, 99, 7, last, ...new Array<number>(12).fill(0))
    : Uint8Array.of(0xfd, 0, ...new Array<number>(13).fill(7), last);

const hasPorts = ({ protocol, l4Bytes, l4 }: Packet): boolean => l4 !== 0 && (protocol === TCP || protocol === UDP) && l4Bytes >= 8;
const isEcho = (frame: Uint8Array, { protocol, l4, l4Bytes }: Packet): boolean =>
  l4 !== 0 &&
  l4Bytes >= 8 &&
  ((protocol === ICMP && [0, 8].includes(frame[l4]!)) || (protocol === ICMPV6 && [128, 129].includes(frame[l4]!)));

function endsOf(frame: Uint8Array, packet: Packet): { source: End; destination: End } {
  const { isIpv4, l3, l4 } = packet;
  const [source, destination, bytes] = isIpv4 ? [12, 16, 4] : [8, 24, 16];
  const address = (at: number): Uint8Array => Uint8Array.from({ length: 16 }, (_, index) => (index < bytes ? frame[l3 + at + index]! : 0));
  const [from, to] = hasPorts(packet) ? [u16(frame, l4), u16(frame, l4 + 2)] : [u16(frame, l4 + 4), u16(frame, l4 + 4)];
  return { source: { address: address(source), port: from }, destination: { address: address(destination), port: to } };
}

/** What the sums over header and L4 say, by which anybody tells whether the checksums are right. */
function residuals(frame: Uint8Array, packet: Packet): { header: number; l4: number } {
  const { isIpv4, protocol, l3, l4, l4Bytes } = packet;
  const header = isIpv4 ? residual(onesComplementSum(frame.subarray(l3, l3 + (frame[l3]! & 15) * 4))) : 0;
  const { source, destination } = endsOf(frame, packet);
  const [from, to] = [source.address, destination.address].map((address) => address.subarray(0, isIpv4 ? 4 : 16)) as [
    Uint8Array,
    Uint8Array,
  ];
  const pseudo = protocol === ICMP ? [] : isIpv4 ? pseudoHeader4(from, to, protocol, l4Bytes) : pseudoHeader6(from, to, protocol, l4Bytes);
  return { header, l4: residual(onesComplementSum(pseudo, frame.subarray(l4, l4 + l4Bytes))) };
}

const checksumAt = ({ protocol, l4 }: Packet): number => l4 + (protocol === TCP ? 16 : protocol === UDP ? 6 : 2);
const hasNone = (frame: Uint8Array, packet: Packet): boolean =>
  packet.isIpv4 && packet.protocol === UDP && u16(frame, checksumAt(packet)) === 0;

/** Equal but for checksums, which may be 0 here and 0xffff there. */
function expectSame(actual: Uint8Array, expected: Uint8Array, packet: Packet, where: string): void {
  const [left, right] = [actual.slice(), expected.slice()];
  for (const at of [...(packet.isIpv4 ? [packet.l3 + 10] : []), checksumAt(packet)]) {
    assert.is(residual(u16(left, at)), residual(u16(right, at)), `${where}: checksum at ${at}`);
    left.fill(0, at, at + 2);
    right.fill(0, at, at + 2);
  }
  assert.ok(Buffer.from(left).equals(right), `${where}: not what it was`);
}

/** There and back; whether it was one that has ends. */
function check(translator: Translator, frame: Uint8Array, where: string): boolean {
  const packet = translator.prepare(frame);
  if (packet === null || !(hasPorts(packet) || isEcho(frame, packet))) return false;
  const echo = !hasPorts(packet);
  const before = { ends: endsOf(frame, packet), sums: residuals(frame, packet) };
  const source = { address: addressOf(packet.isIpv4, 1), port: echo ? 0xbeef : 65_535 };
  const destination = { address: addressOf(packet.isIpv4, 2), port: echo ? 0xbeef : 80 };
  translator.setSource(source);
  translator.setDestination(destination);
  const translated = translator.frame;
  assert.equal(endsOf(translated, packet), { source, destination }, where);
  const none = hasNone(frame, packet);
  if (none) assert.ok(hasNone(translated, packet), `${where}: no checksum stays none`);
  const after = residuals(translated, packet);
  assert.is(after.header, before.sums.header, `${where}: header`);
  if (!none) assert.is(after.l4, before.sums.l4, `${where}: L4`);
  if (packet.protocol === UDP && !none) assert.not(u16(translated, checksumAt(packet)) === 0, `${where}: 0 says "none"`);
  translator.setDestination(before.ends.destination);
  translator.setSource(before.ends.source);
  expectSame(translator.frame, frame, packet, where);
  return true;
}

const modules = await Promise.all(BUILDS.map((build) => instantiateTest("translate", build)));
for (const module of modules) {
  const translator = new Translator(module);

  test(`every packet of the captures that has ends, there and back (${module.build})`, () => {
    let checked = 0;
    for (const { file, frames } of ethernetFrames(captureFolder())) {
      for (const [index, { bytes }] of frames.entries()) checked += Number(check(translator, bytes, `${file}, frame ${index + 1}`));
    }
    assert.ok(checked >= 50, `${checked} packets`);
    console.log(`# ${checked} packets`);
  });

  test(`a partial checksum takes the address alone (${module.build})`, () => {
    // UDP 10.0.0.1:1000 > 10.0.0.2:53, four bytes; NEEDS_CSUM from 34, field at 6
    const frame = hex("020000000002 020000000001 0800 4500 0020 0001 0000 4011 0000 0a000001 0a000002 03e8 0035 000c 0000 deadbeef");
    const partial = onesComplementSum(pseudoHeader4([10, 0, 0, 1], [10, 0, 0, 2], UDP, 12));
    frame.set([partial >> 8, partial & 255], 40);
    const packet = translator.prepare(frame, Uint8Array.of(1, 0, 0, 0, 0, 0, 34, 0, 6, 0))!;
    translator.setDestination({ address: addressOf(true, 9), port: 8053 });
    const wanted = onesComplementSum(pseudoHeader4([10, 0, 0, 1], [10, 99, 7, 9], UDP, 12));
    assert.is(u16(translator.frame, checksumAt(packet)), wanted);
    assert.is(u16(translator.frame, 36), 8053);
  });

  test(`a partial checksum deeper in a tunnel is none of this packet's own (${module.build})`, () => {
    // UDP 10.0.0.1:1000 > 10.0.0.2:4789, 24 bytes; NEEDS_CSUM from 50, behind the headers of the tunnel
    const frame = hex("020000000002 020000000001 0800 4500 0034 0001 0000 4011 0000 0a000001 0a000002 03e8 12b5 0020 0000");
    const whole = Uint8Array.of(...frame, ...Array.from({ length: 24 }, (_, index) => index));
    const sum = internetChecksum(pseudoHeader4([10, 0, 0, 1], [10, 0, 0, 2], UDP, 32), whole.subarray(34));
    whole.set([sum >> 8, sum & 255], 40);
    const packet = translator.prepare(whole, Uint8Array.of(1, 0, 0, 0, 0, 0, 50, 0, 6, 0))!;
    assert.is(residuals(whole, packet).l4, 0);
    translator.setDestination({ address: addressOf(true, 9), port: 8053 });
    assert.is(residuals(translator.frame, packet).l4, 0);
    assert.not(u16(translator.frame, checksumAt(packet)) === sum);
  });

  for (const [protocol, name, header, zero] of [
    [UDP, "UDP", "03e8 0035 000c 0000", 0xffff],
    [TCP, "TCP", "03e8 0035 00000001 00000000 5010 ffff 0000 0000", 0],
  ] as const) {
    test(`a checksum of ${name} that comes out as 0 is written as ${zero} (${module.build})`, () => {
      const l4 = Uint8Array.of(...hex(header), 0xde, 0xad, 0xbe, 0xef);
      const l3 = Uint8Array.of(...hex("4500"), 0, 20 + l4.length, ...hex("0001 0000 40"), protocol, ...hex("0000 0a000001 0a000002"));
      const frame = Uint8Array.of(...hex("020000000002 020000000001 0800"), ...l3, ...l4);
      const before = internetChecksum(pseudoHeader4([10, 0, 0, 1], [10, 0, 0, 2], protocol, l4.length), l4);
      frame.set([before >> 8, before & 255], 34 + (protocol === UDP ? 6 : 16));
      const address = addressOf(true, 9);
      const written = Array.from({ length: 65_536 }, (_, port) => {
        const packet = translator.prepare(frame)!;
        translator.setDestination({ address, port });
        return u16(translator.frame, checksumAt(packet));
      });
      assert.is(new Set(written).size, 0xffff, "every checksum but one of the two zeros is that of some port");
      assert.is(written.filter((value) => value === zero).length, 1);
      assert.not(written.includes(0xffff - zero));
    });
  }

  test(`of a fragment that is not the first the addresses change alone (${module.build})`, () => {
    const frame = hex(
      "020000000002 020000000001 0800 4500 0024 0001 0001 4011 0000 0a000001 0a000002 0102 0304 0506 0708 090a 0b0c 0d0e 0f10",
    );
    const packet = translator.prepare(frame)!;
    assert.is(packet.l4, 0);
    translator.setSource({ address: addressOf(true, 9), port: 1 });
    const after = translator.frame;
    assert.equal([...after.subarray(26, 30)], [10, 99, 7, 9]);
    assert.equal([...after.subarray(34)], [...frame.subarray(34)]);
  });
}

test.run();
