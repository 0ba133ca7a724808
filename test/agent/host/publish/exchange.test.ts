/** What ports publish changes while an agent runs, by the API and by a reload: on a fake engine and host, with real sockets. What is
 *  published in the same way before and after is led all the time; where the new cannot be had, the old goes on. */
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Agent } from "../../../../agent/agent.ts";
import { parseConfig } from "../../../../bindings/config/parse.ts";
import { FakeHost } from "../../support/fake-host.ts";
import { ask, Yard } from "../../support/yard.ts";

const test = suite<{ yard: Yard; host: FakeHost; ports: object[]; start: (ports?: object[]) => Promise<Agent> }>("exchange");

const blue = { name: "blue", subnet: "10.77.0.0/24", gateway: "10.77.0.1" };
const portOf = (name: string, address: string, publish: string[]) => ({
  name,
  network: "blue",
  tap: { namespace: name, interface: "eth0", address },
  publish,
});

test.before.each((context) => {
  context.yard = new Yard();
  context.host = new FakeHost();
  context.ports = [];
  const read = async () => parseConfig({ name: "lab", networks: [blue], ports: context.ports });
  context.start = (ports = []) =>
    context.yard.start(
      { name: "lab", networks: [blue], ports },
      { createHost: () => context.host, configFile: { path: "/lab.yaml", read } },
    );
});
test.after.each(({ yard }) => yard.remove());

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function close(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}

async function free(): Promise<number> {
  const server = await listen(0);
  const { port } = server.address() as { port: number };
  await close(server);
  return port;
}

const isFree = (port: number): Promise<boolean> =>
  listen(port).then(
    (server) => close(server).then(() => true),
    () => false,
  );

async function led(agent: Agent): Promise<string[]> {
  const rows = (await ask(agent.place.socket, "GET", "/v1/published")).body as {
    port: string;
    hostAddress: string;
    hostPort: number;
    targetPort: number;
  }[];
  return rows
    .filter(({ hostAddress }) => hostAddress !== "::1")
    .map(({ port, hostPort, targetPort }) => `${port} ${hostPort} ${targetPort}`);
}

const set = (agent: Agent, name: string, patch: object) => ask(agent.place.socket, "PATCH", `/v1/ports/${name}`, patch);

test("a port of the API publishes something else: the new leads, the old is free", async ({ start }) => {
  const [one, other] = [await free(), await free()];
  const agent = await start();
  assert.is((await ask(agent.place.socket, "POST", "/v1/ports", portOf("a", "10.77.0.2", [`${one}:80`]))).status, 201);
  assert.is((await set(agent, "a", { publish: [`${other}:81`] })).status, 200);
  assert.equal(await led(agent), [`a ${other} 81`]);
  assert.ok(await isFree(one));
  assert.is((await set(agent, "a", { publish: null })).status, 200);
  assert.equal(await led(agent), []);
  assert.ok(await isFree(other));
  await agent.stop();
});

test("a change of something else leaves what is published alone, a chosen host port too", async ({ host, start }) => {
  const agent = await start();
  assert.is((await ask(agent.place.socket, "POST", "/v1/ports", portOf("a", "10.77.0.2", ["80"]))).status, 201);
  const before = await led(agent);
  const asked = host.asked.filter((what) => what.startsWith("publish ")).length;
  assert.is((await set(agent, "a", { macLimit: 9 })).status, 200);
  assert.equal(await led(agent), before);
  assert.ok(host.asked.filter((what) => what.startsWith("publish ")).every((what) => what === "publish 10.77.0.2:80"));
  assert.ok(asked > 0);
  await agent.stop();
});

test("a host port that another program holds: the old one leads on, and the answer names the program", async ({ start }) => {
  const one = await free();
  const server = await listen(0);
  const { port: taken } = server.address() as { port: number };
  const agent = await start();
  await ask(agent.place.socket, "POST", "/v1/ports", portOf("a", "10.77.0.2", [`${one}:80`]));
  const { status, body } = await set(agent, "a", { publish: [`${taken}:80`] });
  assert.is(body.error.code, "host-port-taken");
  assert.ok(status >= 400);
  assert.equal(await led(agent), [`a ${one} 80`]);
  assert.not(await isFree(one));
  await close(server);
  await agent.stop();
  assert.ok(await isFree(one));
});

test("a host port goes from one port to another in one reload", async (context) => {
  const one = await free();
  const before = [portOf("a", "10.77.0.2", [`${one}:80`]), portOf("b", "10.77.0.3", [])];
  const agent = await context.start(before);
  context.ports = [portOf("a", "10.77.0.2", []), portOf("b", "10.77.0.3", [`${one}:80`])];
  const { status, body } = await ask(agent.place.socket, "POST", "/v1/reload", {});
  assert.is(status, 200, JSON.stringify(body));
  assert.equal(await led(agent), [`b ${one} 80`]);
  await agent.stop();
});

test.run();
