/** Echo requests and replies (RFC 792) from inside a container: what `ping` does, for machines that have no `ping`. */
import { setTimeout as delay } from "node:timers/promises";
import { icmpSocket, limitWaits, receiveAny, sendTo } from "./socket.ts";

const HEADER_BYTES = 8;
const PAYLOAD_BYTES = 56;
const ECHO_REPLY = 0;
const ECHO_REQUEST = 8;
const WAIT_MS = 1000;

/** One answer: the bytes of the ICMP message, the hops that it had left, and the time from send to receive. */
export interface Echo {
  sequence: number;
  bytes: number;
  timeToLive: number;
  milliseconds: number;
}

/** @param count echo requests; Infinity goes on until the process ends.
 *  @param intervalMs between two requests.
 *  @param report called after each request with its answer, or null when none came within a second. */
export async function ping(
  address: string,
  count: number,
  intervalMs: number,
  report: (sequence: number, echo: Echo | null) => void,
): Promise<void> {
  const socket = icmpSocket();
  const identifier = process.pid & 0xffff;
  const packet = Buffer.alloc(2048);
  limitWaits(socket, WAIT_MS);
  receiveAny(socket, packet, false);
  for (let sequence = 1; sequence <= count; sequence++) {
    if (sequence > 1) await delay(intervalMs);
    const request = echoRequest(identifier, sequence & 0xffff);
    const sent = process.hrtime.bigint();
    sendTo(socket, request, address);
    report(sequence, awaitReply(socket, packet, identifier, sequence, sent));
  }
}

function awaitReply(socket: number, packet: Buffer, identifier: number, sequence: number, sent: bigint): Echo | null {
  for (;;) {
    const length = receiveAny(socket, packet, true);
    const milliseconds = Number(process.hrtime.bigint() - sent) / 1e6;
    const message = length < 0 ? null : echoReply(packet.subarray(0, length));
    if (message?.identifier === identifier && message.sequence === (sequence & 0xffff)) {
      return { sequence, bytes: message.bytes, timeToLive: message.timeToLive, milliseconds };
    }
    if (length < 0 || milliseconds >= WAIT_MS) return null;
  }
}

/** ICMP echo request with its checksum (RFC 1071: the complemented one's complement sum of 16-bit words). */
export function echoRequest(identifier: number, sequence: number): Buffer {
  const message = Buffer.alloc(HEADER_BYTES + PAYLOAD_BYTES);
  message[0] = ECHO_REQUEST;
  message.writeUInt16BE(identifier, 4);
  message.writeUInt16BE(sequence, 6);
  for (let index = 0; index < PAYLOAD_BYTES; index++) message[HEADER_BYTES + index] = index;
  message.writeUInt16BE(checksum(message), 2);
  return message;
}

/** @param packet an IPv4 packet as a raw socket gives it, header included. @returns null unless it is a whole echo reply. */
export function echoReply(packet: Buffer): { identifier: number; sequence: number; bytes: number; timeToLive: number } | null {
  const headerBytes = ((packet[0] ?? 0) & 15) * 4;
  const message = packet.subarray(headerBytes);
  if (headerBytes < 20 || message.length < HEADER_BYTES || message[0] !== ECHO_REPLY) return null;
  return { identifier: message.readUInt16BE(4), sequence: message.readUInt16BE(6), bytes: message.length, timeToLive: packet[8] as number };
}

/** @param bytes of an even count. */
export function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let offset = 0; offset < bytes.length; offset += 2) sum += bytes.readUInt16BE(offset);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
