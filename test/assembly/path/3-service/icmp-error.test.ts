/** Errors about packets of flows. What must become of one is built anew, with the other ends, by builders that know nothing of differences; wrong checksums
 *  must be wrong by as much; there and back every byte is what it was. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as flow from "../../../../assembly/abi/flow.ts";
import { joinMac, splitMac } from "../../../../bindings/mac.ts";
import type { FlowEnd, FlowEnds } from "../../../../bindings/tables/flow-table.ts";
import { scale } from "../../../scale.ts";
import { bytes, ramp } from "../../../support/packet/bytes.ts";
import { TYPE_IPV4, TYPE_IPV6, ethernet, station } from "../../../support/packet/ethernet.ts";
import { type Shape, checksumsOf, errorFrame, headerBytes, normalised, packetOf, protocolOf } from "../../../support/packet/icmp-error.ts";
import { type Ends, FRAGMENT, GRE, ICMP, ICMPV6, UDP, ipv4, ipv6, pseudoHeader } from "../../../support/packet/ip.ts";
import { fragmentHeader } from "../../../support/packet/neighbour.ts";
import { partial } from "../../../support/packet/offload.ts";
import { type Random, random } from "../../../support/packet/random.ts";
import { icmp, icmpv6 } from "../../../support/packet/transport.ts";
import { NETWORK, OTHER_NETWORK, ServiceYard } from "../../../support/service-yard.ts";
import { hexOf } from "../../../support/story.ts";
import { BUILDS } from "../../../support/wasm.ts";
import { onesComplementSum } from "../../wire/checksum-model.ts";

const [CLIENT, BACKEND, ELSEWHERE] = [station(1), station(2), station(9)];
const LINK = { from: station(8), to: ELSEWHERE };
const TYPES4 = [3, 4, 5, 11, 12];
const TYPES6 = [1, 2, 3, 4];

/** Ends of a flow whose client is hidden or not. */
function endsOf(is6: boolean, { isHidden = false, protocol = UDP, network = NETWORK, number = 1 } = {}): FlowEnds {
  const address = (last: number): string => (is6 ? `fd00::${number.toString(16)}:${last}` : `10.${number >> 8}.${number & 255}.${last}`);
  const isEcho = protocol === ICMP || protocol === ICMPV6;
  const client = { address: address(1), port: 40_001 };
  const virtual = { address: address(100), port: isEcho ? 40_001 : 80 };
  const backend = { address: address(2), port: isEcho ? (isHidden ? 50_000 : 40_001) : 8080 };
  return { network, protocol, client, virtual, backend, source: isHidden ? { ...virtual, port: isEcho ? 50_000 : 61_000 } : client };
}

const between = (source: FlowEnd, destination: FlowEnd): Ends => ({ source: source.address, destination: destination.address });

interface Case {
  direction: number;
  /** From its receiver itself, or from whoever is at this address. */
  router?: string | undefined;
  type: number;
  code: number;
  own: number;
  shape: Shape;
  /** Bytes of the packet that are quoted. */
  quoted?: number;
}

/** The error as it comes in, and as it must leave. The packet within went source -> backend (found as a reply), or virtual -> client. */
function framesOf(ends: FlowEnds, { direction, router, type, code, own, shape, quoted }: Case): { before: Uint8Array; after: Uint8Array } {
  const [sender, receiver] = direction === flow.REPLY ? [ends.source, ends.backend] : [ends.virtual, ends.client];
  const [newSender, newReceiver] = direction === flow.REPLY ? [ends.client, ends.virtual] : [ends.backend, ends.source];
  const frame = (to: string, from: FlowEnd, by: FlowEnd): Uint8Array => {
    const packet = packetOf(shape, between(from, by), from.port, by.port);
    const around = { source: router ?? by.address, destination: from.address };
    return errorFrame({ ...LINK, to }, around, type, code, own, packet.subarray(0, quoted ?? packet.length));
  };
  return {
    before: frame(ELSEWHERE, sender, receiver),
    after: frame(direction === flow.REPLY ? CLIENT : BACKEND, newSender, newReceiver),
  };
}

