/** A flood of SYNs from clients that a station invents: addresses of 198.18.0.0/15, which are for such tests (RFC 2544), and any ports, by a packet
 *  socket at an even rate. */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { interfaceIndex } from "../../bindings/native/interface.ts";
import { closeDescriptor, write } from "../../bindings/native/io.ts";
import { hostAddress } from "../../bindings/native/memory.ts";
import { openPacketSocket } from "../../bindings/native/packet-socket.ts";
import { ethernet, TYPE_IPV4 } from "../../test/support/packet/ethernet.ts";
import { ipv4, TCP } from "../../test/support/packet/ip.ts";
import { SYN, tcp } from "../../test/support/packet/transport.ts";
import { VNET_HEADER_BYTES } from "../support/wire.ts";
import { precede } from "./precede.ts";

const INTERFACE = "eth0";
const FIRST_SOURCE = 0xc6120000;
const SOURCES = 0x20000;
const PAUSE_MS = 1;
// behind the virtio-net header and an Ethernet header of 14 bytes
const IP = VNET_HEADER_BYTES + 14;
const IP_CHECKSUM = IP + 10;
const SOURCE = IP + 12;
const SEGMENT = IP + 20;
const SEQUENCE = SEGMENT + 4;
const SEGMENT_CHECKSUM = SEGMENT + 16;

/** What was sent. */
export interface Flooded {
  syns: number;
  seconds: number;
}

interface Flood {
  address: string;
  port: number;
  /** Of the address. */
  mac: string;
  perSecond: number;
  /** SYNs after which it ends by itself. */
  limit: number;
}

let isWanted = false;
let flooding: Promise<Flooded> | null = null;

async function floodSyns(flood: Flood): Promise<void> {
  precede();
  isWanted = true;
  flooding = send(flood);
  flooding.catch(() => {}); // told to whoever ends it
}

async function endFlood(): Promise<Flooded> {
  isWanted = false;
  return (await flooding) as Flooded;
}

async function send({ perSecond, limit, ...target }: Flood): Promise<Flooded> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const frame = firstFrame(target);
  const written = new Uint8Array(memory.buffer);
  written.set(frame, VNET_HEADER_BYTES);
  const [view, base, bytes] = [new DataView(memory.buffer), Number(hostAddress(memory)), VNET_HEADER_BYTES + frame.length];
  const socket = openPacketSocket(interfaceIndex(INTERFACE) ?? 0).descriptor;
  const beginMs = performance.now();
  let syns = 0;
  for (; isWanted && syns < limit; await delay(PAUSE_MS)) {
    for (const due = Math.min(limit, ((performance.now() - beginMs) * perSecond) / 1000); syns < due; syns++) {
      invent(view);
      if (write(socket, base, bytes) < 0) break; // the queue is full: the rest is due later
    }
  }
  closeDescriptor(socket);
  return { syns, seconds: (performance.now() - beginMs) / 1000 };
}

/** From the first of the sources, port 0. */
function firstFrame({ address, port, mac }: Pick<Flood, "address" | "port" | "mac">): Uint8Array {
  const ends = { source: "198.18.0.0", destination: address };
  const own = readFileSync(`/sys/class/net/${INTERFACE}/address`, "utf8").trim();
  const segment = tcp(ends, { sourcePort: 0, targetPort: port, sequence: 0, flags: SYN });
  return ethernet(mac, own, TYPE_IPV4, ipv4({ ...ends, protocol: TCP }, segment));
}

/** Makes the SYN one of another client, with right checksums. */
function invent(view: DataView): void {
  const source = FIRST_SOURCE + Math.floor(Math.random() * SOURCES);
  const port = 1 + Math.floor(Math.random() * 0xffff);
  const sequence = Math.floor(Math.random() * 0x1_0000_0000);
  const change = difference(view.getUint32(SOURCE), source);
  view.setUint16(IP_CHECKSUM, updated(view.getUint16(IP_CHECKSUM), change));
  const further = difference(view.getUint32(SEQUENCE), sequence) + difference(view.getUint16(SEGMENT), port);
  view.setUint16(SEGMENT_CHECKSUM, updated(view.getUint16(SEGMENT_CHECKSUM), change + further));
  view.setUint32(SOURCE, source);
  view.setUint16(SEGMENT, port);
  view.setUint32(SEQUENCE, sequence);
}

/** ~m + m' for both halves (RFC 1624, equation 3). */
function difference(before: number, after: number): number {
  return 0xffff - (before >>> 16) + (0xffff - (before & 0xffff)) + (after >>> 16) + (after & 0xffff);
}

function updated(checksum: number, change: number): number {
  let sum = 0xffff - checksum + change;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return 0xffff - sum;
}

/** The commands of station-process.ts that are about them. */
export const floods = { floodSyns, endFlood };
