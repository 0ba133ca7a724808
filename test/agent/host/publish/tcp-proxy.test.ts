/** The TCP proxy between a client on loopback and a target on loopback: bytes, ends, resets, slow readers, strangers. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PublishedPort } from "../../../../agent/host/publish/published-port.ts";
import { TcpProxy } from "../../../../agent/host/publish/tcp-proxy.ts";
import { scale } from "../../../scale.ts";
import { skip } from "../../../support/skip.ts";

const test = suite<{ target: Server; proxy: TcpProxy; accepted: Promise<Socket> }>("TCP proxy");

const published = (targetPort: number, hostAddress = "127.0.0.1"): PublishedPort => {
  return { network: "blue", port: "a", protocol: "tcp", hostAddress, hostPort: 0, targetAddress: "127.0.0.1", targetPort };
};

const portOf = (server: Server): number => (server.address() as { port: number }).port;

test.before.each(async (context) => {
  context.target = createServer({ allowHalfOpen: true });
  context.accepted = once(context.target, "connection").then(([socket]) => socket as Socket);
  await once(context.target.listen(0, "127.0.0.1"), "listening");
  context.proxy = await TcpProxy.open(published(portOf(context.target), "0.0.0.0"));
});
test.after.each(async ({ target, proxy }) => {
  await proxy.close();
  target.close();
});

const call = (port: number, host = "127.0.0.1"): Socket => connect({ host, port, allowHalfOpen: true });

/** What comes until the end of that direction. */
async function text(socket: Socket): Promise<string> {
  let all = "";
  socket.on("data", (part) => {
    all += part;
  });
  await once(socket, "end");
  return all;
}

async function empty(proxy: TcpProxy): Promise<void> {
  for (const end = performance.now() + scale.nativePatienceMilliseconds; proxy.socketCount > 0; await delay(1)) {
    assert.ok(performance.now() < end, "the proxy holds connections that have ended");
  }
}

test("an end of one direction is handed on, the other goes on", async ({ proxy, accepted }) => {
  const client = call(proxy.hostPort);
  client.end("question");
  const server = await accepted;
  assert.is(await text(server), "question");
  server.end("answer");
  assert.is(await text(client), "answer");
  await empty(proxy);
});

test("the target may end first", async ({ proxy, accepted }) => {
  const client = call(proxy.hostPort);
  const server = await accepted;
  server.end("banner");
  assert.is(await text(client), "banner");
  client.end("goodbye");
  assert.is(await text(server), "goodbye");
  await empty(proxy);
});

test("a reset is handed on as a reset, either way", async ({ proxy, target }) => {
  for (const who of ["client", "server"] as const) {
    const accepting = once(target, "connection");
    const client = call(proxy.hostPort);
    await once(client, "connect");
    const server = (await accepting)[0] as Socket;
    const [first, second] = who === "client" ? [client, server] : [server, client];
    second.resume();
    const failed = once(second, "error");
    first.resetAndDestroy();
    assert.is((await failed)[0].code, "ECONNRESET");
    await empty(proxy);
  }
});

test("a target that refuses resets the client", async ({ proxy, target }) => {
  target.close();
  await once(target, "close");
  const client = call(proxy.hostPort);
  assert.is((await once(client.resume(), "error"))[0].code, "ECONNRESET");
  await empty(proxy);
});

test("who does not read is not written to without end, and loses nothing", async ({ proxy, accepted }) => {
  const client = call(proxy.hostPort);
  const server = await accepted;
  const part = Buffer.alloc(65536, 7);
  const total = scale.proxiedMegabytes * 16;
  let written = 0;
  const write = (): void => {
    while (written < total) if (++written && !server.write(part)) return void server.once("drain", write);
    server.end();
  };
  write();
  for (let seen = -1; seen !== written; await delay(50)) seen = written; // until no more is taken
  assert.ok(written < total, `${written} of ${total} parts went to a client that reads nothing`);
  let bytes = 0;
  for await (const chunk of client) bytes += (chunk as Buffer).length;
  assert.is(bytes, total * part.length);
  client.end();
  await empty(proxy);
});

test("close frees the port and resets what is in work", async ({ proxy, accepted }) => {
  const client = call(proxy.hostPort);
  await accepted;
  const failed = once(client.resume(), "error");
  const port = proxy.hostPort;
  await proxy.close();
  assert.is((await failed)[0].code, "ECONNRESET");
  const again = await TcpProxy.open({ ...published(1), hostPort: port });
  await again.close();
});

test("a port that is taken throws, also when all addresses are asked for and one is taken", async ({ proxy }) => {
  for (const hostAddress of ["127.0.0.1", "0.0.0.0"]) {
    const error = await TcpProxy.open({ ...published(1, hostAddress), hostPort: proxy.hostPort }).catch((fault) => fault);
    assert.is(error.code, "EADDRINUSE");
  }
});

test("who comes by another address than loopback is reset", async ({ proxy, target }) => {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const own = all.find(({ family, internal }) => family === "IPv4" && !internal);
  if (!own) return skip("strangers are reset", "machine", "this machine has no address but loopback");
  target.on("connection", () => assert.unreachable("a stranger came through"));
  const stranger = call(proxy.hostPort, own.address);
  assert.is((await once(stranger.resume(), "error"))[0].code, "ECONNRESET");
});

test("many at once each get their own", async ({ proxy, target }) => {
  target.on("connection", (socket) => socket.pipe(socket));
  const all = Array.from({ length: scale.proxiedClients }, async (_, index) => {
    const client = call(proxy.hostPort);
    client.end(`client ${index}`);
    assert.is(await text(client), `client ${index}`);
  });
  await Promise.all(all);
  await empty(proxy);
});

test.run();
