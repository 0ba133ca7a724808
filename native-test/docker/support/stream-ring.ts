/** TCP streams between containers, from each to the next and from the last to the first, on each of which something is under way in both
 *  directions all the time. The containers hold no program for it: this process makes the sockets in their network namespaces
 *  (a socket stays in the one in which it was made), so that fifty containers cost fifty sockets and no more.        */
import { createServer, type Server, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { check } from "../../../bindings/native/errno.ts";
import { lazily } from "../../../bindings/native/koffi.ts";
import { withNamespace } from "../../../bindings/native/namespace.ts";
import { scale } from "../../../test/scale.ts";

/** A container. */
export interface Member {
  name: string;
  /** Path of its network namespace. */
  namespace: string;
  /** IPv4. */
  address: string;
}

interface Stream {
  name: string;
  socket: Socket;
  echoed: number;
  /** Why it ended, when nobody asked it to. */
  fault: string | null;
}

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const PORT = 7007;
const BACKLOG = 8;
const EVERY_MS = 20;
const MESSAGE = Buffer.alloc(256, 0x70);

const libc = lazily((define) => ({
  socket: define<(family: number, type: number, protocol: number) => number>("int socket(int, int, int)"),
  bind: define<(fd: number, address: Uint8Array, bytes: number) => number>("int bind(int, const void *, uint)"),
  listen: define<(fd: number, backlog: number) => number>("int listen(int, int)"),
  connect: define<(fd: number, address: Uint8Array, bytes: number) => number>("int connect(int, const void *, uint)"),
}));

/** struct sockaddr_in (linux/in.h). */
function socketAddress(address: string): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET);
  bytes.writeUInt16BE(PORT, 2);
  bytes.set(address.split(".").map(Number), 4);
  return bytes;
}

/** A socket of the container's namespace, made ready by `prepare`. */
function socketIn({ namespace }: Member, prepare: (descriptor: number) => void): number {
  const descriptor = withNamespace(namespace, () => check(libc().socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
  prepare(descriptor);
  return descriptor;
}

export class StreamRing {
  readonly #streams: Stream[];
  readonly #servers: Server[];
  readonly #accepted: Set<Socket>;
  readonly #timer: NodeJS.Timeout;

  private constructor(streams: Stream[], servers: Server[], accepted: Set<Socket>) {
    this.#streams = streams;
    this.#servers = servers;
    this.#accepted = accepted;
    this.#timer = setInterval(() => {
      for (const { socket, fault } of streams) if (fault === null && socket.writableLength === 0) socket.write(MESSAGE);
    }, EVERY_MS);
  }

  /** @throws PortyardError `system-call-failed` of a connection that could not be opened. */
  static open(members: readonly Member[]): StreamRing {
    const accepted = new Set<Socket>();
    const servers = members.map((member) => echoing(member, accepted));
    const streams = members.map((member, index) => openStream(member, members[(index + 1) % members.length] as Member));
    return new StreamRing(streams, servers, accepted);
  }

  get size(): number {
    return this.#streams.length;
  }

  /** Resolves when something has come back on each stream from now on. @throws Error when one broke, or stands still. */
  async goOn(): Promise<void> {
    const before = this.#streams.map(({ echoed }) => echoed);
    for (const end = Date.now() + scale.nativePatienceMilliseconds; ; await delay(10)) {
      const broken = this.#streams.filter(({ fault }) => fault !== null);
      if (broken.length > 0) throw new Error(`${broken.length} of ${this.size} streams broke: ${broken[0]?.name}: ${broken[0]?.fault}`);
      const still = this.#streams.filter(({ echoed }, index) => echoed === before[index]);
      if (still.length === 0) return;
      if (Date.now() > end) throw new Error(`${still.length} of ${this.size} streams stand still: ${still[0]?.name}`);
    }
  }

  close(): void {
    clearInterval(this.#timer);
    for (const { socket } of this.#streams) socket.destroy();
    for (const socket of this.#accepted) socket.destroy();
    for (const server of this.#servers) server.close();
  }
}

/** Sends back what it gets. */
function echoing(member: Member, accepted: Set<Socket>): Server {
  const address = socketAddress(member.address);
  const fd = socketIn(member, (socket) => {
    check(libc().bind(socket, address, address.length), "bind", member.address);
    check(libc().listen(socket, BACKLOG), "listen", member.address);
  });
  const server = createServer((socket) => {
    accepted.add(socket);
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  return server.listen({ fd });
}

/** The kernel answers for a server that listens, also while this process waits for the answer. */
function openStream(from: Member, to: Member): Stream {
  const address = socketAddress(to.address);
  const fd = socketIn(from, (socket) => check(libc().connect(socket, address, address.length), "connect", to.address));
  const stream: Stream = { name: `${from.name} to ${to.name}`, socket: new Socket({ fd }), echoed: 0, fault: null };
  stream.socket.on("data", (data: Buffer) => {
    stream.echoed += data.length;
  });
  stream.socket.on("error", (error) => {
    stream.fault = error.message;
  });
  stream.socket.on("close", () => {
    stream.fault ??= "closed";
  });
  return stream;
}
