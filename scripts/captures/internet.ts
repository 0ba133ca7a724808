/** IPv4 and IPv6 as it should be, as it may be, and as it must not be; a switch forwards all of it. */
import { bytes, ramp, u16, u32 } from "../../test/support/packet/bytes.ts";
import { TYPE_IPV4, TYPE_IPV6, ethernet, station } from "../../test/support/packet/ethernet.ts";
import { ipv6Address } from "../../test/support/packet/address.ts";
import * as ip from "../../test/support/packet/ip.ts";
import { ACK, FIN, PSH, RST, SYN, echo, icmp, icmpv6, tcp, udp } from "../../test/support/packet/transport.ts";

const four = { source: "10.1.0.1", destination: "10.1.0.2" };
const six = { source: "fd77::1", destination: "fd77::2" };
const local = { source: "fe80::1", destination: "ff02::1" };
const ports = { sourcePort: 33000, targetPort: 443 };

const send4 = (packet: Uint8Array): Uint8Array => ethernet(station(2), station(1), TYPE_IPV4, packet);
const send6 = (packet: Uint8Array, destination = station(2)): Uint8Array => ethernet(destination, station(1), TYPE_IPV6, packet);

export function ipv4(): Uint8Array[] {
  const packet = (protocol: number, content: Uint8Array, more: Partial<ip.Ipv4> = {}): Uint8Array =>
    ip.ipv4({ ...four, protocol, ...more }, content);
  const query = udp(four, ports, ramp(33));
  const whole = packet(ip.UDP, query);
  const flags = [SYN, SYN | ACK, ACK, PSH | ACK, FIN | ACK, RST, 0, 0xff];
  const long = udp(four, ports, ramp(2000));
  return [
    whole,
    packet(ip.UDP, udp(four, ports)),
    packet(ip.UDP, query.with(6, 0).with(7, 0)),
    packet(ip.UDP, query.with(4, 0).with(5, 7)),
    packet(ip.UDP, query.with(4, 255)),
    packet(ip.UDP, query.subarray(0, 7)),
    ...flags.map((flag) => packet(ip.TCP, tcp(four, { ...ports, sequence: 1, flags: flag }, ramp(flag & PSH ? 100 : 0)))),
    packet(ip.TCP, tcp(four, { ...ports, sequence: 1, flags: SYN, options: [2, 4, 5, 0xb4, 1, 3, 3, 7] })),
    packet(ip.TCP, tcp(four, { ...ports, sequence: 1, flags: SYN, options: [2, 0, 0, 0] })),
    packet(ip.TCP, tcp(four, { ...ports, sequence: 1, flags: SYN }).with(12, 0x10)),
    packet(ip.TCP, tcp(four, { ...ports, sequence: 1, flags: SYN }).with(12, 0xf0)),
    packet(ip.ICMP, echo(8, 1, 1, ramp(56))),
    packet(ip.ICMP, icmp(3, 4, u16(0), u16(1400), whole.subarray(0, 28))),
    packet(ip.ICMP, Uint8Array.of(8)),
    packet(ip.IGMP, bytes(0x16, 0, u16(0), 224, 0, 0, 251), { destination: "224.0.0.251", ttl: 1, options: [0x94, 4, 0, 0] }),
    packet(ip.UDP, long.subarray(0, 1480), { id: 7, more: true }),
    packet(ip.UDP, long.subarray(1480), { id: 7, fragment: 185 }),
    packet(ip.UDP, long.subarray(0, 8), { id: 8, more: true }),
    packet(ip.UDP, long.subarray(8, 16), { id: 8, more: true, fragment: 8191 }),
    packet(ip.UDP, query, { options: [7, 39, 4, ...new Array<number>(37).fill(0)] }),
    packet(ip.UDP, query, { options: [0x44, 0, 5, 0] }),
    packet(255, ramp(20)),
    packet(ip.UDP, new Uint8Array(0)),
    whole.with(0, 0x44),
    whole.with(0, 0x4f),
    whole.with(0, 0x65),
    whole.with(2, 0xff),
    whole.with(3, 19),
    whole.with(10, 0),
    bytes(whole, ramp(30)),
    whole.subarray(0, 19),
    whole.subarray(0, 20),
    new Uint8Array(0),
  ].map(send4);
}

