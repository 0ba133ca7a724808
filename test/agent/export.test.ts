/** What an agent exports: everything that runs, whoever made it, as a configuration that is read as what runs. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ExportView } from "../../agent/api/schema.ts";
import type { Agent } from "../../agent/agent.ts";
import { defaultMac } from "../../bindings/config/mac-address.ts";
import { parseConfig } from "../../bindings/config/parse.ts";
import { replayConfigOf } from "../../bindings/replay/replay-config.ts";
import { CrashingAgent } from "./docker/support/crashing-agent.ts";
import { ask, portA, Yard } from "./support/yard.ts";

const test = suite<{ yard: Yard }>("export");
test.before.each((context) => {
  context.yard = new Yard();
});
test.after.each(({ yard }) => yard.remove());

const blue = { name: "blue", subnet: ["10.77.0.0/24", "fd77::/64"], gateway: ["10.77.0.1", "fd77::1"] };
const green = { name: "green", learning: false, macAgeSeconds: 60, mtu: 9000 };
const pooled = { name: "pooled", network: "blue", tap: { namespace: "pooled", interface: "eth0" } };
const wired = { name: "wired", network: "green", packet: { interface: "veth-w" }, staticMacs: ["02:00:00:00:00:0D"], macLimit: 9 };
const trunk = { name: "trunk", trunk: { blue: 10, green: 20 }, native: "blue", tap: { namespace: "t", interface: "eth0" }, mtu: 1400 };
const lab = { name: "lab", workers: 2, tables: { macs: 2048 }, networks: [blue], ports: [portA, pooled] };

async function exported(agent: Agent): Promise<ExportView> {
  const { status, body } = await ask(agent.place.socket, "GET", "/v1/config");
  assert.is(status, 200);
  return body;
}

const add = async (agent: Agent, kind: string, object: object) =>
  assert.is((await ask(agent.place.socket, "POST", `/v1/${kind}`, object)).status, 201);

test("what the file and the API made, with lent addresses and the MACs of TAPs and host ports", async ({ yard }) => {
  const agent = await yard.start(lab);
  await add(agent, "networks", green);
  for (const port of [wired, trunk]) await add(agent, "ports", port);
  const { config, networks, ports, held } = await exported(agent);
  const read = parseConfig(config);
  assert.equal([read.name, read.workers, read.tables, read.docker], ["lab", 2, { macs: 2048, flows: 262144 }, undefined]);
  const running = new Map(yard.engine!.ports().map((port) => [port.name, port]));
  assert.equal(
    read.ports.map(({ name, mac, addresses }) => [name, mac ?? null, addresses]),
    ["a", "pooled", "wired", "trunk"].map((name) => [name, running.get(name)?.mac, running.get(name)?.addresses]),
  );
  assert.equal(
    read.ports[1]?.tap?.addresses,
    ["10.77.0.2/24", "fd77::2/64"].map((text, index) => (index === 0 ? "10.77.0.3/24" : text)),
  );
  assert.equal(networks, [
    { name: "blue", owner: "file", hostPort: { name: "py-blue", mac: defaultMac("lab", "host port of blue") }, chosenHostPorts: [] },
    { name: "green", owner: "api", hostPort: null, chosenHostPorts: [] },
  ]);
  assert.equal(
    ports.map(({ name, owner, state }) => `${name} ${owner} ${state}`),
    ["a file up", "pooled file up", "wired api up", "trunk api up"],
  );
  assert.equal(held, []);
  const host = replayConfigOf(read).config.ports.find(({ name }) => name === "py-blue");
  assert.is(host?.mac, networks[0]?.hostPort?.mac, "the host port of a replay has the MAC that runs");
  await agent.stop();
});

test("an agent that is started with what was exported exports the same", async ({ yard }) => {
  const first = await yard.start(lab);
  await add(first, "networks", green);
  for (const port of [wired, trunk]) await add(first, "ports", port);
  const { config } = await exported(first);
  await first.stop();
  const other = new Yard();
  try {
    const second = await other.start(config);
    assert.equal((await exported(second)).config, config);
    await second.stop();
  } finally {
    other.remove();
  }
});

test("after each change it is what runs then", async ({ yard }) => {
  const agent = await yard.start(lab);
  await add(agent, "networks", green);
  await add(agent, "ports", wired);
  await ask(agent.place.socket, "PATCH", "/v1/ports/wired", { macLimit: 7, staticMacs: null });
  const read = parseConfig((await exported(agent)).config);
  assert.equal([read.ports[2]?.macLimit, read.ports[2]?.staticMacs], [7, []]);
  await ask(agent.place.socket, "DELETE", "/v1/ports/wired");
  await ask(agent.place.socket, "DELETE", "/v1/networks/green");
  assert.equal((await exported(agent)).config, (await exported(agent)).config);
  assert.equal(
    parseConfig((await exported(agent)).config).networks.map(({ name }) => name),
    ["blue"],
  );
  await agent.stop();
});

test("it waits for the change under way, and shows no part of one that fails", async ({ yard }) => {
  const agent = await yard.start(lab);
  let open: () => void = () => {};
  yard.engine!.gate = new Promise((resolve) => {
    open = resolve;
  });
  yard.engine!.refused.add("late");
  const late = ask(agent.place.socket, "POST", "/v1/ports", { ...pooled, name: "late", tap: { namespace: "late", interface: "eth0" } });
  while (!yard.engine!.asked.includes("addPort late")) await new Promise((resolve) => setImmediate(resolve));
  const asked = exported(agent);
  open();
  assert.is((await late).status, 422);
  assert.equal(
    (await asked).ports.map(({ name }) => name),
    ["a", "pooled"],
  );
  await agent.stop();
});

test("a port that is gone is said to be, one that could not be made again is left out and named", async ({ yard }) => {
  const first = await yard.start(lab);
  await add(first, "networks", green);
  await add(first, "ports", wired);
  await first.stop();
  yard.prepare = (engine) => {
    engine.refused.add("wired");
    engine.gone.add("a");
  };
  const second = await yard.start(lab);
  const { config, ports, held } = await exported(second);
  assert.equal(
    ports.map(({ name, state }) => [name, state]),
    [
      ["a", "gone"],
      ["pooled", "up"],
    ],
  );
  assert.equal(held, [{ kind: "port", name: "wired", owner: "api", code: "namespace-missing" }]);
  assert.is(parseConfig(config).ports.length, 2);
  await second.stop();
});

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
type Call = (method: string, body: object) => Promise<any>;

test("what Docker made: networks with their options, and containers whose interface was handed over", async () => {
  const agent = new CrashingAgent();
  await agent.start();
  const call: Call = async (method, body) => {
    const answer = await agent.call(`NetworkDriver.${method}`, body);
    assert.not(answer instanceof Error, String(answer));
    return answer;
  };
  const network = { NetworkID: "n".repeat(64) };
  const data = { IPv4Data: [{ Pool: "10.99.0.0/24", Gateway: "10.99.0.1/24" }], IPv6Data: [{ Pool: "fd99::/64", Gateway: "fd99::1/64" }] };
  const generic = { "com.docker.network.generic": { "portyard.mtu": "1400", "portyard.name": "shop", "portyard.learning": "false" } };
  const Interface = { Address: "10.99.0.2/24", AddressIPv6: "fd99::2/64", MacAddress: "02:42:0a:63:00:02" };
  await call("CreateNetwork", { ...network, ...data, Options: generic });
  for (const [id, each] of [
    ["e", Interface],
    ["f", { ...Interface, Address: "10.99.0.3/24", AddressIPv6: "", MacAddress: "" }],
    ["0", { ...Interface, Address: "10.99.0.4/24", AddressIPv6: "", MacAddress: "" }],
  ] as const) {
    const endpoint = { ...network, EndpointID: id.repeat(64) };
    await call("CreateEndpoint", { ...endpoint, Interface: each });
    if (id !== "0") await call("Join", { ...endpoint, SandboxKey: `/var/run/docker/netns/${id.repeat(12)}` });
  }
  const mapped = (HostIP: string, HostPort: number) => ({ Proto: 6, IP: "", Port: 80, HostIP, HostPort, HostPortEnd: HostPort });
  const portMap = { "com.docker.network.portmap": [mapped("", 0), mapped("127.0.0.1", 8080)] };
  await call("ProgramExternalConnectivity", { ...network, EndpointID: "e".repeat(64), Options: portMap });

  const { config, networks, ports } = await agent.operations.export();
  const read = parseConfig(config);
  assert.equal(
    read.networks.map(({ name, mtu, learning, subnets, gateways }) => [name, mtu, learning, subnets, gateways]),
    [["shop", 1400, false, ["10.99.0.0/24", "fd99::/64"], ["10.99.0.1", "fd99::1"]]],
  );
  assert.equal([networks[0]?.owner, networks[0]?.hostPort?.name], ["docker", "py-shop"]);
  assert.equal(
    ports,
    [
      { name: "docker-ffffffffffff", owner: "docker", state: "up", chosenHostPorts: [] },
      { name: "docker-eeeeeeeeeeee", owner: "docker", state: "up", chosenHostPorts: [40000] },
    ],
    "a port that was changed last stands last",
  );
  assert.equal(
    read.ports.map(({ mac, addresses, sourceCheck, tap }) => [mac, addresses, sourceCheck, tap?.handover, tap?.namespace]),
    [
      [defaultMac("lab", "docker-ffffffffffff"), ["10.99.0.3"], true, true, "/var/run/docker/netns/ffffffffffff"],
      ["02:42:0a:63:00:02", ["10.99.0.2", "fd99::2"], true, true, "/var/run/docker/netns/eeeeeeeeeeee"],
    ],
  );
  assert.equal(read.docker?.pools, [{ base: "10.210.0.0/20", size: 24 }]);
  const { config: replayed, recording } = replayConfigOf(read);
  assert.equal(
    replayed.ports.map(({ name, mac, addresses }) => [name, mac, addresses]),
    [
      ...read.ports.map(({ name, mac, addresses }) => [name, mac, addresses]),
      ["py-shop", networks[0]?.hostPort?.mac, read.networks[0]?.gateways],
    ],
  );
  assert.equal(recording, ["py-shop"]);
});

test.run();
