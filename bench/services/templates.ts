/** One frame of each kind (frame-kinds.ts), 64 bytes long, and the stations and addresses that they speak of. */
import * as kind from "./frame-kinds.ts";

export const VIRTUAL = "10.0.0.100";
export const BACKEND_ADDRESSES = ["10.0.0.11", "10.0.0.12", "10.0.0.13"];
export const SERVICE_PORT = 80;
export const TARGET_PORT = 8080;
export const CLIENT_MAC = "02:00:00:00:01:01";
export const BACKEND_MACS = ["02:00:00:00:02:01", "02:00:00:00:02:02", "02:00:00:00:02:03"];
/** Of a station that no service has to do with. */
export const OTHER_MAC = "02:00:00:00:03:01";

const CLIENT = "10.64.0.1";
const UNRELATED = { source: "10.0.0.51", destination: "10.0.0.52" };
/** Its last byte is that of the virtual address. */
const ALIKE = { ...UNRELATED, destination: "10.0.7.100" };

const FIN_LESS = { syn: 0x02, ack: 0x10, synAck: 0x12, push: 0x18 };
const TCP_HEADER_BYTES = 20;
const SEQUENCE = { client: 1000, backend: 5000 };
const TCP = 6;
const UDP = 17;

interface Ends {
  source: string;
  destination: string;
}

/** By kind. @param virtualMac as text. */
export function templates(virtualMac: string): Uint8Array[] {
  const toVirtual = { source: CLIENT, destination: VIRTUAL };
  const ofClient = (flags: number, sequence: number, bytes: number) =>
    frame(virtualMac, CLIENT_MAC, tcp(toVirtual, [0, SERVICE_PORT], [sequence, SEQUENCE.backend + 1], flags, bytes));
  const ofBackend = (index: number, flags: number, sequence: number, bytes: number) => {
    const ends = { source: BACKEND_ADDRESSES[index] as string, destination: CLIENT };
    const numbers = [sequence, SEQUENCE.client + 1] as const;
    return frame(CLIENT_MAC, BACKEND_MACS[index] as string, tcp(ends, [TARGET_PORT, 0], numbers, flags, bytes));
  };
  const all: Uint8Array[] = [];
  all[kind.SYN] = ofClient(FIN_LESS.syn, SEQUENCE.client, 0);
  all[kind.ACK] = ofClient(FIN_LESS.ack, SEQUENCE.client + 1, 0);
  all[kind.DATA] = ofClient(FIN_LESS.push, SEQUENCE.client + 1, 10);
  for (const index of BACKEND_ADDRESSES.keys()) {
    all[kind.SYN_ACK + index] = ofBackend(index, FIN_LESS.synAck, SEQUENCE.backend, 0);
    all[kind.REPLY + index] = ofBackend(index, FIN_LESS.push, SEQUENCE.backend + 1, 10);
  }
  for (const [number, ends] of [
    [kind.UNRELATED, UNRELATED],
    [kind.ALIKE, ALIKE],
  ] as const)
    all[number] = frame(OTHER_MAC, CLIENT_MAC, ipv4(ends, UDP, [...u16(5000), ...u16(5001), ...u16(30), 0, 0]));
  return all;
}

function frame(destination: string, source: string, packet: readonly number[]): Uint8Array {
  const all = new Uint8Array(kind.TEMPLATE_BYTES);
  all.set([...mac(destination), ...mac(source), 0x08, 0x00, ...packet]);
  return all;
}

function tcp(ends: Ends, ports: readonly [number, number], numbers: readonly [number, number], flags: number, bytes: number): number[] {
  const header = [...ports.flatMap(u16), ...numbers.flatMap(u32), (TCP_HEADER_BYTES / 4) << 4, flags, 0xff, 0xff, 0x12, 0x34, 0, 0];
  return ipv4(ends, TCP, [...header, ...new Array<number>(bytes).fill(0x61)]);
}

function ipv4({ source, destination }: Ends, protocol: number, payload: readonly number[]): number[] {
  return [
    0x45,
    0,
    ...u16(20 + payload.length),
    0,
    0,
    0x40,
    0,
    64,
    protocol,
    0x56,
    0x78,
    ...address(source),
    ...address(destination),
    ...payload,
  ];
}

/** IPv4, four bytes. */
export const address = (text: string): number[] => text.split(".").map(Number);
/** Six bytes. */
export const mac = (text: string): number[] => text.split(":").map((byte) => Number.parseInt(byte, 16));
const u16 = (value: number): number[] => [value >> 8, value & 255];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];
