/** Whole frames that nobody sends: random bytes, and real frames with bytes changed, bits flipped, parts cut out or put in.
 *  Each is read from Ethernet up to L4 in the way that ingress reads it, flush with the end of memory, so that any byte
 *  read beyond the frame traps. Both builds must read the same, and L4 must lie within the packet. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MAX_VLAN_TAGS } from "../../../assembly/abi/limits.ts";
import { scale } from "../../scale.ts";
import { BUILDS, type Exports, instantiateTest, type TestModule } from "../../support/wasm.ts";
import { frames } from "./frames.ts";
import { newSeed, Random, text } from "./wire-suite.ts";

const seed = newSeed();
console.log(`# garbage: PORTYARD_SEED=${seed}`);
const MAX_BYTES = 300;
const samples = Object.values(frames).map((frame) => frame.subarray(0, MAX_BYTES));
const modules = await Promise.all(BUILDS.map((build) => instantiateTest("wire", build)));
const test = suite("garbage");

/** What was found, as text: it is compared between builds. */
function read(module: TestModule, frame: Uint8Array): string {
  const { ethernet, vlan } = module.wasm;
  const pointer = module.putAtEnd(frame);
  if (!ethernet.isValid(pointer, frame.length)) return "runt";
  const found: unknown[] = [ethernet.destination(pointer), ethernet.source(pointer)];
  let type: number = ethernet.etherType(pointer);
  let offset: number = ethernet.HEADER_BYTES;
  for (let tags = 0; tags < MAX_VLAN_TAGS && vlan.isTag(type) && vlan.isValid(pointer + offset, frame.length - offset); tags++) {
    found.push(vlan.tci(pointer + offset));
    type = vlan.etherType(pointer + offset);
    offset += vlan.HEADER_BYTES;
  }
  return [...found, type, ...readLayer3(module.wasm, type, pointer + offset, frame.length - offset)].join(" ");
}

function readLayer3(wasm: Exports, type: number, l3: number, available: number): unknown[] {
  const { arp, ethernet, ipv4, ipv6 } = wasm;
  if (type === ethernet.ETHER_TYPE_ARP && arp.isValid(l3, available)) {
    return ["arp", arp.operation(l3), arp.senderMac(l3), arp.senderIpBe(l3), arp.targetMac(l3), arp.targetIpBe(l3), arp.isProbe(l3)];
  }
  if (type === ethernet.ETHER_TYPE_IPV4 && ipv4.isValid(l3, available)) {
    const header: number = ipv4.headerBytes(l3);
    const bytes = ipv4.totalBytes(l3) - header;
    const found = ["ipv4", ipv4.hasValidChecksum(l3), ipv4.isFragment(l3)];
    return [...found, ...readLayer4(wasm, ipv4.protocol(l3), l3 + header, bytes, ipv4.pseudoHeader(l3, ipv4.protocol(l3), bytes))];
  }
  if (type !== ethernet.ETHER_TYPE_IPV6 || !ipv6.isValid(l3, available)) return ["nothing"];
  const walked: number = ipv6.walk(l3, available);
  const offset: number = ipv6.walkOffset(walked);
  assert.ok(offset === 0 || (offset >= 40 && offset < Math.min(available, ipv6.totalBytes(l3))), `L4 at ${offset}`);
  if (offset === 0) return ["ipv6 without L4", walked];
  const protocol: number = ipv6.walkProtocol(walked);
  const bytes = ipv6.totalBytes(l3) - offset;
  return ["ipv6", walked, ...readLayer4(wasm, protocol, l3 + offset, bytes, ipv6.pseudoHeader(l3, protocol, bytes))];
}

