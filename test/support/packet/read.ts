/** What a frame says, read by hand: addresses, ports and flags as text, and whether its checksums are right by an implementation of their own. */
import { checksum } from "./bytes.ts";
import { ICMP, ICMPV6, TCP, UDP, pseudoHeader } from "./ip.ts";
import { ACK, FIN, PSH, RST, SYN } from "./transport.ts";

export interface Packet {
  destinationMac: string;
  sourceMac: string;
  protocol: number;
  source: string;
  destination: string;
  /** 0 where there is no L4, or none with ports. */
  sourcePort: number;
  targetPort: number;
  /** Letters of what is set: S, F, R, A, P. */
  flags: string;
  sequence: number;
  acknowledged: number;
  /** Type and code of ICMP. */
  type: number;
  code: number;
  payload: Uint8Array;
  /** Those of IP and L4; true where one says "none". */
  isSound: boolean;
}

const mac = (frame: Uint8Array, at: number): string =>
  [...frame.subarray(at, at + 6)].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
const read16 = (frame: Uint8Array, at: number): number => (frame[at]! << 8) | frame[at + 1]!;
const read32 = (frame: Uint8Array, at: number): number => read16(frame, at) * 65536 + read16(frame, at + 2);
const ipv4Text = (frame: Uint8Array, at: number): string => frame.subarray(at, at + 4).join(".");

/** Canonical by RFC 5952. */
function ipv6Text(frame: Uint8Array, at: number): string {
  const words = Array.from({ length: 8 }, (_, word) => read16(frame, at + word * 2).toString(16));
  return new URL(`http://[${words.join(":")}]/`).hostname.slice(1, -1);
}

const LETTERS: [number, string][] = [
  [SYN, "S"],
  [FIN, "F"],
  [RST, "R"],
  [ACK, "A"],
  [PSH, "P"],
];

/** Of a plain frame with IPv4 or IPv6 without extension headers. */
export function readPacket(frame: Uint8Array): Packet {
  const isIpv4 = read16(frame, 12) === 0x0800;
  const l4 = 14 + (isIpv4 ? (frame[14]! & 15) * 4 : 40);
  const end = 14 + (isIpv4 ? read16(frame, 16) : 40 + read16(frame, 18));
  const protocol = isIpv4 ? frame[23]! : frame[20]!;
  const source = isIpv4 ? ipv4Text(frame, 26) : ipv6Text(frame, 22);
  const destination = isIpv4 ? ipv4Text(frame, 30) : ipv6Text(frame, 38);
  const segment = frame.subarray(l4, end);
  const hasPorts = protocol === TCP || protocol === UDP;
  const isTcp = protocol === TCP;
  const isIcmp = protocol === ICMP || protocol === ICMPV6;
  const headerBytes = isTcp ? (segment[12]! >> 4) * 4 : 8;
  const covered = protocol === ICMP ? segment : [...pseudoHeader({ source, destination }, protocol, segment.length), ...segment];
  const isNone = protocol === UDP && isIpv4 && read16(segment, 6) === 0;
  return {
    destinationMac: mac(frame, 0),
    sourceMac: mac(frame, 6),
    protocol,
    source,
    destination,
    sourcePort: hasPorts ? read16(segment, 0) : 0,
    targetPort: hasPorts ? read16(segment, 2) : 0,
    flags: isTcp ? LETTERS.map(([bit, letter]) => ((segment[13]! & bit) !== 0 ? letter : "")).join("") : "",
    sequence: isTcp ? read32(segment, 4) : 0,
    acknowledged: isTcp ? read32(segment, 8) : 0,
    type: isIcmp ? segment[0]! : 0,
    code: isIcmp ? segment[1]! : 0,
    payload: segment.slice(headerBytes),
    isSound: (!isIpv4 || checksum(frame.subarray(14, l4)) === 0) && (isNone || checksum(Uint8Array.from(covered)) === 0),
  };
}

/** "10.0.0.2:40000 > 10.0.0.100:80 SA". */
export function told({ source, sourcePort, destination, targetPort, flags, protocol }: Packet): string {
  const end = (address: string, port: number) => `${address.includes(":") ? `[${address}]` : address}:${port}`;
  return `${end(source, sourcePort)} > ${end(destination, targetPort)} ${protocol === TCP ? flags : protocol === UDP ? "udp" : "icmp"}`;
}
