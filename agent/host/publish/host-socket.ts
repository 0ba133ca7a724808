/** Takes a published port of the host: by a socket that nobody else can be bound beside, and that serves who comes by
 *  loopback (tcp-proxy.ts, udp-proxy.ts). */
import { isLoopback } from "../../../bindings/config/publish.ts";
import type { PortyardError } from "../../../bindings/error.ts";
import type { PublishedPair, PublishedPort } from "./published-port.ts";
import { socketFault } from "./socket-fault.ts";
import { TcpProxy } from "./tcp-proxy.ts";
import { UdpProxy } from "./udp-proxy.ts";

export interface HostSocket {
  /** The one that is taken. */
  readonly hostPort: number;
  /** Frees it; what goes through the proxy ends. */
  close(): Promise<void>;
}

/** A pair whose host ports are chosen, and what holds them. */
export interface TakenPair {
  pair: PublishedPair;
  sockets: HostSocket[];
}

export type OpenSocket = (published: PublishedPort) => Promise<HostSocket>;

const open: OpenSocket = (published) => (published.protocol === "tcp" ? TcpProxy : UdpProxy).open(published);

/** Free ports of the one family that another program holds in the other, passed over before none is found. */
const CHOICES = 64;
const WITHOUT_IPV6 = ["EADDRNOTAVAIL", "EAFNOSUPPORT"];

/** Takes the host ports of a pair; where they are 0, the same free one for each.
 *  @throws PortyardError `host-port-taken`, `host-address-missing`, `no-rights`, `host-port-failed`; then none is taken. */
export async function takePair(pair: PublishedPair, openSocket: OpenSocket = open): Promise<TakenPair> {
  const isChosen = pair.every(({ hostPort }) => hostPort !== 0);
  for (let choices = isChosen ? 1 : CHOICES; ; choices--) {
    try {
      return await takeAll(pair, openSocket);
    } catch (fault) {
      if (choices === 1 || (fault as PortyardError).code !== "host-port-taken") throw fault;
    }
  }
}

async function takeAll(pair: PublishedPair, openSocket: OpenSocket): Promise<TakenPair> {
  const taken: TakenPair = { pair: [], sockets: [] };
  const made: PublishedPort[] = [];
  for (const one of pair) {
    const wanted = { ...one, hostPort: one.hostPort || (taken.sockets[0]?.hostPort ?? 0) };
    try {
      const socket = await openSocket(wanted);
      taken.sockets.push(socket);
      made.push({ ...wanted, hostPort: socket.hostPort });
    } catch (cause) {
      if (made.length > 0 && isLoopback(one.hostAddress) && WITHOUT_IPV6.includes((cause as NodeJS.ErrnoException).code ?? "")) continue;
      await release(taken);
      throw await socketFault(wanted, cause as NodeJS.ErrnoException);
    }
  }
  return { ...taken, pair: made };
}

/** Frees the ports of a pair. */
export async function release({ sockets }: TakenPair): Promise<void> {
  await Promise.all(sockets.splice(0).map((socket) => socket.close()));
}
