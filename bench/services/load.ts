/** What is measured of a way: short connections, and streams. */
import { PortyardError } from "../../bindings/error.ts";
import type { Column } from "../support/comparison.ts";
import { nativeProgram } from "../support/native.ts";
import { runSides } from "../support/peer.ts";
import type { Connected } from "./types.ts";
import { FIRST_PORT } from "./world.ts";

/** Connections that stand at once. */
const AT_ONCE = 64;
/** Of its fair share, what a backend must get at least. */
const LEAST_SHARE = 0.75;
/** A stream is steady soon. */
const MOST_STREAM_SECONDS = 10;

/** Of short connections: how many a second; microseconds from the first packet to the answer; microseconds of all processors for each;
 *  how many failed, a second. */
export interface ConnectionFigures {
  perSecond: number;
  p50: number;
  p99: number;
  cpu: number;
  failed: number;
}

export const CONNECTION_COLUMNS: readonly Column<keyof ConnectionFigures>[] = [
  { key: "perSecond", title: "connections", unit: "a second" },
  { key: "p50", title: "p50", unit: "us" },
  { key: "p99", title: "p99", unit: "us" },
  { key: "cpu", title: "CPU", unit: "us each" },
  { key: "failed", title: "failed", unit: "a second" },
];

/** Of streams: Gb/s of one and of four; processor seconds of the whole machine for each 10^9 bytes of the one. */
export interface StreamFigures {
  tcp1: number;
  tcp4: number;
  cpuPerGb: number;
}

export const STREAM_COLUMNS: readonly Column<keyof StreamFigures>[] = [
  { key: "tcp1", title: "TCP 1", unit: "Gb/s" },
  { key: "tcp4", title: "TCP 4", unit: "Gb/s" },
  { key: "cpuPerGb", title: "CPU", unit: "s/GB" },
];

/** @throws PortyardError `load-failed` of a program, of a balancer that left a backend out, or where nothing was connected. */
export async function measureConnections(connected: Connected, seconds: number): Promise<ConnectionFigures> {
  const { world, targets, isBalanced } = connected;
  const sources = world.client.addresses.join(",");
  const { servers, client } = await runLoad(connected, "short-connections", FIRST_PORT, seconds, ["answer"], (port) => [
    "open",
    targets.join(","),
    port,
    sources,
    String(AT_ONCE),
  ]);
  const { connections = 0, failed = 0, seconds: elapsed = 1, machineBusySeconds = 0, perSecond, p50Us, p99Us } = client;
  if (connections === 0) throw new PortyardError("load-failed", "No connection came about.");
  const answered = servers.map((one) => one.connections as number);
  if (isBalanced) refuseUneven(answered);
  return {
    perSecond: perSecond as number,
    p50: p50Us as number,
    p99: p99Us as number,
    cpu: (machineBusySeconds / connections) * 1e6,
    failed: failed / elapsed,
  };
}

function refuseUneven(answered: readonly number[]): void {
  const fair = answered.reduce((sum, one) => sum + one, 0) / answered.length;
  if (answered.every((one) => one >= fair * LEAST_SHARE)) return;
  throw new PortyardError("load-failed", `Backends got ${answered.join(", ")} connections: that is no balance.`, { value: answered });
}

export async function measureStreams(connected: Connected, seconds: number): Promise<StreamFigures> {
  const one = await measureStream(connected, 1, FIRST_PORT + 1, seconds);
  const four = await measureStream(connected, 4, FIRST_PORT + 2, seconds);
  return { tcp1: one.gbps, tcp4: four.gbps, cpuPerGb: one.cpuPerGb };
}

async function measureStream(
  connected: Connected,
  streams: number,
  port: number,
  seconds: number,
): Promise<{ gbps: number; cpuPerGb: number }> {
  const most = Math.min(seconds, MOST_STREAM_SECONDS);
  const { client } = await runLoad(connected, "spread-stream", port, most, ["receive"], (text) => [
    "send",
    connected.targets.join(","),
    text,
    String(streams),
  ]);
  const { gbps, machineBusySeconds, bytes } = client as { gbps: number; machineBusySeconds: number; bytes: number };
  if (bytes === 0) throw new PortyardError("load-failed", "No byte was sent.");
  return { gbps, cpuPerGb: machineBusySeconds / (bytes / 1e9) };
}

/** The program on every backend, then in the client. */
function runLoad(
  { world }: Connected,
  program: string,
  port: number,
  seconds: number,
  waiting: readonly string[],
  driving: (port: string) => readonly string[],
) {
  const path = nativeProgram(program);
  const [portText, secondsText] = [String(port), String(seconds)];
  const servers = world.backends.map(({ namespace, addresses }) => ({
    namespace: namespace.name,
    command: [path, ...waiting, addresses[0] as string, portText, secondsText],
  }));
  const client = { namespace: world.client.namespace.name, command: [path, ...driving(portText), secondsText] };
  return runSides(servers, client, seconds);
}
