/** A frame's headers in a few words, as a network engineer writes them: "IPv4 10.77.0.2 > 10.77.0.3, TCP 40000 > 80 SYN". Where each header
 *  lies, and whether it is whole, the parser has said. */
import * as flag from "../../assembly/abi/descriptor.ts";
import { MAX_EXTENSION_BYTES } from "../../assembly/abi/limits.ts";
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
const ETHER_TYPES: Record<number, string> = { 34887: "MPLS", 34915: "PPPoE discovery", 34916: "PPPoE", 34958: "EAPOL", 35020: "LLDP" };
/** Types that the parser knows, where it found no header. */
const HIDDEN: Record<number, string> = {
  2048: "IPv4 with a malformed or cut header",
  2054: "ARP that is cut, or of other than IPv4 over Ethernet",
  33024: "a tag that is cut, or a third one",
  34525: "IPv6 with a malformed or cut header",
  34984: "a tag that is cut, or a third one",
  37120: "a tag that is cut, or a third one",
};
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
const PORTS = [TCP, 17, 132];
const KINDS: Record<number, Record<number, string>> = { 1: ICMP, 58: ICMPV6 };

/** The layers above Ethernet, with their tags.
 *  @param frame as far as it was captured: what lies behind its end is not told. */
export function headersText(frame: Uint8Array, layers: Layers): string {
  return [...tagsOf(frame, layers), layersText(frame, layers)].join(", ");
}

function layersText(frame: Uint8Array, layers: Layers): string {
  const { etherType, flags, l3 } = layers;
  if ((flags & flag.FLAG_ARP) !== 0) return isWithin(frame, l3, ARP_BYTES) ? arpText(frame, l3) : "ARP, cut off";
  if ((flags & (flag.FLAG_IPV4 | flag.FLAG_IPV6)) !== 0) return packetText(frame, layers);
  if (etherType < LEAST_ETHER_TYPE) return `IEEE 802.3, length ${etherType}`;
  return HIDDEN[etherType] ?? ETHER_TYPES[etherType] ?? `EtherType ${hex(etherType)}`;
}

const LEAST_ETHER_TYPE = 0x0600;
const ARP_BYTES = 28;
const IPV4_PROTOCOL = 9;
const IPV6_BYTES = 40;
const IPV6_LENGTH = 4;
const IPV6_NEXT = 6;
const ADDRESSES_END = 12;

/** A frame's L3 begins behind its MAC addresses, 4 bytes for each tag, and the EtherType. */
function tagsOf(frame: Uint8Array, { l3 }: Layers): string[] {
  const count = Math.max(0, (l3 - 2 - ADDRESSES_END) / 4);
  return Array.from({ length: count }, (_, index) => `VLAN ${word(frame, ADDRESSES_END + 2 + index * 4) & 0xfff}`);
}

function isWithin({ length }: Uint8Array, at: number, bytes: number): boolean {
  return at + bytes <= length;
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

function packetText(frame: Uint8Array, layers: Layers): string {
  const isIpv4 = (layers.flags & flag.FLAG_IPV4) !== 0;
  const [family, headerBytes, addressAt, addressBytes] = isIpv4 ? (["IPv4", 20, 12, 4] as const) : (["IPv6", IPV6_BYTES, 8, 16] as const);
  if (!isWithin(frame, layers.l3, headerBytes)) return `${family}, cut off`;
  const source = layers.l3 + addressAt;
  const ends = `${ip(frame, source, addressBytes)} > ${ip(frame, source + addressBytes, addressBytes)}`;
  if (!isIpv4 && isChainCut(frame, layers)) return `${family} ${ends}, extension headers, cut off`;
  return `${family} ${ends}, ${layers.l4 === 0 ? withoutL4(isIpv4, layers) : l4Text(frame, layers)}`;
}

/** Of IPv6 the protocol is known only where its header was found. */
function withoutL4(isIpv4: boolean, { flags, protocol }: Layers): string {
  if ((flags & flag.FLAG_CHAIN_CUT) !== 0) return "extension headers without end";
  const name = isIpv4 ? `${nameOf(protocol)}, ` : "";
  return name + ((flags & flag.FLAG_FRAGMENT) !== 0 ? "a later fragment" : "no payload");
}

/** The number of the protocol that IPv4 or IPv6 carries; null where that is not known, or was not captured. */
export function protocolOf(frame: Uint8Array, { flags, l3, l4, protocol }: Layers): number | null {
  if ((flags & flag.FLAG_IPV4) !== 0) return isWithin(frame, l3, IPV4_PROTOCOL + 1) ? protocol : null;
  if ((flags & flag.FLAG_IPV6) === 0 || l4 === 0) return null;
  const named = l4 === l3 + IPV6_BYTES ? l3 + IPV6_NEXT + 1 : l4;
  return isWithin(frame, 0, named) ? protocol : null;
}

/** Extension headers of IPv6 that were not wholly captured: the parser has walked on into what is not there. */
function isChainCut(frame: Uint8Array, { flags, l3, l4 }: Layers): boolean {
  if (l4 !== 0) return l4 > frame.length;
  const packetEnd = l3 + IPV6_BYTES + word(frame, l3 + IPV6_LENGTH);
  return (flags & flag.FLAG_FRAGMENT) === 0 && frame.length < Math.min(packetEnd, l3 + IPV6_BYTES + MAX_EXTENSION_BYTES);
}

const nameOf = (protocol: number): string => PROTOCOLS[protocol] ?? `protocol ${protocol}`;

function l4Text(frame: Uint8Array, { flags, l4, protocol }: Layers): string {
  const first = (flags & flag.FLAG_FRAGMENT) === 0 ? "" : ", the first fragment";
  return nameOf(protocol) + l4Words(frame, l4, protocol) + first;
}

function l4Words(frame: Uint8Array, l4: number, protocol: number): string {
  if (PORTS.includes(protocol) && isWithin(frame, l4, 4)) {
    const flags = protocol === TCP ? tcpFlags(frame[l4 + 13] ?? 0) : "";
    return ` ${word(frame, l4)} > ${word(frame, l4 + 2)}${flags}`;
  }
  const kinds = KINDS[protocol];
  if (kinds === undefined || !isWithin(frame, l4, 1)) return "";
  const type = frame[l4] ?? 0;
  return ` ${kinds[type] ?? `type ${type}`}`;
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
