/** Frames and packets inside others: VXLAN, Geneve, GRE, IP in IP, MPLS, PPPoE, each whole and each cut short. */
import { type Part, bytes, u16, u24, u32 } from "../../test/support/packet/bytes.ts";
import { TYPE_IPV4, TYPE_IPV6, TYPE_MPLS, TYPE_PPPOE, ethernet, station, tagged } from "../../test/support/packet/ethernet.ts";
import { GRE, UDP, ipv4, ipv6 } from "../../test/support/packet/ip.ts";
import { udp } from "../../test/support/packet/transport.ts";
import { datagram } from "./link.ts";

const VXLAN_PORT = 4789;
const GENEVE_PORT = 6081;
const TYPE_BRIDGED = 0x6558;
const ends = { source: "192.0.2.1", destination: "192.0.2.2" };
const ends6 = { source: "2001:db8::1", destination: "2001:db8::2" };

const send = (packet: Uint8Array): Uint8Array => ethernet(station(12), station(11), TYPE_IPV4, packet);
const over = (targetPort: number, ...content: Part[]): Uint8Array =>
  send(ipv4({ ...ends, protocol: UDP }, udp(ends, { sourcePort: 49152, targetPort }, ...content)));
const vxlan = (network: number, flags = 8): number[] => [flags, 0, 0, 0, ...u24(network), 0];
const geneve = (network: number, options: number[] = []): number[] => [
  options.length / 4,
  0,
  ...u16(TYPE_BRIDGED),
  ...u24(network),
  0,
  ...options,
];

export function tunnels(): Uint8Array[] {
  const inner = datagram(30);
  const nested = over(VXLAN_PORT, vxlan(1), inner);
  const over6 = udp(ends6, { sourcePort: 49152, targetPort: VXLAN_PORT }, vxlan(42), inner);
  const label = (value: number, last: number): number[] => u32((value << 12) | (last << 8) | 64);
  return [
    over(VXLAN_PORT, vxlan(42), inner),
    over(VXLAN_PORT, vxlan(0xffffff), tagged(inner, { id: 5 })),
    over(VXLAN_PORT, vxlan(42, 0), inner),
    over(VXLAN_PORT, vxlan(42).with(7, 255), inner),
    over(VXLAN_PORT, vxlan(42), inner.subarray(0, 13)),
    over(VXLAN_PORT, vxlan(42)),
    over(VXLAN_PORT, vxlan(42).slice(0, 7)),
    over(VXLAN_PORT, vxlan(2), nested),
    ethernet(station(12), station(11), TYPE_IPV6, ipv6({ ...ends6, next: UDP }, over6)),
    over(GENEVE_PORT, geneve(42), inner),
    over(GENEVE_PORT, geneve(42, [1, 2, 0x80, 1, 0, 0, 0, 0]), inner),
    over(GENEVE_PORT, geneve(42).with(0, 63), inner),
    send(ipv4({ ...ends, protocol: GRE }, u16(0), u16(TYPE_BRIDGED), inner)),
    send(ipv4({ ...ends, protocol: GRE }, u16(0x2000), u16(TYPE_IPV4), u32(7), inner.subarray(14))),
    send(ipv4({ ...ends, protocol: 4 }, inner.subarray(14))),
    send(ipv4({ ...ends, protocol: 41 }, ipv6({ ...ends6, next: UDP }, over6))),
    ethernet(station(12), station(11), TYPE_MPLS, label(100, 0), label(200, 1), inner.subarray(14)),
    ethernet(station(12), station(11), TYPE_PPPOE, 0x11, 0, u16(1), u16(inner.length - 12), u16(0x21), inner.subarray(14)),
    bytes(nested, new Uint8Array(7)),
  ];
}
