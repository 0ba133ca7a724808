/** A frame's headers in a few words, as a network engineer writes them: "IPv4 10.77.0.2 > 10.77.0.3, TCP 40000 > 80 SYN". Where each header
 *  lies, and whether it is whole, the parser has said. */
import * as flag from "../../assembly/abi/descriptor.ts";
import { addressText } from "../config/ip-address.ts";
import { joinMac, readMac } from "../mac.ts";

/** What the parser found (assembly/abi/descriptor.ts): offsets in the frame, 0 where there is none. */
export interface Layers {
  etherType: number;
  l3: number;
  l4: number;
  protocol: number;
  flags: number;
}

const PROTOCOLS: Record<number, string> = { 1: "ICMP", 2: "IGMP", 6: "TCP", 17: "UDP", 47: "GRE", 50: "ESP", 58: "ICMPv6", 132: "SCTP" };
const ETHER_TYPES: Record<number, string> = { 2048: "IPv4", 2054: "ARP", 34525: "IPv6", 35020: "LLDP", 33024: "VLAN", 34984: "VLAN" };
const ICMP: Record<number, string> = { 0: "echo reply", 3: "unreachable", 5: "redirect", 8: "echo request", 11: "time exceeded" };
const ICMPV6: Record<number, string> = {
  1: "unreachable",
  2: "packet too big",
  3: "time exceeded",
  128: "echo request",
  129: "echo reply",
  130: "listener query",
  131: "listener report",
  133: "router solicitation",
  134: "router advertisement",
  135: "neighbour solicitation",
  136: "neighbour advertisement",
  137: "redirect",
  143: "listener report",
};
const TCP_FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];
const TCP = 6;
/** Of L4 that is read here. */
const [TCP_BYTES, PORTS_BYTES] = [14, 4];
const PORTS = [TCP, 17, 132];

/** Bytes of ARP, IPv4 and IPv6 headers that are read here. */
const HEADER_BYTES = [
  [flag.FLAG_ARP, 28],
  [flag.FLAG_IPV4, 20],
  [flag.FLAG_IPV6, 40],
] as const;

/** The layers above Ethernet. @param frame as much of it as was captured. */
export function headersText(frame: Uint8Array, layers: Layers): string {
  const { etherType, flags, l3 } = layers;
  const bytes = HEADER_BYTES.find(([bit]) => (flags & bit) !== 0)?.[1] ?? 0;
  if (l3 + bytes > frame.length) return `${ETHER_TYPES[etherType]}, whose header was cut`;
  if ((flags & flag.FLAG_ARP) !== 0) return arpText(frame, l3);
  if ((flags & (flag.FLAG_IPV4 | flag.FLAG_IPV6)) !== 0) return `${ipText(frame, layers)}, ${l4Text(frame, layers)}`;
  const name = ETHER_TYPES[etherType];
  if (etherType < 0x0600) return `a frame of length ${etherType} (IEEE 802.3)`;
  return name === undefined ? `EtherType ${hex(etherType)}` : `${name}, whose header the parser does not see through`;
}

const hex = (value: number): string => `0x${value.toString(16).padStart(4, "0")}`;
const word = (frame: Uint8Array, at: number): number => ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0);
const ip = (frame: Uint8Array, at: number, bytes: number): string => addressText(frame.subarray(at, at + bytes));

function arpText(frame: Uint8Array, at: number): string {
  const [sender, target] = [ip(frame, at + 14, 4), ip(frame, at + 24, 4)];
  const operation = word(frame, at + 6);
  if (operation === 1) return `ARP who has ${target}, says ${sender}`;
  return operation === 2 ? `ARP ${sender} is at ${joinMac(...readMac(frame, at + 8))}` : `ARP operation ${operation}`;
}

function ipText(frame: Uint8Array, { flags, l3 }: Layers): string {
  if ((flags & flag.FLAG_IPV4) !== 0) return `IPv4 ${ip(frame, l3 + 12, 4)} > ${ip(frame, l3 + 16, 4)}`;
  return `IPv6 ${ip(frame, l3 + 8, 16)} > ${ip(frame, l3 + 24, 16)}`;
}

function l4Text(frame: Uint8Array, { flags, l4, protocol }: Layers): string {
  const name = PROTOCOLS[protocol] ?? `protocol ${protocol}`;
  const isFragment = (flags & flag.FLAG_FRAGMENT) !== 0;
  if (l4 === 0) return isFragment ? `${name}, a later fragment` : (flags & flag.FLAG_CHAIN_CUT) !== 0 ? "headers without end" : name;
  const first = isFragment ? ", the first fragment" : "";
  if (frame.length < l4 + (protocol === TCP ? TCP_BYTES : PORTS_BYTES)) return `${name}${first}`;
  if (PORTS.includes(protocol))
    return `${name} ${word(frame, l4)} > ${word(frame, l4 + 2)}${protocol === TCP ? tcpFlags(frame[l4 + 13] ?? 0) : ""}${first}`;
  const kinds = protocol === 1 ? ICMP : protocol === 58 ? ICMPV6 : {};
  const type = frame[l4] ?? 0;
  const isIcmp = protocol === 1 || protocol === 58;
  return `${name}${isIcmp ? ` ${kinds[type] ?? `type ${type}`}` : ""}${first}`;
}

function tcpFlags(bits: number): string {
  return TCP_FLAGS.filter((_, bit) => (bits & (1 << bit)) !== 0)
    .map((name) => ` ${name}`)
    .join("");
}

/** The text of a MAC in the low 48 bits. */
export function macText(value: bigint): string {
  return joinMac(Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffn));
}

/** The text of an address in the 16 bytes of two words, IPv4 in the first four. */
export function addressOf(family: number, low: bigint, high: bigint): string {
  const bytes = new DataView(new ArrayBuffer(16));
  bytes.setBigUint64(0, low, true);
  bytes.setBigUint64(8, high, true);
  return addressText(new Uint8Array(bytes.buffer, 0, family === 4 ? 4 : 16));
}
