/** Short connections of a station, one after the other at an even pace, and what its kernel counted of TCP meanwhile. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { precede } from "./precede.ts";

const GIVEN_UP_MS = 30_000;
const MESSAGE = "hello";

/** What came of connections. */
export interface Connected {
  /** On which the message came back. */
  count: number;
  /** The errors of the others. */
  faults: string[];
  /** From the first SYN until there was a connection, of the slowest. */
  handshakeMs: number;
  /** Until the message was back. */
  slowestMs: number;
}

/** What the kernel counted in this namespace since it was made (proc_net(5), RFC 4022). */
export interface TcpCounts {
  /** SYNs that were sent again (TCPSynRetrans). */
  synsAgain: number;
  /** Connections that were established and then reset (EstabResets). */
  resets: number;
}

/** Opens `count` connections, sends a message by each and waits until it is back: whoever listens is to send back what it gets. */
async function connectAll({ port, address, count, perSecond }: Record<"port" | "count" | "perSecond", number> & { address: string }) {
  precede();
  const result: Connected = { count: 0, faults: [], handshakeMs: 0, slowestMs: 0 };
  const beginMs = performance.now();
  const all = Array.from({ length: count }, async (_, index) => {
    await delay((index * 1000) / perSecond - (performance.now() - beginMs));
    const startMs = performance.now();
    try {
      const handshakeMs = await exchange(port, address);
      result.handshakeMs = Math.max(result.handshakeMs, handshakeMs);
      result.count++;
      result.slowestMs = Math.max(result.slowestMs, performance.now() - startMs);
    } catch (error) {
      result.faults.push((error as Error).message);
    }
  });
  await Promise.all(all);
  return result;
}

/** How long the handshake took. */
async function exchange(port: number, address: string): Promise<number> {
  const startMs = performance.now();
  const socket = connect(port, address);
  const late = setTimeout(() => socket.destroy(new Error("given up")), GIVEN_UP_MS);
  try {
    await once(socket, "connect");
    const handshakeMs = performance.now() - startMs;
    socket.write(MESSAGE);
    const [echoed] = (await once(socket, "data")) as [Buffer];
    if (String(echoed) !== MESSAGE) throw new Error(`${echoed} came back`);
    socket.end();
    await once(socket.resume(), "close");
    return handshakeMs;
  } finally {
    clearTimeout(late);
    socket.destroy();
  }
}

async function tcpCounts(): Promise<TcpCounts> {
  return { synsAgain: counted("netstat", "TcpExt", "TCPSynRetrans"), resets: counted("snmp", "Tcp", "EstabResets") };
}

/** Each group has two lines: names, then numbers. */
function counted(file: "netstat" | "snmp", group: string, name: string): number {
  const lines = readFileSync(`/proc/self/net/${file}`, "utf8").split("\n");
  const [names = [], numbers = []] = lines.filter((line) => line.startsWith(`${group}:`)).map((line) => line.split(" "));
  const place = names.indexOf(name);
  if (place < 0) throw new Error(`the kernel does not count ${name}`);
  return Number(numbers[place]);
}

/** The commands of station-process.ts that are about them. */
export const connections = { connectAll, tcpCounts };
