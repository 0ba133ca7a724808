/** ICMP errors about packets, as whole frames, and which of their bytes are checksums. */
import { type Part, bytes, ramp, u16, u32 } from "./bytes.ts";
import { TYPE_IPV4, TYPE_IPV6, ethernet } from "./ethernet.ts";
import { DESTINATION_OPTIONS, type Ends, FRAGMENT, ICMP, ICMPV6, TCP, UDP, extension, ipv4, ipv6 } from "./ip.ts";
import { type Link, fragmentHeader } from "./neighbour.ts";
import { icmp, icmpv6, tcp, udp } from "./transport.ts";

export const isIpv6 = ({ source }: Ends): boolean => source.includes(":");

/** What a packet of a flow has besides its ends. */
export interface Shape {
  kind: "tcp" | "udp" | "udp without checksum" | "echo request" | "echo reply";
  payload: number;
  /** Options of TCP, a multiple of four bytes. */
  tcpOptions?: number;
  /** Options of IPv4, or a header of options of IPv6. */
  hasOptions?: boolean;
  /** It is the first piece of a longer packet. */
  isFirst?: boolean;
  id?: number;
}

export const protocolOf = ({ kind }: Shape, ends: Ends): number =>
  kind === "tcp" ? TCP : kind.startsWith("udp") ? UDP : isIpv6(ends) ? ICMPV6 : ICMP;

function l4Of(shape: Shape, ends: Ends, sourcePort: number, targetPort: number): Uint8Array {
  const payload = ramp(shape.payload);
  if (shape.kind === "tcp") {
    const options = new Uint8Array(shape.tcpOptions ?? 0).fill(1);
    return tcp(ends, { sourcePort, targetPort, sequence: 0xfedcba98, acknowledged: 0x12345678, flags: 0x18, options }, payload);
  }
  if (shape.kind.startsWith("echo")) {
    const isReply = shape.kind === "echo reply";
    const rest = [...u16(sourcePort), ...u16(9)];
    return isIpv6(ends) ? icmpv6(ends, isReply ? 129 : 128, 0, rest, payload) : icmp(isReply ? 0 : 8, 0, rest, payload);
  }
  const datagram = udp(ends, { sourcePort, targetPort }, payload);
  if (shape.kind === "udp without checksum") datagram.fill(0, 6, 8);
  return datagram;
}

/** Bytes before L4. */
export function headerBytes({ hasOptions = false, isFirst = false }: Shape, ends: Ends): number {
  return isIpv6(ends) ? 40 + (hasOptions ? 8 : 0) + (isFirst ? 8 : 0) : 20 + (hasOptions ? 4 : 0);
}

/** The packet between those ends; of echo messages the source port is the identifier. */
export function packetOf(shape: Shape, ends: Ends, sourcePort: number, targetPort: number): Uint8Array {
  const l4 = l4Of(shape, ends, sourcePort, targetPort);
  const protocol = protocolOf(shape, ends);
  const { hasOptions = false, isFirst = false, id = 0x4321 } = shape;
  if (!isIpv6(ends)) return ipv4({ ...ends, protocol, id, more: isFirst, options: hasOptions ? [1, 1, 1, 0] : [] }, l4);
  const behind = isFirst ? FRAGMENT : protocol;
  const options = hasOptions ? extension(behind, 1, 4, 0, 0, 0, 0) : [];
  const fragment = isFirst ? fragmentHeader(protocol, 0, true, id) : [];
  return ipv6({ ...ends, next: hasOptions ? DESTINATION_OPTIONS : behind }, options, fragment, l4);
}

/** @param own four bytes of the type's own.
 *  @param quoted the packet that the error is about, or its beginning. */
export function errorFrame({ from, to }: Link, ends: Ends, type: number, code: number, own: number, ...quoted: Part[]): Uint8Array {
  if (isIpv6(ends)) return ethernet(to, from, TYPE_IPV6, ipv6({ ...ends, next: ICMPV6 }, icmpv6(ends, type, code, u32(own), ...quoted)));
  return ethernet(to, from, TYPE_IPV4, ipv4({ ...ends, protocol: ICMP }, icmp(type, code, u32(own), ...quoted)));
}

/** Offsets in the packet of its checksums. */
export function checksumsOf(shape: Shape, ends: Ends): number[] {
  const l4 = headerBytes(shape, ends) + (shape.kind === "tcp" ? 16 : shape.kind.startsWith("udp") ? 6 : 2);
  return isIpv6(ends) ? [l4] : [10, l4];
}

/** 0 and 0xffff, which are the same checksum, as 0. */
export function normalised(frame: Uint8Array, offsets: readonly number[]): Uint8Array {
  const copy = bytes(frame);
  for (const at of offsets) if (at + 2 <= copy.length && copy[at] === 0xff && copy[at + 1] === 0xff) copy.fill(0, at, at + 2);
  return copy;
}
