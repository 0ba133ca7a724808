/** Takes a TCP port of the host, so that nobody else does, and serves clients that come by loopback: a connection of its own
 *  to the target for each. An end of one direction is handed on as that, the other direction goes on; a reset is handed on
 *  as a reset; whoever reads slowly is written to slowly. Others reach this socket only while the rules that lead them to
 *  the target are missing, and are reset: they would be served under a wrong address. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { isLoopback } from "../../../bindings/config/publish.ts";
import type { PublishedPort } from "./published-port.ts";

/** Connections of one published port at the same time; each takes two descriptors. */
export const MAX_CONNECTIONS = 1024;
/** How long a target may take to accept. */
const CONNECT_MS = 10_000;

export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(published: PublishedPort) {
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => this.#serve(client, published));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** @param published its host port may be 0: the kernel chooses.
   *  @throws the kernel's error. */
  static async open(published: PublishedPort): Promise<TcpProxy> {
    const proxy = new TcpProxy(published);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once("error", reject);
      proxy.#server.listen({ host: published.hostAddress, port: published.hostPort, ipv6Only: true }, resolve);
    });
    proxy.#server.on("error", () => {}); // of accept, when descriptors run out: that client is lost, the next is not
    return proxy;
  }

  get hostPort(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Connections in work, of clients and to the target. */
  get socketCount(): number {
    return this.#sockets.size;
  }

  /** Frees the port and resets what is in work. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) reset(socket);
    await closed;
  }

  #serve(client: Socket, { targetAddress, targetPort }: PublishedPort): void {
    if (!isLoopback(client.localAddress ?? "0.0.0.0")) return reset(client.on("error", () => {}));
    const target = connect({ host: targetAddress, port: targetPort, allowHalfOpen: true, noDelay: true });
    const patience = setTimeout(() => reset(target), CONNECT_MS);
    target.once("close", () => clearTimeout(patience)).once("connect", () => clearTimeout(patience));
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => reset(other));
      socket.once("close", () => {
        this.#sockets.delete(socket);
        if (!(socket.readableEnded && socket.writableFinished)) reset(other);
      });
    }
    client.pipe(target);
    target.pipe(client);
  }
}

function reset(socket: Socket): void {
  if (socket.connecting) socket.destroy();
  else if (!socket.destroyed) socket.resetAndDestroy();
}