/** Where checksums are in the frame. */
function checksums(is6: boolean, shape: Shape, ends: FlowEnds): number[] {
  const [outer, packet] = is6 ? [[56], 62] : [[24, 36], 42];
  return [...outer, ...checksumsOf(shape, between(ends.client, ends.virtual)).map((at) => packet + at)];
}

const yards = await Promise.all(BUILDS.map((build) => ServiceYard.make(build)));

function tell(sentence: string, story: (yard: ServiceYard) => void): void {
  for (const yard of yards) test(`${sentence} (${yard.build})`, () => story(yard));
}

function withFlow(yard: ServiceYard, ends: FlowEnds, story: (entry: number) => void): void {
  const entry = yard.insert(ends, { clientMac: CLIENT, backendMac: BACKEND });
  story(entry);
  yard.remove(entry);
}

/** The frame after it was translated; null: it was not, and nothing of it has changed. */
function translate(
  yard: ServiceYard,
  frame: Uint8Array,
  { header, network = NETWORK }: { header?: Uint8Array; network?: number } = {},
): Uint8Array | null {
  const descriptor = yard.receive(0, frame, header, network);
  if (descriptor === 0 || !yard.wasm.isError(descriptor)) return null;
  const before = hexOf(yard.tables.bytes.slice(descriptor, descriptor + 128));
  if (!yard.wasm.translateError(yard.worker, descriptor)) {
    assert.is(hexOf(yard.frame), hexOf(frame), "the frame stays as it is");
    assert.is(hexOf(yard.tables.bytes.slice(descriptor, descriptor + 128)), before, "and so does its descriptor");
    return null;
  }
  const destination = BigInt(yard.wasm.destination(descriptor));
  const mac = joinMac(Number(destination & 0xffffffffn), Number(destination >> 32n));
  assert.equal(
    splitMac(mac),
    splitMac(hexOf(yard.frame).slice(0, 12).match(/../g)!.join(":")),
    "the descriptor has the frame's destination",
  );
  return yard.frame;
}

function expectTranslated(yard: ServiceYard, ends: FlowEnds, story: Case, about = JSON.stringify(story)): void {
  const { before, after } = framesOf(ends, story);
  const at = checksums(ends.client.address.includes(":"), story.shape, ends);
  const actual = translate(yard, before);
  assert.ok(actual !== null, `not translated: ${about}`);
  assert.is(hexOf(normalised(actual!, at)), hexOf(normalised(after, at)), about);
}

/** Of a checksum of which one byte is quoted that byte stays: what it would be depends on the other. */
function expectHalfLeft(yard: ServiceYard, ends: FlowEnds, story: Case): void {
  const { before, after } = framesOf(ends, story);
  const actual = translate(yard, before);
  assert.ok(actual !== null);
  assert.is(actual!.at(-1), before.at(-1));
  const [is6, own] = [ends.client.address.includes(":"), { source: ends.client.address, destination: "" }];
  assert.is(residuals(actual!, is6, story.shape, own)[0], residuals(before, is6, story.shape, own)[0], "the checksum around it");
  const at = is6 ? 56 : 36;
  for (const frame of [actual!, after]) frame.fill(0, at, at + 2);
  assert.is(hexOf(actual!.subarray(0, -1)), hexOf(after.subarray(0, -1)));
}

const KINDS: Shape["kind"][] = ["tcp", "udp", "udp without checksum", "echo request", "echo reply"];