export function ipv6(): Uint8Array[] {
  const packet = (next: number, ...content: Uint8Array[]): Uint8Array => ip.ipv6({ ...six, next }, ...content);
  const query = udp(six, ports, ramp(33));
  const whole = packet(ip.UDP, query);
  const fragment = (offset: number, more: number): Uint8Array => bytes(ip.UDP, 0, u16((offset << 3) | more), u32(9));
  const chain = (length: number): Uint8Array => {
    const headers = Array.from({ length }, (_, index) => ip.extension(index === length - 1 ? ip.UDP : ip.DESTINATION_OPTIONS));
    return packet(length === 0 ? ip.UDP : ip.DESTINATION_OPTIONS, ...headers, query);
  };
  const target = ipv6Address("fd77::2");
  return [
    whole,
    packet(ip.TCP, tcp(six, { ...ports, sequence: 1, flags: SYN })),
    packet(ip.ICMPV6, icmpv6(six, 128, 0, u16(1), u16(1), ramp(56))),
    packet(ip.ICMPV6, icmpv6(six, 2, 0, u32(1280), whole)),
    packet(ip.HOP_BY_HOP, ip.extension(ip.UDP, 5, 2, 0, 0), query),
    packet(ip.HOP_BY_HOP, ip.extension(ip.UDP, 0xc2, 4, u32(70000)), query),
    packet(ip.ROUTING, bytes(ip.UDP, 2, 0, 1, u32(0), target), query),
    packet(ip.FRAGMENT, fragment(0, 1), query.subarray(0, 24)),
    packet(ip.FRAGMENT, fragment(3, 0), query.subarray(24)),
    packet(ip.FRAGMENT, fragment(0, 0), query),
    packet(ip.NO_NEXT_HEADER, ramp(9)),
    ...[1, 2, 7, 8, 9, 32, 100].map(chain),
    packet(ip.DESTINATION_OPTIONS, ip.extension(ip.UDP, 1, 253, ramp(253)), query),
    packet(ip.DESTINATION_OPTIONS, bytes(ip.UDP, 255, ramp(6)), query),
    packet(ip.DESTINATION_OPTIONS, Uint8Array.of(ip.UDP)),
    packet(51, bytes(ip.UDP, 4, u16(0), ramp(20)), query),
    whole.with(0, 0x40),
    whole.with(4, 0xff),
    whole.with(5, 0),
    whole.subarray(0, 39),
    whole.subarray(0, 40),
    bytes(whole, ramp(30)),
  ].map((each) => send6(each));
}

/** Neighbour discovery and its relatives (RFC 4861, RFC 3810), right and wrong. */
export function neighbours(): Uint8Array[] {
  const target = ipv6Address("fd77::2");
  const linkAddress = bytes(1, 1, 2, 0, 0, 0, 0, 1);
  const solicited = { source: "fd77::1", destination: "ff02::1:ff00:2" };
  const detects = { ...solicited, source: "::" };
  const packet = (ends: ip.Ends, type: number, hopLimit: number, ...content: Uint8Array[]): Uint8Array =>
    ip.ipv6({ ...ends, next: ip.ICMPV6, hopLimit }, icmpv6(ends, type, 0, ...content));
  const zero = bytes(u32(0));
  const report = { source: "fe80::1", destination: "ff02::16" };
  const listens = icmpv6(report, 143, 0, u16(0), u16(1), 4, 0, u16(0), ipv6Address("ff02::fb"));
  return [
    packet(solicited, 135, 255, zero, target, linkAddress),
    packet(detects, 135, 255, zero, target),
    packet(solicited, 135, 64, zero, target, linkAddress),
    packet(solicited, 135, 255, zero, target, linkAddress.with(1, 0)),
    packet(solicited, 135, 255, zero, target, linkAddress.with(1, 9)),
    packet(solicited, 135, 255, zero, target.subarray(0, 15)),
    packet(six, 136, 255, bytes(u32(0x60000000)), target, linkAddress.with(0, 2)),
    packet(local, 136, 255, bytes(u32(0x20000000)), target, linkAddress.with(0, 2)),
    packet({ ...local, destination: "ff02::2" }, 133, 255, zero, linkAddress),
    packet(local, 134, 255, bytes(64, 0, u16(1800), u32(0), u32(0)), linkAddress),
    packet(six, 137, 255, zero, target, target),
    ip.ipv6({ ...report, next: ip.HOP_BY_HOP, hopLimit: 1 }, ip.extension(ip.ICMPV6, 5, 2, 0, 0), listens),
  ].map((each) => send6(each, "33:33:ff:00:00:02"));
}
