/** What a backend of the demo is: a server that takes its time, then says its name and closes. Over Node's sockets, as many are asked at once; what it
 *  says is HTTP, so that a browser or curl gets an answer as well. */
import { once } from "node:events";
import { createServer, type Server } from "node:net";

/** Answers whoever says something at `port`, until the server is closed. Resolves when it can be asked.
 *  @param port 0: the kernel chooses. @param name is the answer. @param delayMs from the request to it.
 *  @throws Error of Node's when the port is taken. */
export async function answerRequests(name: string, port: number, delayMs: number): Promise<Server> {
  const answer = answerOf(name);
  const server = createServer((socket) => {
    socket.once("data", () => setTimeout(() => socket.end(answer), delayMs));
    socket.on("error", () => {}); // the client has gone
  });
  server.listen(port, "0.0.0.0");
  await once(server, "listening");
  return server;
}

/** The whole of an answer. */
export const answerOf = (name: string): string => `HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n${name}\n`;

/** The name in a whole answer; null of anything else. */
export const nameIn = (answer: string): string | null => /^HTTP\/1\.0 200 OK\r\n.*\r\n\r\n(\S+)\n$/s.exec(answer)?.[1] ?? null;