for (const is6 of [false, true]) {
  const family = is6 ? "IPv6" : "IPv4";
  const types = is6 ? TYPES6 : TYPES4;
  const router = is6 ? "fd00::ffff" : "10.9.9.9";

  tell(`${family}: every type, kind and direction, from the receiver and from a router`, (yard) => {
    for (const kind of KINDS) {
      for (const isHidden of [false, true]) {
        const shape: Shape = { kind, payload: 33, tcpOptions: 12 };
        const ends = endsOf(is6, { isHidden, protocol: protocolOf(shape, { source: is6 ? "::" : "", destination: "" }) });
        withFlow(yard, ends, () => {
          for (const type of types) {
            for (const direction of [flow.ORIGINAL, flow.REPLY]) {
              for (const from of [undefined, router])
                expectTranslated(yard, ends, { direction, router: from, type, code: 4, own: 0xdeadbeef, shape });
            }
          }
        });
      }
    }
  });

  tell(`${family}: as much as is quoted is translated, from the first 8 bytes of L4 on; of less nothing`, (yard) => {
    for (const kind of KINDS) {
      for (const hasOptions of [false, true]) {
        const shape: Shape = { kind, payload: 5, tcpOptions: 4, hasOptions };
        const ends = endsOf(is6, { protocol: protocolOf(shape, { source: is6 ? "::" : "", destination: "" }) });
        withFlow(yard, ends, () => {
          const least = headerBytes(shape, between(ends.client, ends.virtual)) + 8;
          const whole = packetOf(shape, between(ends.source, ends.backend), 1, 1).length;
          for (let quoted = 0; quoted <= whole; quoted++) {
            for (const direction of [flow.ORIGINAL, flow.REPLY]) {
              const story = { direction, type: types[0]!, code: 3, own: 0, shape, quoted };
              if (kind === "tcp" && quoted === least + 9) expectHalfLeft(yard, ends, story);
              else if (quoted >= least) expectTranslated(yard, ends, story);
              else assert.is(translate(yard, framesOf(ends, story).before), null, JSON.stringify(story));
            }
          }
        });
      }
    }
  });

  tell(`${family}: an error that is cut at any byte, flush with the end of memory, is none`, (yard) => {
    const ends = endsOf(is6);
    withFlow(yard, ends, () => {
      const { before } = framesOf(ends, { direction: flow.REPLY, type: types[0]!, code: 3, own: 0, shape: { kind: "udp", payload: 9 } });
      for (let length = 0; length < before.length; length++)
        assert.is(translate(yard, before.subarray(0, length)), null, `${length} bytes`);
    });
  });

  tell(`${family}: a length within that says less than what is there is believed`, (yard) => {
    const ends = endsOf(is6, { protocol: 6 });
    const shape: Shape = { kind: "tcp", payload: 20 };
    withFlow(yard, ends, () => {
      const { before } = framesOf(ends, { direction: flow.REPLY, type: types[0]!, code: 3, own: 0, shape });
      const [lengthAt, l4, headers] = is6 ? [62 + 4, 102, 0] : [42 + 2, 62, 20];
      for (let said = 0; said < 24; said++) {
        const frame = bytes(before);
        frame.set([0, said + headers], lengthAt);
        const actual = translate(yard, frame);
        assert.is(actual === null, said < 8, `${said} bytes`);
        if (actual === null) continue;
        const isSame = hexOf(actual.subarray(l4 + 16, l4 + 18)) === hexOf(frame.subarray(l4 + 16, l4 + 18));
        assert.is(isSame, said < 18, `the checksum where ${said} bytes are said to be there`);
      }
    });
  });

  tell(`${family}: the first piece of a packet has ends, a later one has none`, (yard) => {
    const ends = endsOf(is6);
    const shape: Shape = { kind: "udp", payload: 40, isFirst: true };
    withFlow(yard, ends, () => {
      for (const direction of [flow.ORIGINAL, flow.REPLY])
        expectTranslated(yard, ends, { direction, type: types[0]!, code: 3, own: 0, shape });
      const around = { source: ends.backend.address, destination: ends.source.address };
      const within = { source: ends.source.address, destination: ends.backend.address };
      const payload = packetOf({ kind: "udp", payload: 8 }, within, ends.source.port, ends.backend.port).subarray(is6 ? 40 : 20);
      const later = is6
        ? ipv6({ ...within, next: FRAGMENT }, fragmentHeader(UDP, 1, false), payload)
        : ipv4({ ...within, protocol: UDP, fragment: 1 }, payload);
      assert.is(translate(yard, errorFrame(LINK, around, types[0]!, 3, 0, later)), null);
    });
  });

  tell(`${family}: what is no error about a flow that is translated stays as it is`, (yard) => {
    const ends = endsOf(is6);
    const shape: Shape = { kind: "udp", payload: 8 };
    const usual = { direction: flow.REPLY, type: types[0]!, code: 3, own: 0, shape };
    const { before } = framesOf(ends, usual);
    assert.is(translate(yard, before), null, "there is no flow");
    withFlow(yard, ends, (entry) => {
      expectTranslated(yard, ends, usual);
      for (let type = 0; type < 256; type++)
        if (!types.includes(type)) assert.is(translate(yard, framesOf(ends, { ...usual, type }).before), null, `type ${type}`);
      assert.is(translate(yard, before, { network: OTHER_NETWORK }), null, "another network");
      const within = between(ends.source, ends.backend);
      const packet = packetOf(shape, within, ends.source.port, ends.backend.port);
      const other = is6 ? "fd00::77" : "10.7.7.7";
      assert.is(
        translate(yard, errorFrame(LINK, { source: ends.backend.address, destination: other }, types[0]!, 3, 0, packet)),
        null,
        "to another",
      );
      const around = { source: ends.backend.address, destination: ends.source.address };
      for (const port of [ends.source.port + 1, 0]) {
        const strange = packetOf(shape, within, port, ends.backend.port);
        assert.is(translate(yard, errorFrame(LINK, around, types[0]!, 3, 0, strange)), null, "another port");
      }
      const gre = is6 ? ipv6({ ...within, next: GRE }, ramp(20)) : ipv4({ ...within, protocol: GRE }, ramp(20));
      assert.is(translate(yard, errorFrame(LINK, around, types[0]!, 3, 0, gre)), null, "no ports");
      const told = is6
        ? ipv6({ ...within, next: ICMPV6 }, icmpv6(within, 1, 0, ramp(20)))
        : ipv4({ ...within, protocol: ICMP }, icmp(3, 0, ramp(20)));
      assert.is(translate(yard, errorFrame(LINK, around, types[0]!, 3, 0, told)), null, "an error about an error");
      const version = is6 ? 62 : 42;
      const otherVersion = bytes(before);
      otherVersion[version] = is6 ? 0x45 : 0x65;
      assert.is(translate(yard, otherVersion), null, "of the other family");
      assert.is(
        translate(yard, ethernet("33:33:00:00:00:01", LINK.from, is6 ? TYPE_IPV6 : TYPE_IPV4, before.subarray(14))),
        null,
        "to a group",
      );
      yard.setFlags(entry, flow.FLAG_DIRECT | flow.FLAG_ANSWERED);
      assert.is(translate(yard, before), null, "a flow that is not translated");
      yard.setFlags(entry, flow.FLAG_ANSWERED);
      expectTranslated(yard, ends, usual);
    });
    assert.is(translate(yard, before), null, "the flow has ended");
  });
}

