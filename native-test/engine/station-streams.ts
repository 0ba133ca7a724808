/** TCP streams of a station that live for long: many connections, on each of which something is under way in both directions all the
 *  time. The other end sends back what it gets. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { precede } from "./precede.ts";

const EVERY_MS = 20;
const MESSAGE = Buffer.alloc(256, 0x70);

interface Stream {
  socket: Socket;
  echoed: number;
  /** Why it ended, when nobody asked it to. */
  fault: string | null;
}

interface Group {
  streams: Stream[];
  timer: NodeJS.Timeout;
}

const servers = new Map<number, Server>();
const groups = new Map<number, Group>();

/** Takes connections and sends everything back.
 *  @param precedes as soon as it can: where it is measured how long others take (precede.ts). */
async function echo({ port, address, precedes = false }: { port: number; address: string; precedes?: boolean }): Promise<void> {
  if (precedes) precede();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  server.listen(port, address);
  await once(server, "listening");
  servers.set(port, server);
}

interface Opening {
  port: number;
  address: string;
  count: number;
  /** Time between two messages of each. */
  everyMs?: number;
}

/** Opens `count` connections and writes to each of them again and again. */
async function openStreams({ port, address, count, everyMs = EVERY_MS }: Opening): Promise<void> {
  const opened = await Promise.all(Array.from({ length: count }, () => openStream(port, address)));
  const timer = setInterval(() => {
    for (const { socket, fault } of opened) if (fault === null && socket.writableLength === 0) socket.write(MESSAGE);
  }, everyMs);
  groups.set(port, { streams: opened, timer });
}

async function openStream(port: number, address: string): Promise<Stream> {
  const socket = connect(port, address);
  await once(socket, "connect");
  const stream: Stream = { socket, echoed: 0, fault: null };
  socket.on("data", (data: Buffer) => {
    stream.echoed += data.length;
  });
  socket.on("error", (error) => {
    stream.fault = error.message;
  });
  socket.on("close", () => {
    stream.fault ??= "closed";
  });
  return stream;
}

/** Bytes that came back on each stream, and the faults of those that broke. */
async function streamState({ port }: { port: number }): Promise<{ echoed: number[]; faults: string[] }> {
  const { streams: all } = groups.get(port) as Group;
  return { echoed: all.map(({ echoed }) => echoed), faults: all.flatMap(({ fault }) => (fault === null ? [] : [fault])) };
}

async function closeStreams({ port }: { port: number }): Promise<void> {
  const group = groups.get(port);
  clearInterval(group?.timer);
  for (const { socket } of group?.streams ?? []) socket.destroy();
  groups.delete(port);
}

async function closeEcho({ port }: { port: number }): Promise<void> {
  servers.get(port)?.close();
  servers.delete(port);
}

/** The commands of station-process.ts that are about them. */
export const streams = { echo, openStreams, streamState, closeStreams, closeEcho };
