/** Three HTTP servers on loopback, one of them slow, and a client that balances its requests by the time they took. Needs no privileges. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Balancer } from "portyard";

const DELAYS_MS = { fast: 2, quick: 4, slow: 30 };
const REQUESTS = 300;
const AT_ONCE = 4;

function serve(delayMs: number): Promise<Server> {
  const server = createServer(async (_, response) => {
    await delay(delayMs);
    response.end("hello");
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

const servers = new Map<string, Server>();
for (const [name, delayMs] of Object.entries(DELAYS_MS)) servers.set(name, await serve(delayMs));
const backends = [...servers].map(([name, server]) => ({ name, address: "127.0.0.1", port: (server.address() as AddressInfo).port }));
const balancer = Balancer.create({ algorithm: "least-response-time", backends });

// the first request of a program pays for the loading of the client, which is not the server's fault
for (const { address, port } of backends) await (await fetch(`http://${address}:${port}/`)).text();

let left = REQUESTS;
async function request(): Promise<void> {
  while (left-- > 0) {
    const { backend, done } = balancer.pick();
    const started = performance.now();
    try {
      await (await fetch(`http://${backend.address}:${backend.port}/`)).text();
      done({ responseTimeMs: performance.now() - started });
    } catch (error) {
      done({ error });
    }
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, request));

for (const { name, picked, responseTimeMs } of balancer.backends()) {
  console.log(`${name.padEnd(5)} ${String(picked).padStart(4)} requests, about ${responseTimeMs?.toFixed(1)} ms each`);
}
for (const server of servers.values()) {
  server.closeAllConnections();
  server.close();
}
