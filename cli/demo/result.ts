/** What a demo found out: `portyard demo --json` prints it as the last line. Fields are only ever added. */
import type { DropInfo, IoBackend, MacInfo, PortInfo } from "../../bindings/engine/types.ts";
import { ALGORITHMS, BACKENDS, type DemoAlgorithm } from "./plan.ts";
import type { Spreads } from "./service.ts";
import type { Echo } from "./traffic/ping.ts";
import type { Transfer } from "./traffic/stream.ts";

/** Where it ran: on this machine's kernel with all rights, in a user namespace without any, or a capture in memory. */
export type Mode = "root" | "user-namespace" | "replay";

export interface PingResult {
  sent: number;
  received: number;
  roundTripMs: { min: number; median: number; max: number } | null;
}

export interface StreamResult extends Transfer {
  gigabitsPerSecond: number;
}

/** The ratio is switch / bridge; both are null when the kernel has no bridge. */
export interface Streams {
  switch: StreamResult;
  bridge: StreamResult | null;
  ratio: number | null;
}

/** What the service's connections came to. */
export interface ServicesResult {
  /** How many each backend answered, by algorithm. */
  services: Record<DemoAlgorithm, Record<string, number>>;
  /** What all connections took together, and one on average, by algorithm; in a replay of the replay's own time. */
  serviceTimes: Record<DemoAlgorithm, { seconds: number; meanMs: number }>;
  /** The service's, with the time that each takes for an answer. */
  backends: { name: string; weight: number; delayMs: number }[];
}

export interface DemoResult extends ServicesResult {
  mode: Mode;
  /** Why not a better mode; null for "root". */
  reason: string | null;
  io: IoBackend;
  ping: PingResult;
  /** Null in a replay. */
  stream: Streams | null;
  ports: PortInfo[];
  macs: MacInfo[];
  drops: DropInfo[];
}

/** @param echoes what came of each request, null for one without an answer. */
export function pingResult(echoes: readonly (Echo | null)[]): PingResult {
  const times = echoes.flatMap((echo) => (echo === null ? [] : [echo.milliseconds])).sort((a, b) => a - b);
  return { sent: echoes.length, received: times.length, roundTripMs: spread(times) };
}

/** @param ours through the switch. @param theirs through the bridge, null when there is none. */
export function streamsResult(ours: Transfer, theirs: Transfer | null): Streams {
  if (theirs === null) return { switch: streamResult(ours), bridge: null, ratio: null };
  return { switch: streamResult(ours), bridge: streamResult(theirs), ratio: round(rate(ours) / rate(theirs)) };
}

/** Backends that got nothing count 0. */
export function servicesResult(spreads: Spreads): ServicesResult {
  const each = <Value>(value: (algorithm: DemoAlgorithm) => Value) =>
    Object.fromEntries(ALGORITHMS.map((algorithm) => [algorithm, value(algorithm)])) as Record<DemoAlgorithm, Value>;
  return {
    services: each((algorithm) => Object.fromEntries(BACKENDS.map(({ name }) => [name, spreads[algorithm].counts[name] ?? 0]))),
    serviceTimes: each((algorithm) => ({ seconds: round(spreads[algorithm].seconds), meanMs: round(spreads[algorithm].meanMs) })),
    backends: BACKENDS.map(({ name, weight, delayMs }) => ({ name, weight, delayMs })),
  };
}

const rate = ({ bytes, seconds }: Transfer): number => (bytes * 8) / 1e9 / seconds;

const streamResult = (transfer: Transfer): StreamResult => ({
  bytes: transfer.bytes,
  seconds: round(transfer.seconds),
  gigabitsPerSecond: round(rate(transfer)),
});

/** @param times ascending. */
function spread(times: readonly number[]): PingResult["roundTripMs"] {
  if (times.length === 0) return null;
  const middle = ((times[(times.length - 1) >> 1] as number) + (times[times.length >> 1] as number)) / 2;
  return { min: round(times[0] as number), median: round(middle), max: round(times.at(-1) as number) };
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