function readLayer4(
  { icmpv4, icmpv6, neighbourDiscovery: nd, tcp, udp }: Exports,
  protocol: number,
  l4: number,
  bytes: number,
  pseudo: bigint,
): unknown[] {
  if (protocol === 6 && tcp.isValid(l4, bytes))
    return ["tcp", tcp.sourcePort(l4), tcp.flags(l4), tcp.urgent(l4), tcp.hasValidChecksum(l4, bytes, pseudo)];
  if (protocol === 17 && udp.isValid(l4, bytes)) return ["udp", udp.targetPort(l4), udp.hasValidChecksum(l4, udp.lengthBytes(l4), pseudo)];
  if (protocol === 1 && icmpv4.isValid(l4, bytes))
    return ["icmpv4", icmpv4.type(l4), icmpv4.sequence(l4), icmpv4.hasValidChecksum(l4, bytes)];
  if (protocol !== 58 || !icmpv6.isValid(l4, bytes)) return ["no L4", protocol];
  const found = [
    "icmpv6",
    icmpv6.type(l4),
    icmpv6.hasValidChecksum(l4, bytes, pseudo),
    nd.optionLinkAddress(l4, bytes, 1),
    nd.optionLinkAddress(l4, bytes, 2),
  ];
  return nd.isValid(l4, bytes) ? [...found, "whole", nd.flags(l4)] : found;
}

/** Reads it on every build; returns what was found. */
function readEverywhere(frame: Uint8Array): string {
  const [first, ...others] = modules.map((module) => readOrExplain(module, frame));
  for (const other of others) assert.is(other, first!, text(frame));
  return first!;
}

function readOrExplain(module: TestModule, frame: Uint8Array): string {
  try {
    return read(module, frame);
  } catch (error) {
    throw new Error(`${module.build}: ${error} on ${text(frame)}`, { cause: error });
  }
}

/** One to four changes to a real frame. */
function mutant(random: Random): Uint8Array {
  let frame = samples[random.below(samples.length)]!.slice();
  for (let changes = 1 + random.below(4); changes > 0 && frame.length > 0; changes--) {
    const at = random.below(frame.length);
    const kind = random.below(5);
    if (kind === 0) frame[at]! ^= 1 << random.below(8);
    else if (kind === 1) frame[at] = [0, 0xff, 1, 0x7f, 0x80][random.below(5)]!;
    else if (kind === 2) frame = frame.slice(0, at);
    else if (kind === 3) frame = Uint8Array.of(...frame.subarray(0, at), ...frame.subarray(at + 1 + random.below(8)));
    else frame = Uint8Array.of(...frame.subarray(0, at), ...random.bytes(1 + random.below(8)), ...frame.subarray(at));
  }
  return frame;
}

test("every real frame, cut at every length", () => {
  for (const frame of samples) {
    for (let length = 0; length <= frame.length; length++) readEverywhere(frame.subarray(0, length));
  }
});

test("real frames reach L4", () => {
  const found = Object.values(frames).map(readEverywhere);
  for (const layer of ["arp", "tcp", "udp", "icmpv4", "icmpv6", "whole"])
    assert.ok(
      found.some((line) => line.split(" ").includes(layer)),
      layer,
    );
});

test(`${scale.wireGarbageFrames} frames of random bytes, of every EtherType that is read`, () => {
  const random = new Random(seed);
  const types = [
    [0x08, 0x00],
    [0x86, 0xdd],
    [0x08, 0x06],
    [0x81, 0x00],
    [0x88, 0xa8],
  ];
  for (let count = 0; count < scale.wireGarbageFrames; count++) {
    const frame = random.bytes(random.below(200));
    if (frame.length >= 15) {
      frame.set(types[random.below(types.length)]!, 12);
      // the right version more often than one time in 16
      if (frame[12] === 0x08) frame[14] = 0x45 + random.below(3);
      if (frame[12] === 0x86) frame[14] = 0x60;
    }
    readEverywhere(frame);
  }
});

test(`${scale.wireGarbageFrames} mutants of real frames`, () => {
  const random = new Random(seed ^ 0x5eed);
  for (let count = 0; count < scale.wireGarbageFrames; count++) readEverywhere(mutant(random));
});

test.run();
