/** What an agent publishes, on a fake engine and host, with real sockets of this machine: taken first, led before the port is
 *  there, given back whatever goes wrong. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { pino } from "pino";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Agent } from "../../../../agent/agent.ts";
import { takePair } from "../../../../agent/host/publish/host-socket.ts";
import { readHolders } from "../../../../agent/host/publish/holder.ts";
import { KeptHostPorts } from "../../../../agent/host/publish/kept-host-ports.ts";
import type { PublishedPort } from "../../../../agent/host/publish/published-port.ts";
import { Publisher } from "../../../../agent/host/publish/publisher.ts";
import { Inventory } from "../../../../bindings/config/inventory.ts";
import { parseNetwork, parsePort } from "../../../../bindings/config/parse.ts";
import { PortyardError } from "../../../../bindings/error.ts";
import { FakeHost } from "../../support/fake-host.ts";
import { ask, Yard } from "../../support/yard.ts";

const test = suite<{ yard: Yard; host: FakeHost; start: (config?: object) => Promise<Agent> }>("publisher");

const blue = { name: "blue", subnet: "10.77.0.0/24", gateway: "10.77.0.1" };
const portA = (publish: string[]) => ({
  name: "a",
  network: "blue",
  tap: { namespace: "a", interface: "eth0", address: "10.77.0.2" },
  publish,
});
const portB = (publish: string[]) => ({
  name: "b",
  network: "blue",
  tap: { namespace: "b", interface: "eth0", address: "10.77.0.3" },
  publish,
});

test.before.each((context) => {
  context.yard = new Yard();
  context.host = new FakeHost();
  context.start = (config = {}) => context.yard.start({ name: "lab", networks: [blue], ...config }, { createHost: () => context.host });
});
test.after.each(({ yard }) => yard.remove());

interface Row {
  port: string | null;
  protocol: string;
  hostAddress: string;
  hostPort: number;
  targetAddress: string;
  targetPort: number;
}

const shown = async (agent: Agent, query = ""): Promise<Row[]> => (await ask(agent.place.socket, "GET", `/v1/published${query}`)).body;

/** A free port of loopback, both protocols hopefully. */
async function free(): Promise<number> {
  const server = await listen(0);
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listen(port: number, host = "127.0.0.1"): Promise<Server> {
  const server = createServer().listen(port, host);
  await once(server, "listening");
  return server;
}

const portOf = (server: Server): number => (server.address() as { port: number }).port;
const isFree = (port: number): Promise<boolean> =>
  listen(port).then(
    (server) => new Promise((resolve) => server.close(() => resolve(true))),
    () => false,
  );

test("the configuration's ports are taken, then led, then made; the end gives them back", async ({ yard, host, start }) => {
  const port = await free();
  const agent = await start({ ports: [portA([`${port}:80`])] });
  assert.equal(host.asked.slice(0, 2), ["publish 10.77.0.2:80", "update blue"]);
  assert.equal(
    (await shown(agent)).map((row) => [row.port, row.protocol, row.hostAddress, row.hostPort, row.targetAddress, row.targetPort]),
    [
      ["a", "tcp", "0.0.0.0", port, "10.77.0.2", 80],
      ["a", "tcp", "::1", port, "10.77.0.2", 80],
    ],
  );
  assert.not(await isFree(port));
  await agent.stop();
  assert.ok(await isFree(port));
  assert.equal(yard.leftovers, []);
  assert.is(host.asked.at(-1), "close");
});

test("a port of the API is led when it comes, and not when it has gone", async ({ host, start }) => {
  const agent = await start();
  const port = await free();
  const { status } = await ask(agent.place.socket, "POST", "/v1/ports", portA([`${port}:80`, `${port}:80/udp`]));
  assert.is(status, 201);
  assert.is(host.asked.at(-1), "publish 10.77.0.2:80 10.77.0.2:80");
  assert.is((await shown(agent)).length, 4);
  assert.is((await ask(agent.place.socket, "DELETE", "/v1/ports/a")).status, 204);
  assert.is(host.asked.at(-1), "publish");
  assert.equal(await shown(agent), []);
  assert.ok(await isFree(port));
  await agent.stop();
});

test("a network publishes too, and is filtered like a port", async ({ host, start }) => {
  const agent = await start({ ports: [portA(["127.0.0.1::80"])] });
  const port = await free();
  const green = { name: "green", subnet: "10.78.0.0/24", gateway: "10.78.0.1", publish: [`${port}:10.78.0.9:90`] };
  assert.is((await ask(agent.place.socket, "POST", "/v1/networks", green)).status, 201);
  assert.is(host.asked.at(-1), "update blue green");
  assert.equal(
    (await shown(agent, "?network=green")).map(({ port: by, targetPort }) => [by, targetPort]),
    [
      [null, 90],
      [null, 90],
    ],
  );
  assert.is((await shown(agent, "?port=a")).length, 1);
  assert.is((await shown(agent, "?limit=2")).length, 2);
  assert.is((await ask(agent.place.socket, "GET", "/v1/published?network=red")).status, 404);
  assert.is((await ask(agent.place.socket, "DELETE", "/v1/networks/green")).status, 204);
  assert.is((await shown(agent)).length, 1);
  await agent.stop();
});

test("a host port that another program holds is refused by the program's name, and nothing is left", async ({ yard, host, start }) => {
  const server = await listen(0);
  const port = portOf(server);
  const agent = await start();
  const { status, body } = await ask(agent.place.socket, "POST", "/v1/ports", portA([`${await free()}:79`, `${port}:80`]));
  assert.is(status, 409);
  assert.is(body.error.code, "host-port-taken");
  assert.is(body.error.value, `0.0.0.0:${port}/tcp`);
  assert.match(body.error.message, new RegExp(`node.* \\(pid ${process.pid}\\)|another program`));
  assert.match(body.error.remedy, /another host port/);
  assert.equal(await shown(agent), []);
  assert.equal(
    yard.engine!.asked.filter((asked) => asked.startsWith("addPort")),
    [],
  );
  assert.equal((await ask(agent.place.socket, "GET", "/v1/ports/")).body?.length ?? 0, 0);
  await agent.stop();
  const error = await start({ ports: [portA([`${port}:80`])] }).catch((fault) => fault);
  assert.is(error.code, "host-port-taken");
  assert.equal(yard.leftovers, []);
  server.close();
  assert.equal(host.asked.at(-1), "close");
});

test("an address that the host has not is refused", async ({ start }) => {
  const error = await start({ ports: [portA(["192.0.2.77:8080:80"])] }).catch((fault) => fault);
  assert.is(error.code, "host-address-missing");
  assert.match(error.remedy, /ip address/);
});

test("when the rules or the engine refuse, nothing stays taken", async ({ yard, host, start }) => {
  const agent = await start();
  const port = await free();
  host.refusal = new PortyardError("nft-failed", "No.");
  assert.is((await ask(agent.place.socket, "POST", "/v1/ports", portA([`${port}:80`]))).body.error.code, "nft-failed");
  assert.ok(await isFree(port));
  yard.engine!.refused.add("a");
  assert.is((await ask(agent.place.socket, "POST", "/v1/ports", portA([`${port}:80`]))).body.error.code, "namespace-missing");
  assert.is(host.asked.at(-1), "publish");
  assert.equal(await shown(agent), []);
  assert.ok(await isFree(port));
  yard.engine!.refused.clear();
  assert.is((await ask(agent.place.socket, "POST", "/v1/ports", portA([`${port}:80`]))).status, 201);
  await agent.stop();
});

test("a host port that was chosen stays the same over restarts, for the API's ports over a stop too", async ({ yard, start }) => {
  const config = { ports: [portA(["80", "90-91/udp"])] };
  const first = await start(config);
  assert.is((await ask(first.place.socket, "POST", "/v1/ports", portB(["80"]))).status, 201);
  const before = await shown(first);
  const chosen = before.map(({ hostPort }) => hostPort);
  assert.ok(chosen.every((port) => port > 0));
  assert.is(new Set(before.map(({ hostPort, protocol }) => `${hostPort} ${protocol}`)).size, 4);
  await first.leave();
  const second = await start(config);
  assert.equal(await shown(second), before);
  await second.stop();
  const third = await start();
  assert.equal(
    await shown(third),
    before.filter(({ port }) => port === "b"),
  );
  const state = JSON.parse(readFileSync(third.place.stateFile, "utf8"));
  assert.equal(
    state.hostPorts.map(({ owner }: { owner: string }) => owner),
    ["port b"],
  );
  assert.is((await ask(third.place.socket, "DELETE", "/v1/ports/b")).status, 204);
  await third.stop();
  assert.equal(yard.leftovers, []);
});

test("a chosen host port that somebody took meanwhile is chosen anew", async ({ yard, start }) => {
  const first = await start({ ports: [portA(["127.0.0.1::80"])] });
  const [before] = await shown(first);
  await first.leave();
  const server = await listen(before!.hostPort);
  const second = await start({ ports: [portA(["127.0.0.1::80"])] });
  const [after] = await shown(second);
  assert.not.equal(after!.hostPort, before!.hostPort);
  assert.ok(yard.lines.some(({ msg }) => /a chosen host port is gone/.test(String(msg))));
  server.close();
  await second.stop();
});

test("what the API publishes and cannot have after a restart is held, and tells why", async ({ start }) => {
  const port = await free();
  const first = await start();
  assert.is((await ask(first.place.socket, "POST", "/v1/ports", portB([`${port}:80`]))).status, 201);
  await first.leave();
  const server = await listen(port);
  const second = await start();
  const { state, error } = (await ask(second.place.socket, "GET", "/v1/ports")).body[0];
  assert.equal([state, error.code], ["failed", "host-port-taken"]);
  assert.equal(await shown(second), []);
  assert.is((await ask(second.place.socket, "DELETE", "/v1/ports/b")).status, 204);
  server.close();
  await second.stop();
});

const one = (fields: Partial<PublishedPort>): PublishedPort => {
  const target = { targetAddress: "10.77.0.2", targetPort: 80 };
  return { network: "blue", port: "a", protocol: "tcp", hostAddress: "0.0.0.0", hostPort: 0, ...target, ...fields };
};
const refuse = (code: string) => Object.assign(new Error(code), { code });

test("a pair gets the same free port, after those that one family has not", async () => {
  const asked: string[] = [];
  let open = 0;
  const taken = await takePair([one({}), one({ hostAddress: "::" })], async ({ hostAddress, hostPort }) => {
    asked.push(`${hostAddress} ${hostPort}`);
    if (hostAddress === "::" && hostPort !== 1003) throw refuse("EADDRINUSE");
    open++;
    return { hostPort: hostPort || 1000 + asked.length, close: async () => void open-- };
  });
  assert.equal(asked, ["0.0.0.0 0", ":: 1001", "0.0.0.0 0", ":: 1003"]);
  assert.equal(
    taken.pair.map(({ hostPort }) => hostPort),
    [1003, 1003],
  );
  assert.is(open, 2);
});

test("a host without IPv6 is no fault for what is published at all addresses", async () => {
  const pair = [one({ hostPort: 8080 }), one({ hostPort: 8080, hostAddress: "::1" })];
  const openSocket = async ({ hostAddress, hostPort }: PublishedPort) => {
    if (hostAddress === "::1") throw refuse("EADDRNOTAVAIL");
    return { hostPort, close: async () => {} };
  };
  assert.equal(
    (await takePair(pair, openSocket)).pair.map(({ hostAddress }) => hostAddress),
    ["0.0.0.0"],
  );
  const error = await takePair([pair[1]!], openSocket).catch((fault) => fault);
  assert.is(error.code, "host-address-missing");
});

test("of what leads to the same target, that which names no host port is told as chosen, once for both families", async () => {
  const network = parseNetwork(
    { ...blue, publish: ["8080:10.77.0.2:80", "127.0.0.1::10.77.0.3:80-82", "8081:10.77.0.3:81/udp"] },
    new Inventory("lab"),
  );
  const inventory = new Inventory("lab");
  inventory.networks.set("blue", network);
  const port = parsePort(portA(["8090:80", "80", "127.0.0.1:8091:80", "80/udp"]), inventory);
  const plain = parsePort(portB(["8092:80"]), inventory);
  let next = 40000;
  const openSocket = async ({ hostPort }: PublishedPort) => ({ hostPort: hostPort || next++, close: async () => {} });
  const log = pino({ level: "silent" });
  const kept = new KeptHostPorts();
  const publisher = new Publisher({ networks: () => [network], kept, log, openSocket, forgetFlows: async () => true });
  const chosen = () => [publisher.chosen("network", "blue"), publisher.chosen("port", "a"), publisher.chosen("port", "b")];
  await publisher.takeNetwork(network);
  for (const each of [port, plain]) await publisher.takePort(each);
  assert.equal(chosen(), [[], [], []], "it is not led yet");
  await publisher.publish("network", "blue");
  for (const name of ["a", "b"]) await publisher.publish("port", name);
  assert.equal(chosen(), [[40000, 40001, 40002], [40003, 40004], []]);
  await publisher.withdraw("port", "a");
  assert.equal(chosen(), [[40000, 40001, 40002], [], []]);
  await publisher.takePort(port);
  await publisher.publish("port", "a");
  assert.equal(chosen()[1], [40003, 40004], "the kept ones are chosen ones too");
  await publisher.close();
});

test("what is known of the host ports is forgotten when the rules stand again", async ({ host }) => {
  const forgotten: number[][] = [];
  const forgetFlows = async (published: readonly PublishedPort[]) => forgotten.push(published.map(({ hostPort }) => hostPort)) > 0;
  const network = parseNetwork({ ...blue, publish: ["5300:10.77.0.2:53/udp"] }, new Inventory("lab"));
  const openSocket = async ({ hostPort }: PublishedPort) => ({ hostPort, close: async () => {} });
  const kept = new KeptHostPorts();
  const publisher = new Publisher({ networks: () => [network], kept, log: pino({ level: "silent" }), openSocket, forgetFlows });
  await publisher.takeNetwork(network);
  await publisher.leadBy(host);
  forgotten.length = 0;
  await host.putBack();
  assert.equal(forgotten, [[5300, 5300]]);
  await publisher.close();
});

test("faults of the kernel have codes and remedies of their own", async () => {
  for (const [code, told] of [
    ["EADDRINUSE", "host-port-taken"],
    ["EADDRNOTAVAIL", "host-address-missing"],
    ["EAFNOSUPPORT", "host-address-missing"],
    ["EACCES", "no-rights"],
    ["EMFILE", "host-port-failed"],
  ] as const) {
    const error = await takePair([one({ hostPort: 1 })], async () => Promise.reject(refuse(code))).catch((fault) => fault);
    assert.is(error.code, told);
    assert.is(error.value, "0.0.0.0:1/tcp");
  }
});

test("holders are read from the words of ss", () => {
  const line = 'LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=12,fd=6),("nginx",pid=11,fd=6),("nginx",pid=12,fd=7))\n';
  assert.equal(readHolders(line), [
    { program: "nginx", pid: 12 },
    { program: "nginx", pid: 11 },
  ]);
  assert.equal(readHolders("UNCONN 0 0 0.0.0.0:53 0.0.0.0:*\n"), []);
});

test.run();
