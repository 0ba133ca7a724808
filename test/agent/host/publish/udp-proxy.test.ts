/** The UDP proxy between clients and a target on loopback: each client gets its own answers; sessions end and are bounded. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PublishedPort } from "../../../../agent/host/publish/published-port.ts";
import { UdpProxy } from "../../../../agent/host/publish/udp-proxy.ts";
import { scale } from "../../../scale.ts";

const test = suite<{ echo: Socket; clients: Socket[] }>("UDP proxy");

const published = ({ port }: { port: number }, hostAddress = "127.0.0.1"): PublishedPort => {
  return { network: "blue", port: "a", protocol: "udp", hostAddress, hostPort: 0, targetAddress: "127.0.0.1", targetPort: port };
};

test.before.each(async (context) => {
  context.clients = [];
  context.echo = createSocket("udp4").on("message", (datagram, { port, address }) => context.echo.send(datagram, port, address));
  context.echo.bind(0, "127.0.0.1");
  await once(context.echo, "listening");
});
test.after.each(({ echo, clients }) => {
  for (const socket of clients) socket.close();
  if (echo.listenerCount("close") === 0) echo.close();
});

async function client(proxy: UdpProxy, clients: Socket[], address = "127.0.0.1"): Promise<Socket> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  clients.push(socket);
  socket.connect(proxy.hostPort, address);
  await once(socket, "connect");
  return socket;
}

async function talk(socket: Socket, text: string): Promise<string> {
  const answer = once(socket, "message");
  socket.send(text);
  return String((await answer)[0]);
}

async function sessions(proxy: UdpProxy, count: number): Promise<void> {
  for (const end = performance.now() + scale.nativePatienceMilliseconds; proxy.sessionCount !== count; await delay(1)) {
    assert.ok(performance.now() < end, `there are ${proxy.sessionCount} sessions, not ${count}`);
  }
}

test("each client gets the answers to its own datagrams, by one session", async ({ echo, clients }) => {
  const proxy = await UdpProxy.open(published(echo.address(), "0.0.0.0"));
  const all = await Promise.all(Array.from({ length: 20 }, () => client(proxy, clients)));
  for (let round = 0; round < 3; round++) {
    assert.equal(
      await Promise.all(all.map((one, index) => talk(one, `${index} ${round}`))),
      all.map((_, index) => `${index} ${round}`),
    );
  }
  assert.is(proxy.sessionCount, 20);
  await proxy.close();
  assert.is(proxy.sessionCount, 0);
});

test("datagrams that come before the session is ready keep their order, and none is lost", async ({ echo, clients }) => {
  const proxy = await UdpProxy.open(published(echo.address()));
  const one = await client(proxy, clients);
  const heard: string[] = [];
  const all = new Promise<void>((resolve) => one.on("message", (datagram) => void (heard.push(String(datagram)) === 20 && resolve())));
  for (let number = 0; number < 20; number++) one.send(String(number));
  await all;
  assert.equal(
    heard,
    Array.from({ length: 20 }, (_, index) => String(index)),
  );
  await proxy.close();
});

test("a client by ::1 reaches a target by IPv4", async ({ echo, clients }) => {
  const proxy = await UdpProxy.open(published(echo.address(), "::1"));
  assert.is(await talk(await client(proxy, clients, "::1"), "six"), "six");
  await proxy.close();
});

test("an empty datagram and the longest one go through", async ({ echo, clients }) => {
  const proxy = await UdpProxy.open(published(echo.address()));
  const one = await client(proxy, clients);
  for (const length of [0, 1, 65507]) assert.is((await talk(one, "x".repeat(length))).length, length);
  await proxy.close();
});

test("a silent session ends, one that talks stays", async ({ echo, clients }) => {
  const proxy = await UdpProxy.open(published(echo.address()), { idleMs: 200 });
  const silent = await client(proxy, clients);
  const busy = await client(proxy, clients);
  await talk(silent, "once");
  for (const end = performance.now() + 600; performance.now() < end; await delay(20)) await talk(busy, "again");
  await sessions(proxy, 1);
  assert.is(await talk(silent, "anew"), "anew");
  assert.is(proxy.sessionCount, 2);
  await sessions(proxy, 0);
  await proxy.close();
});

test("of too many sessions the one that was silent longest gives way", async ({ echo, clients }) => {
  const proxy = await UdpProxy.open(published(echo.address()), { sessions: 3 });
  const all = [];
  for (let number = 0; number < 3; number++) all.push(await client(proxy, clients));
  for (const one of all) await talk(one, "hello");
  await talk(all[0]!, "still here");
  const fourth = await client(proxy, clients);
  await talk(fourth, "hello");
  assert.is(proxy.sessionCount, 3);
  const late = once(all[0]!, "message"); // its session is the same: an answer to its socket still comes
  all[0]!.send("me");
  await late;
  assert.is(proxy.sessionCount, 3);
  await proxy.close();
});

test("a target that has no such port ends the session, and the proxy goes on", async ({ echo, clients }) => {
  const { port } = echo.address();
  const proxy = await UdpProxy.open(published({ port }));
  const one = await client(proxy, clients);
  await talk(one, "hello");
  await new Promise<void>((resolve) => echo.on("close", resolve).close());
  one.send("anybody?");
  await sessions(proxy, 0);
  const fresh = createSocket("udp4").on("message", (datagram, from) => fresh.send(datagram, from.port, from.address));
  fresh.bind(port, "127.0.0.1");
  await once(fresh, "listening");
  assert.is(await talk(one, "back"), "back");
  await proxy.close();
  fresh.close();
});

test("a port that is taken throws", async ({ echo }) => {
  const proxy = await UdpProxy.open(published(echo.address(), "0.0.0.0"));
  for (const hostAddress of ["127.0.0.1", "0.0.0.0"]) {
    const wanted = { ...published(echo.address(), hostAddress), hostPort: proxy.hostPort };
    const error = await UdpProxy.open(wanted).catch((fault) => fault);
    assert.is(error.code, "EADDRINUSE");
  }
  await proxy.close();
});

test.run();
