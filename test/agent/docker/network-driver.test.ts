/** Docker's calls one by one, on an engine of names: what each makes, and what it is answered. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PortyardError } from "../../../bindings/error.ts";
import { CrashingAgent } from "./support/crashing-agent.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
type Call = (method: string, body: object) => Promise<any>;

const test = suite<{ agent: CrashingAgent; call: Call }>("Docker's network driver");
const network = { NetworkID: "n".repeat(64) };
const endpoint = { ...network, EndpointID: "e".repeat(64) };
const data = { IPv4Data: [{ Pool: "10.99.0.0/24", Gateway: "10.99.0.1/24" }], IPv6Data: [{ Pool: "fd99::/64", Gateway: "fd99::1/64" }] };
const Interface = { Address: "10.99.0.2/24", AddressIPv6: "fd99::2/64", MacAddress: "02:42:0a:63:00:02" };
const SandboxKey = "/var/run/docker/netns/0123456789ab";

test.before.each(async (context) => {
  context.agent = new CrashingAgent();
  await context.agent.start();
  context.call = (method, body) => context.agent.call(`NetworkDriver.${method}`, body);
});

test("a container that joins gets an interface to be moved, bound to its MAC and addresses", async ({ agent, call }) => {
  await call("CreateNetwork", { ...network, ...data });
  await call("CreateEndpoint", { ...endpoint, Interface });
  assert.equal(agent.engine.ports(), [], "nothing is made before it joins");
  const answer = await call("Join", { ...endpoint, SandboxKey });
  assert.equal(answer, {
    InterfaceName: { SrcName: "pyeeeeeeeeee", DstPrefix: "eth", DstName: "" },
    Gateway: "10.99.0.1",
    GatewayIPv6: "fd99::1",
    StaticRoutes: [],
    DisableGatewayService: true,
  });
  const [port] = agent.engine.ports();
  assert.equal([port?.name, port?.mac, port?.addresses], ["docker-eeeeeeeeeeee", "02:42:0a:63:00:02", ["10.99.0.2", "fd99::2"]]);
  assert.equal(agent.disk.state?.ports[0]?.config.tap, {
    namespace: SandboxKey,
    interface: "pyeeeeeeeeee",
    address: ["10.99.0.2/24", "fd99::2/64"],
    offload: true,
    handover: true,
  });
  assert.equal(await call("EndpointOperInfo", endpoint), {
    Value: { "portyard.network": "docker-nnnnnnnnnnnn", "portyard.port": "docker-eeeeeeeeeeee" },
  });
});

test("a MAC that Docker leaves to us is chosen, the same each time", async ({ call }) => {
  await call("CreateNetwork", { ...network, ...data });
  const asked = { ...endpoint, Interface: { ...Interface, MacAddress: "" } };
  const answer = await call("CreateEndpoint", asked);
  assert.match(answer.Interface.MacAddress, /^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/);
  assert.equal(await call("CreateEndpoint", asked), answer);
});

test("an internal network leads nowhere, and a name that the endpoint asks for is passed on", async ({ call }) => {
  await call("CreateNetwork", { ...network, ...data, Options: { "com.docker.network.internal": true } });
  await call("CreateEndpoint", { ...endpoint, Interface, Options: { "com.docker.network.endpoint.ifname": "lan0" } });
  const { Gateway, GatewayIPv6, InterfaceName } = await call("Join", { ...endpoint, SandboxKey });
  assert.equal([Gateway, GatewayIPv6, InterfaceName.DstName], ["", "", "lan0"]);
});

test("a network without addresses carries frames of any", async ({ agent, call }) => {
  await call("CreateNetwork", network);
  await call("CreateEndpoint", { ...endpoint, Interface: null });
  const { Gateway } = await call("Join", { ...endpoint, SandboxKey });
  assert.is(Gateway, "");
  assert.equal(agent.engine.ports()[0]?.addresses, []);
});

test("two endpoints with one address, and two things of one id, are refused", async ({ call }) => {
  const code = (answer: unknown) => (answer as PortyardError).code;
  await call("CreateNetwork", { ...network, ...data });
  assert.is(code(await call("CreateNetwork", network)), "network-exists");
  await call("CreateEndpoint", { ...endpoint, Interface });
  assert.is(code(await call("CreateEndpoint", { ...endpoint, EndpointID: "other", Interface })), "address-taken");
  assert.is(code(await call("CreateEndpoint", { ...endpoint, Interface: { ...Interface, Address: "10.99.0.3/24" } })), "endpoint-exists");
  assert.is(code(await call("DeleteNetwork", network)), "network-in-use");
});

const connectivity = (...entries: object[]) => ({
  ...endpoint,
  Options: { "com.docker.network.portmap": entries.map((entry) => ({ Proto: 6, Port: 80, HostIP: "", ...entry })) },
});
const publishedBy = (agent: CrashingAgent) => agent.disk.state?.ports.map(({ config }) => config.publish ?? []);

test("ports are published and withdrawn, each call as often as Docker likes", async ({ agent, call }) => {
  await call("CreateNetwork", { ...network, ...data });
  await call("CreateEndpoint", { ...endpoint, Interface });
  await call("Join", { ...endpoint, SandboxKey });
  const map = connectivity({ HostPort: 8080, HostPortEnd: 8080 }, { Port: 53, Proto: 17, HostPort: 0 });
  for (let round = 0; round < 2; round++) {
    assert.equal(await call("ProgramExternalConnectivity", map), {});
    assert.equal(publishedBy(agent), [["8080:80/tcp", "53/udp"]]);
  }
  for (let round = 0; round < 2; round++) {
    assert.equal(await call("RevokeExternalConnectivity", endpoint), {});
    assert.equal(publishedBy(agent), [[]]);
  }
  await call("ProgramExternalConnectivity", map);
  assert.equal(await call("Leave", endpoint), {});
  assert.equal(publishedBy(agent), [[]], "who left publishes nothing");
});

test("a Join that comes twice leaves the port and what it publishes alone", async ({ agent, call }) => {
  await call("CreateNetwork", { ...network, ...data });
  await call("CreateEndpoint", { ...endpoint, Interface });
  const answer = await call("Join", { ...endpoint, SandboxKey });
  await call("ProgramExternalConnectivity", connectivity({ HostPort: 8080, HostPortEnd: 8080 }));
  const asked = [...agent.engine.asked];
  assert.equal(await call("Join", { ...endpoint, SandboxKey }), answer);
  assert.equal(agent.engine.asked, asked);
  assert.equal(publishedBy(agent), [["8080:80/tcp"]]);
});

test("of a range the first host port is taken that can be had", async ({ agent, call }) => {
  const other = { ...network, EndpointID: "f".repeat(64) };
  await call("CreateNetwork", { ...network, ...data });
  for (const [ids, address] of [
    [endpoint, 2],
    [other, 3],
  ] as const) {
    await call("CreateEndpoint", { ...ids, Interface: { Address: `10.99.0.${address}/24`, MacAddress: `02:42:0a:63:00:0${address}` } });
    await call("Join", { ...ids, SandboxKey });
    const map = connectivity({ HostPort: 8080, HostPortEnd: 8081 }, { Port: 443, HostPort: 8440 + address });
    assert.equal(await call("ProgramExternalConnectivity", { ...map, ...ids }), {});
    assert.equal(await call("ProgramExternalConnectivity", { ...map, ...ids }), {}, "a repeat keeps it");
  }
  assert.equal(publishedBy(agent), [
    ["8080:80/tcp", "8442:443/tcp"],
    ["8081:80/tcp", "8443:443/tcp"],
  ]);
  const third = { ...network, EndpointID: "a".repeat(64) };
  await call("CreateEndpoint", { ...third, Interface: { Address: "10.99.0.4/24", MacAddress: "02:42:0a:63:00:04" } });
  await call("Join", { ...third, SandboxKey });
  const refused = await call("ProgramExternalConnectivity", { ...connectivity({ HostPort: 8080, HostPortEnd: 8081 }), ...third });
  assert.instance(refused, Error);
  assert.equal(publishedBy(agent)?.at(-1), []);
});

test("who joins another sandbox gets a new interface", async ({ agent, call }) => {
  await call("CreateNetwork", { ...network, ...data });
  await call("CreateEndpoint", { ...endpoint, Interface });
  const first = await call("Join", { ...endpoint, SandboxKey });
  await call("Leave", endpoint);
  assert.equal(await call("Join", { ...endpoint, SandboxKey: "/var/run/docker/netns/second" }), first);
  assert.equal(
    agent.engine.asked.filter((line) => line.includes("Port")),
    ["addPort docker-eeeeeeeeeeee", "removePort docker-eeeeeeeeeeee", "addPort docker-eeeeeeeeeeee"],
  );
  assert.equal(await call("DeleteEndpoint", endpoint), {});
  assert.equal(agent.engine.ports(), []);
});

const named = (name: string) => ({ Options: { "com.docker.network.generic": { "portyard.name": name } } });

test("a network of somebody else is not taken for Docker's, and is left alone", async ({ agent, call }) => {
  await agent.operations.addNetwork({ name: "blue", subnet: "10.50.0.0/24" }, "api");
  const other = { NetworkID: "m".repeat(64) };
  for (let again = 0; again < 2; again++) {
    const refused = (await call("CreateNetwork", { ...network, ...data, ...named("blue") })) as PortyardError;
    assert.equal([refused.code, refused.path, refused.value], ["name-taken", "portyard.name", "blue"]);
    assert.equal(await call("DeleteNetwork", network), {}, "it never was");
  }
  assert.is(agent.disk.records, null);
  assert.equal(await call("CreateNetwork", { ...network, ...data, ...named("red") }), {});
  assert.is(((await call("CreateNetwork", { ...other, ...named("red") })) as PortyardError).code, "name-taken");
  assert.equal(await call("CreateNetwork", { ...network, ...data, ...named("red") }), {}, "a repeat");
  assert.equal(await call("DeleteNetwork", other), {});
  assert.equal(
    agent.engine.networks().map(({ name }) => name),
    ["blue", "red"],
  );
  assert.equal(await call("DeleteNetwork", network), {});
  assert.equal(
    agent.engine.networks().map(({ name }) => name),
    ["blue"],
  );
});

test("a container that ended while no agent ran leaves without getting an interface", async ({ agent, call }) => {
  await call("CreateNetwork", { ...network, ...data });
  await call("CreateEndpoint", { ...endpoint, Interface });
  await call("Join", { ...endpoint, SandboxKey });
  await call("ProgramExternalConnectivity", connectivity({ HostPort: 8080, HostPortEnd: 8080 }));
  agent.areContainersGone = true;
  await agent.start();
  assert.equal(agent.engine.ports(), [], "its port is held");
  const asked = [...agent.engine.asked];
  for (const method of ["RevokeExternalConnectivity", "Leave", "DeleteEndpoint"]) assert.equal(await call(method, endpoint), {}, method);
  assert.equal(agent.engine.asked, asked);
  assert.equal([agent.disk.state?.ports, agent.disk.records?.endpoints], [[], []]);
});

test("publishing is one change, and one that is refused leaves what was published before", async ({ agent, call }) => {
  await call("CreateNetwork", { ...network, ...data });
  const other = { ...network, EndpointID: "f".repeat(64) };
  for (const [ids, address] of [
    [endpoint, 2],
    [other, 3],
  ] as const) {
    await call("CreateEndpoint", { ...ids, Interface: { Address: `10.99.0.${address}/24`, MacAddress: `02:42:0a:63:00:0${address}` } });
    await call("Join", { ...ids, SandboxKey });
  }
  const writesOf = async (method: string, body: object) => {
    const before = agent.writes;
    assert.equal(await call(method, body), {});
    return agent.writes - before;
  };
  const two = connectivity({ HostPort: 8080, HostPortEnd: 8080 }, { Port: 443, HostPort: 8443, HostPortEnd: 8443 });
  const published = await writesOf("ProgramExternalConnectivity", two);
  assert.is(published, await writesOf("RevokeExternalConnectivity", endpoint), "as many writes as there are to take it back");
  await call("ProgramExternalConnectivity", two);
  const before = connectivity({ HostPort: 9000, HostPortEnd: 9000 });
  await call("ProgramExternalConnectivity", { ...before, ...other });
  const taken = connectivity({ HostPort: 8080, HostPortEnd: 8089 }, { Port: 443, HostPort: 8443, HostPortEnd: 8443 });
  assert.instance(await call("ProgramExternalConnectivity", { ...taken, ...other }), Error);
  assert.equal(publishedBy(agent), [["8080:80/tcp", "8443:443/tcp"], ["9000:80/tcp"]]);
});

test("a name that the API takes while Docker's record of it is written is not Docker's, however often it asks", async ({ agent, call }) => {
  const asked = { ...network, ...data, ...named("blue") };
  const answer = call("CreateNetwork", asked);
  await agent.operations.addNetwork({ name: "blue" }, "api");
  for (const told of [await answer, await call("CreateNetwork", asked)]) assert.is((told as PortyardError).code, "name-taken");
  assert.equal(await call("DeleteNetwork", network), {});
  assert.equal(
    agent.engine.networks().map(({ name, subnets }) => [name, subnets]),
    [["blue", []]],
  );
});

test("the route to a single host takes no pool but its own", async ({ agent }) => {
  agent.prefixes = ["10.128.0.1", "::1"];
  await agent.start();
  const pool = async (Pool: string, V6 = false) => {
    const asked = { AddressSpace: "portyard-local", Pool, SubPool: "", Options: {}, V6 };
    return agent.call("IpamDriver.RequestPool", asked) as Promise<{ Pool?: string; code?: string }>;
  };
  assert.is((await pool("10.200.0.0/24")).Pool, "10.200.0.0/24");
  assert.is((await pool("fd10::/64", true)).Pool, "fd10::/64");
  assert.ok((await pool("")).Pool);
  assert.is((await pool("10.128.0.0/24")).code, "pool-in-use");
});

test.run();
