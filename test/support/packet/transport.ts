/** Builders of TCP, UDP and ICMP with right checksums, over either IP version. */
import { type Part, bytes, checksum, u16, u32 } from "./bytes.ts";
import { type Ends, ICMPV6, TCP, UDP, pseudoHeader } from "./ip.ts";

export interface Ports {
  sourcePort: number;
  targetPort: number;
}

/** A UDP datagram (RFC 768); a checksum of 0 is sent as 0xffff. */
export function udp(ends: Ends, { sourcePort, targetPort }: Ports, ...payload: Part[]): Uint8Array {
  const content = bytes(...payload);
  const lengthBytes = 8 + content.length;
  const head = [...u16(sourcePort), ...u16(targetPort), ...u16(lengthBytes)];
  const sum = checksum(pseudoHeader(ends, UDP, lengthBytes), head, 0, 0, content);
  return bytes(head, u16(sum === 0 ? 0xffff : sum), content);
}

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;

export interface Segment extends Ports {
  sequence: number;
  acknowledged?: number;
  flags: number;
  window?: number;
  /** A multiple of four bytes, up to 40. */
  options?: ArrayLike<number>;
}

/** A TCP segment (RFC 9293). */
export function tcp(
  ends: Ends,
  { sourcePort, targetPort, sequence, acknowledged = 0, flags, window = 64240, options = [] }: Segment,
  ...payload: Part[]
) {
  const content = bytes(...payload);
  const headerBytes = 20 + options.length;
  const numbers = [...u16(sourcePort), ...u16(targetPort), ...u32(sequence), ...u32(acknowledged)];
  const head = [...numbers, (headerBytes / 4) << 4, flags, ...u16(window)];
  const rest = bytes(u16(0), options, content);
  return bytes(head, u16(checksum(pseudoHeader(ends, TCP, headerBytes + content.length), head, 0, 0, rest)), rest);
}

/** An ICMP message (RFC 792). */
export function icmp(type: number, code: number, ...content: Part[]): Uint8Array {
  const rest = bytes(...content);
  return bytes(type, code, u16(checksum(type, code, 0, 0, rest)), rest);
}

/** An ICMPv6 message (RFC 4443). */
export function icmpv6(ends: Ends, type: number, code: number, ...content: Part[]): Uint8Array {
  const rest = bytes(...content);
  const covered = pseudoHeader(ends, ICMPV6, 4 + rest.length);
  return bytes(type, code, u16(checksum(covered, type, code, 0, 0, rest)), rest);
}

/** Echo request (8) or reply (0): identifier, sequence, data. */
export function echo(type: 0 | 8, identifier: number, sequence: number, ...data: Part[]): Uint8Array {
  return icmp(type, 0, u16(identifier), u16(sequence), ...data);
}
