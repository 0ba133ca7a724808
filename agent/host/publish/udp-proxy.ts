/** Takes a UDP port of the host, so that nobody else does, and serves clients that come by loopback: a session each, which
 *  is a socket to the target, so that its answers find the client. A session ends when nothing was said for a while; of too
 *  many the one that has been silent longest gives way. Datagrams from elsewhere reach this socket only while the rules that
 *  lead them to the target are missing, and are dropped. */
import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from "node:dgram";
import { isLoopback } from "../../../bindings/config/publish.ts";
import type { PublishedPort } from "./published-port.ts";

export interface UdpLimits {
  /** Clients at the same time, each with one descriptor. */
  sessions: number;
  /** A session that is silent so long ends; the same as conntrack's time for a stream of datagrams is near. */
  idleMs: number;
}

const LIMITS: UdpLimits = { sessions: 512, idleMs: 90_000 };
const LOOKS_PER_IDLE = 4;
/** Datagrams that wait until a session's socket is connected, which takes one turn of the event loop. */
const MAX_WAITING = 64;

interface Session {
  socket: Socket;
  lastMs: number;
  /** Null once it is connected. */
  waiting: Buffer[] | null;
}

const hostSocket = ({ hostAddress }: PublishedPort): SocketOptions =>
  hostAddress.includes(":") ? { type: "udp6", ipv6Only: true } : { type: "udp4" };
const typeOf = (address: string): "udp4" | "udp6" => (address.includes(":") ? "udp6" : "udp4");

export class UdpProxy {
  readonly #published: PublishedPort;
  readonly #limits: UdpLimits;
  readonly #socket: Socket;
  /** By client, the one that was silent longest first. */
  readonly #sessions = new Map<string, Session>();
  readonly #sweep: NodeJS.Timeout;

  private constructor(published: PublishedPort, limits: UdpLimits) {
    this.#published = published;
    this.#limits = limits;
    this.#socket = createSocket(hostSocket(published));
    this.#sweep = setInterval(() => this.#endIdle(), limits.idleMs / LOOKS_PER_IDLE).unref();
  }

  /** @param published its host port may be 0: the kernel chooses.
   *  @throws the kernel's error. */
  static async open(published: PublishedPort, limits: Partial<UdpLimits> = {}): Promise<UdpProxy> {
    const proxy = new UdpProxy(published, { ...LIMITS, ...limits });
    const socket = proxy.#socket;
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.bind({ address: published.hostAddress, port: published.hostPort }, resolve);
      });
    } catch (error) {
      await proxy.close();
      throw error;
    }
    socket.removeAllListeners("error").on("error", () => {}); // an ICMP error: the client is gone
    socket.on("message", (datagram, client) => proxy.#serve(datagram, client));
    return proxy;
  }

  get hostPort(): number {
    return this.#socket.address().port;
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** Frees the port and forgets the clients. */
  async close(): Promise<void> {
    clearInterval(this.#sweep);
    for (const client of [...this.#sessions.keys()]) this.#end(client);
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }

  #serve(datagram: Buffer, client: RemoteInfo): void {
    if (!isLoopback(client.address)) return;
    const key = `${client.address} ${client.port}`;
    const session = this.#sessions.get(key) ?? this.#begin(key, client);
    this.#heard(key, session);
    if (session.waiting === null) session.socket.send(datagram, ignore);
    else if (session.waiting.length < MAX_WAITING) session.waiting.push(datagram);
  }

  #begin(key: string, client: RemoteInfo): Session {
    const [oldest] = this.#sessions.keys();
    if (oldest !== undefined && this.#sessions.size >= this.#limits.sessions) this.#end(oldest);
    const { targetAddress, targetPort } = this.#published;
    const socket = createSocket(typeOf(targetAddress));
    const session: Session = { socket, lastMs: performance.now(), waiting: [] };
    socket.on("error", () => this.#end(key)); // the target's host has no such port, or nobody answers for it
    socket.on("message", (answer) => {
      this.#heard(key, session);
      this.#socket.send(answer, client.port, client.address, ignore);
    });
    socket.connect(targetPort, targetAddress, () => {
      for (const datagram of session.waiting ?? []) socket.send(datagram, ignore);
      session.waiting = null;
    });
    this.#sessions.set(key, session);
    return session;
  }

  #heard(key: string, session: Session): void {
    session.lastMs = performance.now();
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
  }

  #end(client: string): void {
    const session = this.#sessions.get(client);
    this.#sessions.delete(client);
    session?.socket.close();
  }

  #endIdle(): void {
    const before = performance.now() - this.#limits.idleMs;
    for (const [client, { lastMs }] of this.#sessions) {
      if (lastMs > before) return;
      this.#end(client);
    }
  }
}

function ignore(): void {} // a datagram that cannot be sent is lost, as on any network
