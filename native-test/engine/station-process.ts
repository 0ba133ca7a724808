/** The program of a station (station.ts): runs in a container's network namespace, obeys one command a line and answers
 *  each with one line, `{"result": …}` or `{"error": …}`. Datagrams carry their number in the first four bytes, and in the next eight, if they
 *  have so many, the time at which they left, in nanoseconds of the monotonic clock, which all containers share. */
import { createHash, randomBytes } from "node:crypto";
import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { precede } from "./precede.ts";
import { setSocketOption } from "./socket-option.ts";
import { connections } from "./station-connections.ts";
import { floods } from "./station-floods.ts";
import { calls } from "./station-calls.ts";
import { requests } from "./station-requests.ts";
import { streams } from "./station-streams.ts";

const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SOL_UDP = 17;
const UDP_SEGMENT = 103;
/** So that a receiver that gets no processor time for a while loses nothing by itself. */
const RECEIVE_BUFFER_BYTES = 64 * 1024 * 1024;
const CHUNK_BYTES = 65_536;
/** Number and time. */
const STAMPED_BYTES = 12;

interface Receiver {
  socket: DatagramSocket;
  seen: Set<number>;
  lastMs: number;
  longestGapMs: number;
  longestWayMs: number;
}

interface Sender {
  socket: DatagramSocket;
  sent: number;
  finished: Promise<unknown>;
  stop: () => void;
}

const receivers = new Map<number, Receiver>();
const senders = new Map<number, Sender>();
const digests = new Map<number, Promise<string>>();

const commands: Record<string, (argument: never) => Promise<unknown>> = {
  receive,
  count,
  send,
  sent,
  listen,
  copy,
  digest,
  offer,
  take,
  ...streams,
  ...requests,
  ...connections,
  ...floods,
  ...calls,
};

function makeSocket(address: string): DatagramSocket {
  return createSocket(address.includes(":") ? "udp6" : "udp4");
}

async function receive({ port, address, segmentBytes }: { port: number; address: string; segmentBytes: number | null }): Promise<void> {
  precede();
  const socket = makeSocket(address);
  const receiver: Receiver = { socket, seen: new Set(), lastMs: 0, longestGapMs: 0, longestWayMs: 0 };
  socket.on("message", (message) => {
    const nowMs = performance.now();
    if (receiver.lastMs !== 0) receiver.longestGapMs = Math.max(receiver.longestGapMs, nowMs - receiver.lastMs);
    receiver.lastMs = nowMs;
    receiver.longestWayMs = Math.max(receiver.longestWayMs, wayMs(message));
    if (segmentBytes === null || message.length === segmentBytes) receiver.seen.add(message.readUInt32BE());
  });
  socket.bind(port, address);
  await once(socket, "listening");
  setSocketOption(socket, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES);
  receivers.set(port, receiver);
}

/** Waits until `expected` have come, or none has for `quietMs`. */
async function count({ port, expected, quietMs }: { port: number; expected: number; quietMs: number }): Promise<unknown> {
  const receiver = receivers.get(port) as Receiver;
  const askedMs = performance.now();
  while (receiver.seen.size < expected && performance.now() - Math.max(askedMs, receiver.lastMs) < quietMs) await delay(5);
  receiver.socket.close();
  receivers.delete(port);
  return { received: receiver.seen.size, longestGapMs: receiver.longestGapMs, longestWayMs: receiver.longestWayMs };
}

interface SendOrder {
  port: number;
  address: string;
  /** Datagrams, or segments, a second. */
  perSecond: number;
  bytes: number;
  /** How many; null until `sent` is asked for. */
  limit: number | null;
  /** Several datagrams of so many bytes at once, as the kernel's UDP_SEGMENT makes them. */
  segments: number;
}

