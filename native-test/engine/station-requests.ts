/** Requests of a station through a service, and servers that say who they are: real HTTP (Node's own), one connection for each request, and
 *  datagrams. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer, request as httpRequest, type Server } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

const servers = new Map<number, Server>();
const sockets = new Map<number, Socket>();

interface Asking {
  address: string;
  port: number;
  /** How many requests in all, and how many at once. */
  count: number;
  parallel: number;
  /** Source port of the first; the others follow. Left out: the kernel chooses, by chance one that was used before. */
  firstLocalPort?: number;
}

/** What came of requests: answers of each server by its name, and the errors of those that failed. */
export interface Answers {
  answers: Record<string, number>;
  faults: string[];
}

async function serveHttp({ port, name, delayMs = 0 }: { port: number; name: string; delayMs?: number }): Promise<void> {
  const server = createServer((_, response) => {
    void delay(delayMs).then(() => response.end(name));
  });
  server.listen({ port, host: "::", backlog: 4096 });
  await once(server, "listening");
  servers.set(port, server);
}

async function stopHttp({ port }: { port: number }): Promise<void> {
  servers.get(port)?.closeAllConnections();
  servers.get(port)?.close();
  servers.delete(port);
}

async function ask({ address, port, count, parallel, firstLocalPort }: Asking): Promise<Answers> {
  const result: Answers = { answers: {}, faults: [] };
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) {
      try {
        const name = await askOnce(address, port, firstLocalPort === undefined ? undefined : firstLocalPort + index);
        result.answers[name] = (result.answers[name] ?? 0) + 1;
      } catch (error) {
        result.faults.push((error as Error).message);
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return result;
}

/** Resolves with the name of whoever answered. @throws Error when nobody did, or nothing came for `patienceMs`. */
export function askOnce(host: string, port: number, localPort: number | undefined, patienceMs = 10_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host, port, agent: false, timeout: patienceMs, ...(localPort !== undefined && { localPort }) };
    const sent = httpRequest(options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve(text)).on("error", reject);
    });
    sent.on("timeout", () => sent.destroy(new Error("timed out")));
    sent.on("error", reject).end();
  });
}

/** Answers each datagram with its name, in as many bytes. */
async function serveDatagrams({ port, name }: { port: number; name: string }): Promise<void> {
  const socket = createSocket({ type: "udp6" });
  socket.on("message", (message, { address, port: from }) => {
    const answer = Buffer.alloc(Math.max(name.length, message.length), " ");
    answer.write(name);
    socket.send(answer, from, address);
  });
  socket.bind(port, "::");
  await once(socket, "listening");
  sockets.set(port, socket);
}

async function stopDatagrams({ port }: { port: number }): Promise<void> {
  sockets.get(port)?.close();
  sockets.delete(port);
}

interface DatagramAsking extends Pick<Asking, "address" | "port" | "count" | "firstLocalPort"> {
  bytes?: number;
}

/** Sends `count` datagrams, and waits for as many answers. */
async function askByDatagrams({ address, port, count, firstLocalPort, bytes = 3 }: DatagramAsking): Promise<Answers> {
  const result: Answers = { answers: {}, faults: [] };
  for (let index = 0; index < count; index++) {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    try {
      if (firstLocalPort !== undefined) socket.bind(firstLocalPort + index);
      socket.connect(port, address);
      await once(socket, "connect");
      socket.send(Buffer.alloc(bytes, "?"));
      const [name] = (await Promise.race([once(socket, "message"), once(socket, "error"), delay(5000).then(() => ["nobody"])])) as [Buffer];
      const said = String(name).trim();
      if (name.length < bytes) throw new Error(`${said} answered in ${name.length} bytes`);
      result.answers[said] = (result.answers[said] ?? 0) + 1;
    } catch (error) {
      result.faults.push((error as Error).message);
    }
    socket.close();
  }
  return result;
}

/** The commands of station-process.ts that are about them. */
export const requests = { serveHttp, stopHttp, ask, serveDatagrams, stopDatagrams, askByDatagrams };
