/** Errors about packets of flows, for their tests: what comes in, and what must become of it, built anew with the other ends by builders that know nothing
 *  of differences. */
import * as assert from "uvu/assert";
import * as flow from "../../../../assembly/abi/flow.ts";
import { FLAG_SERVED } from "../../../../assembly/abi/descriptor.ts";
import { joinMac, splitMac } from "../../../../bindings/mac.ts";
import type { FlowEnd, FlowEnds } from "../../../../bindings/tables/flow-table.ts";
import { bytes } from "../../../support/packet/bytes.ts";
import { station } from "../../../support/packet/ethernet.ts";
import { type Shape, checksumsOf, errorFrame, headerBytes, normalised, packetOf, protocolOf } from "../../../support/packet/icmp-error.ts";
import { type Ends, ICMP, ICMPV6, UDP } from "../../../support/packet/ip.ts";
import { NETWORK, type ServiceYard } from "../../../support/service-yard.ts";
import { hexOf } from "../../../support/story.ts";
import { onesComplementSum } from "../../wire/checksum-model.ts";

export const [CLIENT, BACKEND, ELSEWHERE] = [station(1), station(2), station(9)];
export const LINK = { from: station(8), to: ELSEWHERE };
export const TYPES4 = [3, 4, 5, 11, 12];
export const TYPES6 = [1, 2, 3, 4];

/** Ends of a flow whose client is hidden or not. */
export function endsOf(is6: boolean, { isHidden = false, protocol = UDP, network = NETWORK, number = 1 } = {}): FlowEnds {
  const address = (last: number): string => (is6 ? `fd00::${number.toString(16)}:${last}` : `10.${number >> 8}.${number & 255}.${last}`);
  const isEcho = protocol === ICMP || protocol === ICMPV6;
  const client = { address: address(1), port: 40_001 };
  const virtual = { address: address(100), port: isEcho ? 40_001 : 80 };
  const backend = { address: address(2), port: isEcho ? (isHidden ? 50_000 : 40_001) : 8080 };
  return { network, protocol, client, virtual, backend, source: isHidden ? { ...virtual, port: isEcho ? 50_000 : 61_000 } : client };
}

export const between = (source: FlowEnd, destination: FlowEnd): Ends => ({ source: source.address, destination: destination.address });

export interface Case {
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
export function framesOf(
  ends: FlowEnds,
  { direction, router, type, code, own, shape, quoted }: Case,
): { before: Uint8Array; after: Uint8Array } {
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
export function checksums(is6: boolean, shape: Shape, ends: FlowEnds): number[] {
  const [outer, packet] = is6 ? [[56], 62] : [[24, 36], 42];
  return [...outer, ...checksumsOf(shape, between(ends.client, ends.virtual)).map((at) => packet + at)];
}

export function withFlow(yard: ServiceYard, ends: FlowEnds, story: (entry: number) => void): void {
  const entry = yard.insert(ends, { clientMac: CLIENT, backendMac: BACKEND });
  story(entry);
  yard.remove(entry);
}

/** The frame after it was translated; null: it was not, and nothing of it has changed. */
export function translate(
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
  assert.ok((yard.wasm.flags(descriptor) & FLAG_SERVED) !== 0, "it may leave by the port that it came from");
  return yard.frame;
}

export function expectTranslated(yard: ServiceYard, ends: FlowEnds, story: Case, about = JSON.stringify(story)): void {
  const { before, after } = framesOf(ends, story);
  const at = checksums(ends.client.address.includes(":"), story.shape, ends);
  const actual = translate(yard, before);
  assert.ok(actual !== null, `not translated: ${about}`);
  assert.is(hexOf(normalised(actual!, at)), hexOf(normalised(after, at)), about);
}

export const KINDS: Shape["kind"][] = ["tcp", "udp", "udp without checksum", "echo request", "echo reply"];

/** Sums of everything in the frame that has a checksum, modulo what one's complement cannot tell apart. */
export function residuals(frame: Uint8Array, is6: boolean, shape: Shape, ends: Ends): number[] {
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