async function send({ port, address, perSecond, bytes, limit, segments }: SendOrder): Promise<void> {
  precede();
  const socket = makeSocket(address);
  socket.bind(0, address.includes(":") ? "::" : "0.0.0.0");
  await once(socket, "listening");
  if (segments > 1) setSocketOption(socket, SOL_UDP, UDP_SEGMENT, bytes);
  const last = limit ?? Number.POSITIVE_INFINITY;
  const beginMs = performance.now();
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const sender: Sender = { socket, sent: 0, finished, stop };
  const timer = setInterval(() => {
    const due = Math.min(last, ((performance.now() - beginMs) * perSecond) / 1000);
    while (sender.sent + segments <= due) {
      socket.send(numbered(sender.sent, bytes, segments), port, address);
      sender.sent += segments;
    }
    if (sender.sent + segments > last) stop();
  }, 1);
  function stop(): void {
    clearInterval(timer);
    finish();
  }
  senders.set(port, sender);
}

function numbered(first: number, bytes: number, segments: number): Buffer {
  const message = Buffer.alloc(bytes * segments);
  for (let index = 0; index < segments; index++) {
    message.writeUInt32BE(first + index, index * bytes);
    if (bytes >= STAMPED_BYTES) message.writeBigUInt64BE(process.hrtime.bigint(), index * bytes + 4);
  }
  return message;
}

/** How long a datagram was under way; 0 for one that does not say when it left. */
function wayMs(message: Buffer): number {
  return message.length < STAMPED_BYTES ? 0 : Number(process.hrtime.bigint() - message.readBigUInt64BE(4)) / 1e6;
}

/** Ends a sender that has no limit, waits for one that has. */
async function sent({ port, now }: { port: number; now: boolean }): Promise<number> {
  const sender = senders.get(port) as Sender;
  if (now) sender.stop();
  await sender.finished;
  await new Promise<void>((resolve) => void sender.socket.close(resolve));
  senders.delete(port);
  return sender.sent;
}

/** Takes one connection; `digest` tells what came. */
async function listen({ port, address }: { port: number; address: string }): Promise<void> {
  const server = createServer();
  digests.set(
    port,
    once(server, "connection")
      .then(([socket]) => digestOf(socket))
      .finally(() => server.close()),
  );
  server.listen(port, address);
  await once(server, "listening");
}

async function digestOf(socket: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash("sha1");
  for await (const data of socket) hash.update(data);
  return hash.digest("hex");
}

async function digest({ port }: { port: number }): Promise<string> {
  return (await digests.get(port)) as string;
}

/** Sends pseudo-random bytes by one connection and returns their digest. */
async function copy({ port, address, bytes }: { port: number; address: string; bytes: number }): Promise<string> {
  const socket = connect(port, address);
  await once(socket, "connect");
  return pour(socket, bytes);
}

async function pour(socket: Socket, bytes: number): Promise<string> {
  const hash = createHash("sha1");
  for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
    const data = randomBytes(Math.min(left, CHUNK_BYTES));
    hash.update(data);
    if (!socket.write(data)) await once(socket, "drain");
  }
  socket.end();
  await once(socket, "close");
  return hash.digest("hex");
}

/** Takes one connection and sends pseudo-random bytes by it; `digest` tells what was sent. */
async function offer({ port, bytes }: { port: number; bytes: number }): Promise<void> {
  const server = createServer();
  digests.set(
    port,
    once(server, "connection")
      .then(([socket]) => pour(socket, bytes))
      .finally(() => server.close()),
  );
  server.listen(port, "::");
  await once(server, "listening");
}

/** Takes what is offered there; its digest. */
async function take({ port, address }: { port: number; address: string }): Promise<string> {
  const socket = connect(port, address);
  await once(socket, "connect");
  return digestOf(socket);
}

/** Obeys until there is nothing more to hear.
 *  @param heard the next line, or undefined at the end. */
export async function obey(heard: () => Promise<string | undefined>): Promise<void> {
  for (let line = await heard(); line !== undefined; line = await heard()) console.log(JSON.stringify(await answer(line)));
  process.exit(0);
}

async function answer(line: string): Promise<{ result: unknown } | { error: string }> {
  const { command, ...argument } = JSON.parse(line) as { command: string };
  try {
    return { result: (await commands[command]?.(argument as never)) ?? null };
  } catch (error) {
    return { error: (error as Error).message };
  }
}
