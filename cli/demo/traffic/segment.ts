/** TCP segments in frames (RFC 9293 over RFC 791, no options), for conversations without a kernel.
 *
 *    0          14               34              54
 *    | Ethernet | IPv4 header    | TCP header    | payload                                                         */
import { checksum } from "./ping.ts";

const IP = 14;
const TCP = 34;
const PAYLOAD = 54;
const TYPE_IPV4 = 0x0800;
const PROTOCOL_TCP = 6;
const WINDOW = 64_240;

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;

/** One side of a connection: MAC in lower case with colons, IPv4 address, port. */
export interface End {
  mac: string;
  address: string;
  port: number;
}

export interface Segment {
  from: End;
  to: End;
  sequence: number;
  acknowledgment: number;
  flags: number;
  /** Latin-1. */
  payload: string;
}

/** A whole frame, checksums included. */
export function writeSegment({ from, to, sequence, acknowledgment, flags, payload }: Segment): Buffer {
  const frame = Buffer.alloc(PAYLOAD + payload.length);
  frame.write(plain(to.mac) + plain(from.mac), 0, "hex");
  frame.writeUInt16BE(TYPE_IPV4, 12);
  frame.set([0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, PROTOCOL_TCP], IP);
  frame.writeUInt16BE(frame.length - IP, IP + 2);
  frame.set([...from.address.split("."), ...to.address.split(".")].map(Number), IP + 12);
  frame.writeUInt16BE(checksum(frame.subarray(IP, TCP)), IP + 10);
  frame.writeUInt16BE(from.port, TCP);
  frame.writeUInt16BE(to.port, TCP + 2);
  frame.writeUInt32BE(sequence, TCP + 4);
  frame.writeUInt32BE(acknowledgment, TCP + 8);
  frame.set([(PAYLOAD - TCP) << 2, flags], TCP + 12);
  frame.writeUInt16BE(WINDOW, TCP + 14);
  frame.write(payload, PAYLOAD, "latin1");
  frame.writeUInt16BE(checksum(covered(frame)), TCP + 16);
  return frame;
}

/** @returns null of what no receiver would take: another protocol, or a wrong checksum. */
export function readSegment(frame: Buffer): Segment | null {
  if (frame.length < PAYLOAD || frame.readUInt16BE(12) !== TYPE_IPV4 || frame[IP + 9] !== PROTOCOL_TCP) return null;
  if (checksum(frame.subarray(IP, TCP)) !== 0 || checksum(covered(frame)) !== 0) return null;
  return {
    from: endAt(frame, 6, IP + 12, TCP),
    to: endAt(frame, 0, IP + 16, TCP + 2),
    sequence: frame.readUInt32BE(TCP + 4),
    acknowledgment: frame.readUInt32BE(TCP + 8),
    flags: frame[TCP + 13] as number,
    payload: frame.toString("latin1", PAYLOAD),
  };
}

const plain = (mac: string): string => mac.replaceAll(":", "");

const endAt = (frame: Buffer, mac: number, address: number, port: number): End => ({
  mac: frame.toString("hex", mac, mac + 6).replace(/..(?!$)/g, "$&:"),
  address: frame.subarray(address, address + 4).join("."),
  port: frame.readUInt16BE(port),
});

/** What the checksum of TCP is over: a pseudo header, then the segment, filled up to an even count. */
function covered(frame: Buffer): Buffer {
  const bytes = frame.length - TCP;
  const all = Buffer.alloc(12 + bytes + (bytes & 1));
  frame.copy(all, 0, IP + 12, TCP);
  all.writeUInt16BE(PROTOCOL_TCP, 8);
  all.writeUInt16BE(bytes, 10);
  frame.copy(all, 12, TCP);
  return all;
}