tell("a partial checksum of ICMPv6 takes the addresses around it alone", (yard) => {
  const ends = endsOf(true);
  withFlow(yard, ends, () => {
    const { before, after } = framesOf(ends, { direction: flow.REPLY, type: 1, code: 4, own: 0, shape: { kind: "udp", payload: 9 } });
    const sumFor = (source: FlowEnd, destination: FlowEnd): number[] => {
      const sum = onesComplementSum(pseudoHeader(between(source, destination), ICMPV6, before.length - 54));
      return [sum >> 8, sum & 255];
    };
    before.set(sumFor(ends.backend, ends.source), 56);
    after.set(sumFor(ends.virtual, ends.client), 56);
    assert.is(hexOf(translate(yard, before, { header: partial(54, 2) })!), hexOf(after));
  });
});

tell("an unfinished checksum of ICMP stays as it is", (yard) => {
  const ends = endsOf(false);
  withFlow(yard, ends, () => {
    const { before, after } = framesOf(ends, { direction: flow.REPLY, type: 3, code: 4, own: 0, shape: { kind: "udp", payload: 9 } });
    before.fill(0, 36, 38);
    after.fill(0, 36, 38);
    assert.is(hexOf(translate(yard, before, { header: partial(34, 2) })!), hexOf(after));
  });
});

// ---------------------------------------------------------------- any errors
function anyCase(from: Random, is6: boolean): Case {
  const shape: Shape = {
    kind: from.pick(KINDS),
    payload: from.below(200),
    tcpOptions: from.below(11) * 4,
    hasOptions: from.below(3) === 0,
    isFirst: from.below(6) === 0,
    id: from.below(65_536),
  };
  const router = from.below(2) === 0 ? undefined : is6 ? "fd00::ffff" : "10.9.9.9";
  return {
    direction: from.below(2),
    router,
    type: from.pick(is6 ? TYPES6 : TYPES4),
    code: from.below(256),
    own: from.below(0xffffffff),
    shape,
  };
}

