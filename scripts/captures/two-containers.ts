/** What two containers say to each other, as the demo shows it: they find each other by ARP, one pings the other five times
 *  and then asks it for a page over one TCP connection.
 *
 *     container1 10.77.0.2 ──── my-network ──── 10.77.0.3 container2                                                     */
import type { FrameToWrite } from "../../bindings/capture/index.ts";
import { ramp, u16, u32 } from "../../test/support/packet/bytes.ts";
import { BROADCAST, TYPE_ARP, TYPE_IPV4, arp, ethernet, padded } from "../../test/support/packet/ethernet.ts";
import { ICMP, TCP, ipv4 } from "../../test/support/packet/ip.ts";
import { ACK, FIN, PSH, SYN, echo, tcp } from "../../test/support/packet/transport.ts";

const PINGS = 5;
const PAGE_SEGMENTS = 8;
const SEGMENT_BYTES = 1448;
/** Scaled by 2^7, as both ends say in their first segments. */
const WINDOW = 502;
const MS = 1_000_000n;
const BEGINNING_NS = 1_767_225_600_000_000_000n;

interface Container {
  mac: string;
  address: string;
  port: number;
  sequence: number;
}

const container1: Container = { mac: "02:00:0a:4d:00:02", address: "10.77.0.2", port: 40312, sequence: 0x1c0ffee0 };
const container2: Container = { mac: "02:00:0a:4d:00:03", address: "10.77.0.3", port: 80, sequence: 0x5eed5eed };

/** The frames in order, with times as a quiet machine would show them. */
export function twoContainers(): FrameToWrite[] {
  return [...greeting(), ...pings(), ...connection()];
}

function greeting(): FrameToWrite[] {
  const asks = { operation: 1, senderMac: container1.mac, senderAddress: container1.address, targetAddress: container2.address };
  const answers = { operation: 2, senderMac: container2.mac, senderAddress: container2.address };
  const answer = arp({ ...answers, targetMac: container1.mac, targetAddress: container1.address });
  return [
    at(0n, padded(ethernet(BROADCAST, container1.mac, TYPE_ARP, arp(asks)))),
    at(40_000n, padded(ethernet(container1.mac, container2.mac, TYPE_ARP, answer))),
  ];
}

function pings(): FrameToWrite[] {
  const frames: FrameToWrite[] = [];
  for (let sequence = 1; sequence <= PINGS; sequence++) {
    const sentNs = BigInt(sequence - 1) * 1000n * MS + 80_000n;
    frames.push(at(sentNs, packet(container1, container2, ICMP, sequence, echo(8, 0x7079, sequence, ramp(56)))));
    frames.push(at(sentNs + 55_000n, packet(container2, container1, ICMP, sequence, echo(0, 0x7079, sequence, ramp(56)))));
  }
  return frames;
}

/** Handshake, request, page, both ends closed. */
function connection(): FrameToWrite[] {
  const frames: FrameToWrite[] = [];
  let nowNs = 5000n * MS;
  let id = 100;
  const say = (from: Container, to: Container, flags: number, data: Uint8Array = new Uint8Array(0)): void => {
    frames.push(at(nowNs, segment(from, to, flags, id++, data)));
    from.sequence = (from.sequence + data.length + (flags & (SYN | FIN) ? 1 : 0)) >>> 0;
    nowNs += 60_000n;
  };
  const client = { ...container1 };
  const server = { ...container2 };
  say(client, server, SYN);
  say(server, client, SYN | ACK);
  say(client, server, ACK);
  say(client, server, PSH | ACK, Buffer.from("GET /hello HTTP/1.1\r\nHost: container2\r\n\r\n"));
  say(server, client, ACK);
  const pageBytes = PAGE_SEGMENTS * SEGMENT_BYTES;
  say(server, client, PSH | ACK, Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${pageBytes}\r\nConnection: close\r\n\r\n`));
  for (let sent = 0; sent < PAGE_SEGMENTS; sent++) {
    say(server, client, ACK, ramp(SEGMENT_BYTES));
    if (sent % 2 === 1) say(client, server, ACK);
  }
  say(server, client, FIN | ACK);
  say(client, server, FIN | ACK);
  say(server, client, ACK);
  return frames;
}

function segment(from: Container, to: Container, flags: number, id: number, data: Uint8Array): Uint8Array {
  const ends = { source: from.address, destination: to.address };
  const maximum = [2, 4, ...u16(1460), 1, 3, 3, 7];
  const stamp = [1, 1, 8, 10, ...u32(1000 + id), ...u32(999 + id)];
  const acknowledged = flags & ACK ? to.sequence : 0;
  const opening = flags & SYN ? { options: maximum } : { options: stamp, window: WINDOW };
  const ports = { sourcePort: from.port, targetPort: to.port };
  return packet(from, to, TCP, id, tcp(ends, { ...ports, sequence: from.sequence, acknowledged, flags, ...opening }, data));
}

function packet(from: Container, to: Container, protocol: number, id: number, content: Uint8Array): Uint8Array {
  const ends = { source: from.address, destination: to.address };
  return padded(ethernet(to.mac, from.mac, TYPE_IPV4, ipv4({ ...ends, protocol, id }, content)));
}

function at(afterNs: bigint, bytes: Uint8Array): FrameToWrite {
  return { bytes, timeNs: BEGINNING_NS + afterNs };
}
