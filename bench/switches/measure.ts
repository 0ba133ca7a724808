/** What is measured between two namespaces, each through the load generators of bench/native. */
import type { Column } from "../support/comparison.ts";
import { type Pair, runPair } from "../support/peer.ts";

/** Of one switch. */
export interface Figures {
  /** Received by one and by four TCP streams, Gb/s. */
  tcp1: number;
  tcp4: number;
  /** Processor seconds of the whole machine for each 10^9 bytes of the one TCP stream. */
  cpuPerGb: number;
  /** Received UDP datagrams of 64 bytes, a second. */
  udp: number;
  /** TCP round trips of 64 bytes, microseconds. */
  p50: number;
  p99: number;
}

const TITLES: readonly Column<keyof Figures>[] = [
  { key: "tcp1", title: "TCP 1", unit: "Gb/s" },
  { key: "tcp4", title: "TCP 4", unit: "Gb/s" },
  { key: "udp", title: "UDP 64 B", unit: "packets/s" },
  { key: "p50", title: "p50", unit: "us" },
  { key: "p99", title: "p99", unit: "us" },
  { key: "cpuPerGb", title: "CPU", unit: "s/GB" },
];

/** The titles are short enough for the progress too. */
export const COLUMNS: readonly Column<keyof Figures>[] = TITLES.map((column) => ({ ...column, short: column.title }));

const STREAM_SIDES = ["receive", "send"] as const;
const PING_PONG_SIDES = ["answer", "ask"] as const;
const DATAGRAM_BYTES = 64;
const EXCHANGE_BYTES = 64;

export async function measureAll(pair: Pair, seconds: number): Promise<Figures> {
  const one = await measureTcp(pair, 1, seconds);
  const four = await measureTcp(pair, 4, seconds);
  const udp = await measureUdp(pair, seconds);
  const { p50, p99 } = await measurePingPong(pair, seconds);
  return { tcp1: one.gbps, tcp4: four.gbps, cpuPerGb: one.cpuPerGb, udp, p50, p99 };
}

export async function measureTcp(pair: Pair, streams: number, seconds: number): Promise<{ gbps: number; cpuPerGb: number }> {
  const { server } = await runPair(pair, "stream", STREAM_SIDES, streams, seconds);
  return { gbps: server.gbps as number, cpuPerGb: (server.machineBusySeconds as number) / ((server.bytes as number) / 1e9) };
}

export async function measureUdp(pair: Pair, seconds: number): Promise<number> {
  const { server } = await runPair(pair, "udp-rate", STREAM_SIDES, DATAGRAM_BYTES, seconds);
  return server.packetsPerSecond as number;
}

export async function measurePingPong(pair: Pair, seconds: number): Promise<{ p50: number; p99: number }> {
  const { client } = await runPair(pair, "ping-pong", PING_PONG_SIDES, EXCHANGE_BYTES, seconds);
  return { p50: client.p50Us as number, p99: client.p99Us as number };
}