/** Sums of everything in the frame that has a checksum, modulo what one's complement cannot tell apart. */
function residuals(frame: Uint8Array, is6: boolean, shape: Shape, ends: Ends): number[] {
  const residual = (...parts: ArrayLike<number>[]): number => onesComplementSum(...parts) % 0xffff;
  const text = (packet: Uint8Array): Uint8Array => (is6 ? packet.subarray(8, 40) : packet.subarray(12, 20));
  const outer = frame.subarray(14);
  const message = outer.subarray(is6 ? 40 : 20);
  const packet = message.subarray(8);
  const l4 = packet.subarray(headerBytes(shape, ends));
  const tail = (protocol: number, length: number): number[] => [0, protocol, length >> 8, length & 255];
  const ofMessage = residual(is6 ? bytes(text(outer), tail(ICMPV6, message.length)) : [], message);
  const protocol = protocolOf(shape, ends);
  const ofL4 = residual(protocol === ICMP ? [] : bytes(text(packet), tail(protocol, l4.length)), l4);
  const hasNone = shape.kind === "udp without checksum";
  const headers = is6 ? [] : [residual(outer.subarray(0, 20)), residual(packet.subarray(0, headerBytes(shape, ends)))];
  return [ofMessage, hasNone ? -1 : ofL4, ...headers];
}

tell("any error, right or wrong: translated it is as right or as wrong, and back it is what it was", (yard) => {
  const from = random(17);
  for (let count = 0; count < scale.icmpErrors; count++) {
    const is6 = from.below(2) === 0;
    const story = anyCase(from, is6);
    const own = { source: is6 ? "::" : "", destination: "" };
    const ends = endsOf(is6, { isHidden: from.below(2) === 0, protocol: protocolOf(story.shape, own), number: from.below(65_536) });
    const mirrored: FlowEnds = {
      ...ends,
      network: OTHER_NETWORK,
      client: ends.source,
      virtual: ends.backend,
      backend: ends.virtual,
      source: ends.client,
    };
    const [entry, back] = [
      yard.insert(ends, { clientMac: CLIENT, backendMac: BACKEND }),
      yard.insert(mirrored, { clientMac: ELSEWHERE, backendMac: ELSEWHERE }),
    ];
    expectTranslated(yard, ends, story);
    const { before } = framesOf(ends, story);
    const at = checksums(is6, story.shape, ends);
    for (const place of at) if (from.below(2) === 0 && story.shape.kind !== "udp without checksum") before.set(from.bytes(2), place);
    const there = translate(yard, before);
    assert.ok(there !== null, JSON.stringify(story));
    assert.equal(residuals(there!, is6, story.shape, own), residuals(before, is6, story.shape, own), JSON.stringify(story));
    const again = translate(yard, there!, { network: OTHER_NETWORK });
    assert.ok(again !== null, JSON.stringify(story));
    assert.is(hexOf(normalised(again!, at)), hexOf(normalised(before, at)), JSON.stringify(story));
    yard.remove(entry);
    yard.remove(back);
  }
});

tell("errors with some bytes changed: no trap, and nothing half done", (yard) => {
  const from = random(19);
  const flows = [false, true].map((is6) => endsOf(is6));
  const entries = flows.map((ends) => yard.insert(ends, { clientMac: CLIENT, backendMac: BACKEND }));
  let translated = 0;
  for (let count = 0; count < scale.icmpErrors; count++) {
    const is6 = from.below(2) === 0;
    const story = { ...anyCase(from, is6), quoted: from.below(80) };
    story.shape.kind = "udp";
    const frame = framesOf(flows[Number(is6)]!, story).before;
    for (let changes = from.below(4); changes > 0; changes--) frame[14 + from.below(frame.length - 14)] = from.below(256);
    translated += Number(translate(yard, frame) !== null);
  }
  assert.ok(translated > scale.icmpErrors / 20, `${translated} translated`);
  for (const entry of entries) yard.remove(entry);
});

test.run();
